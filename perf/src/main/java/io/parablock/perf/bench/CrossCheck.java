package io.parablock.perf.bench;

import com.fasterxml.jackson.databind.JsonNode;
import io.parablock.perf.FioProgram;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.util.ArrayList;
import java.util.List;

/**
 * One load that fio measures too, right after us in each round: whether our client tells the truth.
 *
 * @param rounds what fio saw, in order
 */
public record CrossCheck(String scenario, LoadShape shape, String variant, List<FioRound> rounds) {
    public CrossCheck {
        rounds = List.copyOf(rounds);
    }

    /** What it would be best done with: the deepest load that is not deeper than this. */
    private static final int DEPTH_MAX = 32;

    /** The load that fio measures too, or none if fio has no such load. */
    static List<LoadShape> shapes(BenchSettings settings, BenchSubject subject) {
        boolean possible = settings.addresses() == Addresses.uniform && subject.overlapPercent() == 0;
        return settings.shapes().stream()
                .filter(s -> possible && !s.open() && s.value() <= DEPTH_MAX)
                .max((a, b) -> Integer.compare(a.value(), b.value()))
                .stream()
                .toList();
    }

    private static String kind(int readPercent) {
        return readPercent == 0 ? "randwrite" : readPercent == 100 ? "randread" : "randrw";
    }

    private static String uri(SocketAddress server, String export) {
        if (server instanceof UnixDomainSocketAddress unix) {
            return "nbd+unix:///" + export + "?socket=" + unix.getPath();
        }
        InetSocketAddress tcp = (InetSocketAddress) server;
        return "nbd://" + tcp.getHostString() + ":" + tcp.getPort() + "/" + export;
    }

    static FioRound measure(MeasuredCluster cluster, BenchSettings settings, LoadShape shape, double warmUpSeconds)
            throws IOException, InterruptedException {
        String uri = uri(cluster.leader(), cluster.export());
        List<String> arguments = new ArrayList<>(List.of(
                "--name=cross-check",
                "--ioengine=nbd",
                "--uri=" + uri,
                "--size=" + settings.rangeBytes(),
                "--rw=" + kind(settings.readPercent()),
                "--rwmixread=" + settings.readPercent(),
                "--bs=" + settings.blockBytes(),
                "--iodepth=" + shape.value(),
                "--norandommap",
                "--randrepeat=0",
                "--unified_rw_reporting=1",
                "--lat_percentiles=1",
                "--time_based",
                "--ramp_time=" + Math.max(1, Math.round(warmUpSeconds * 1000)) + "ms",
                "--runtime=" + Math.max(1, Math.round(settings.seconds() * 1000)) + "ms"));
        JsonNode mixed = FioProgram.jobs("at " + uri, arguments).get(0).path("mixed");
        JsonNode percentiles = mixed.path("lat_ns").path("percentile");
        return new FioRound(
                mixed.path("iops").asDouble(),
                percentiles.path("50.000000").asDouble() / 1e3,
                percentiles.path("99.000000").asDouble() / 1e3);
    }
}
