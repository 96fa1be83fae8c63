package io.parablock.perf.bench;

import io.parablock.perf.NbdClient;
import java.util.List;

/**
 * What a benchmark does to each cluster.
 *
 * @param shapes the loads, one after the other in each round
 * @param blockBytes of each request, a multiple of 4096
 * @param readPercent share of the requests that read
 * @param overlapPercent share of the writes that go to the hot blocks, whatever {@code addresses} says
 * @param hotBlocks how many blocks at the start of the range are hot
 * @param rangeBytes of the volume that the requests go to, filled before
 * @param seconds that each measurement counts
 * @param warmUpSeconds of each cluster before the first round, divided among the loads; 0 for none
 * @param rounds how often all is measured; medians of them are told
 * @param seed picks blocks and kinds
 */
public record BenchSettings(
        List<LoadShape> shapes,
        int blockBytes,
        int readPercent,
        Addresses addresses,
        int overlapPercent,
        int hotBlocks,
        long rangeBytes,
        double seconds,
        double warmUpSeconds,
        int rounds,
        long seed) {
    /** Named limit: what one connection may have in flight. */
    public static final int DEPTH_MAX = NbdClient.IN_FLIGHT_MAX;

    public static final int RATE_MAX = 1_000_000;
    public static final int BLOCK_BYTES = 4096;
    public static final int REQUEST_BYTES_MAX = 1 << 20;
    public static final long RANGE_BYTES_MAX = 16L << 30;
    public static final double SECONDS_MAX = 3600;
    public static final int ROUNDS_MAX = 100;
    private static final double SECONDS_MIN = 0.1;
    private static final int PERCENT_MAX = 100;

    public BenchSettings {
        shapes = List.copyOf(shapes);
        require(!shapes.isEmpty(), "neither depths nor rates: there is nothing to measure");
        for (LoadShape shape : shapes) {
            int max = shape.open() ? RATE_MAX : DEPTH_MAX;
            String what = shape.open() ? "a rate of " + shape.value() + " in a second" : "depth " + shape.value();
            require(shape.value() >= 1 && shape.value() <= max, what + ", range 1 to " + max);
        }
        require(
                blockBytes >= BLOCK_BYTES && blockBytes <= REQUEST_BYTES_MAX && blockBytes % BLOCK_BYTES == 0,
                "requests of " + blockBytes + " bytes, range 4096 to 1048576, a multiple of 4096");
        require(
                readPercent >= 0 && readPercent <= PERCENT_MAX && overlapPercent >= 0 && overlapPercent <= PERCENT_MAX,
                "reads " + readPercent + " %, overlaps " + overlapPercent + " %, range of each 0 to 100");
        require(
                rangeBytes >= REQUEST_BYTES_MAX && rangeBytes <= RANGE_BYTES_MAX,
                "a volume of " + rangeBytes + " bytes, range 1 MiB to 16 GiB");
        require(
                hotBlocks >= 1 && hotBlocks <= rangeBytes / blockBytes,
                "hot blocks " + hotBlocks + ", range 1 to " + rangeBytes / blockBytes);
        require(
                seconds >= SECONDS_MIN && seconds <= SECONDS_MAX && warmUpSeconds >= 0 && warmUpSeconds <= SECONDS_MAX,
                "seconds " + seconds + ", range 0.1 to 3600; warm-up " + warmUpSeconds + ", range 0 to 3600");
        require(rounds >= 1 && rounds <= ROUNDS_MAX, "rounds " + rounds + ", range 1 to " + ROUNDS_MAX);
    }

    private static void require(boolean fits, String otherwise) {
        if (!fits) {
            throw new IllegalArgumentException(otherwise);
        }
    }

    int blocks() {
        return (int) (rangeBytes / blockBytes);
    }
}
