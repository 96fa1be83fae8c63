package io.parablock.perf.nbd;

import com.fasterxml.jackson.databind.JsonNode;
import io.parablock.perf.FioProgram;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** fio with its engine nbd, which is libnbd. */
final class NbdFio {
    private NbdFio() {}

    /** Writes the whole range once, with what is not zeros: a server may answer zeros with a hole. */
    static void fill(NbdSubject subject, long sizeBytes) throws IOException {
        JsonNode unused = fio(subject, sizeBytes, "--rw=write", "--bs=256k", "--iodepth=4", "--refill_buffers");
    }

    static ReadTiming read(NbdSubject subject, NbdBenchmarkSettings settings, int jobs, double seconds)
            throws IOException {
        double cpuBefore = subject.cpuSeconds();
        JsonNode read = fio(
                        subject,
                        settings.sizeBytes(),
                        "--rw=randread",
                        "--bs=" + settings.blockBytes(),
                        "--iodepth=" + settings.depth(),
                        "--numjobs=" + jobs,
                        "--group_reporting",
                        "--norandommap",
                        "--randrepeat=0",
                        "--time_based",
                        "--runtime=" + Math.max(1, Math.round(seconds * 1000)) + "ms")
                .path("read");
        double cpuSeconds = subject.cpuSeconds() - cpuBefore;
        JsonNode percentiles = read.path("clat_ns").path("percentile");
        return new ReadTiming(
                percentiles.path("50.000000").asDouble() / 1e3,
                percentiles.path("99.000000").asDouble() / 1e3,
                read.path("iops").asDouble(),
                cpuSeconds * 1e6 / Math.max(1, read.path("total_ios").asDouble()));
    }

    private static JsonNode fio(NbdSubject subject, long sizeBytes, String... more) throws IOException {
        List<String> arguments = new ArrayList<>(
                List.of("--name=nbd", "--ioengine=nbd", "--uri=" + subject.uri(), "--size=" + sizeBytes));
        arguments.addAll(List.of(more));
        return FioProgram.jobs("at " + subject.uri(), arguments).get(0);
    }
}
