package io.parablock.perf.nbd;

import java.util.List;

/**
 * @param jobs numbers of fio's processes, each with a connection of its own
 * @param depth requests of each job under way
 * @param blockBytes of each read
 * @param sizeBytes of the range that is read, the same at every server
 * @param seconds that each measurement takes
 * @param warmUpSeconds of each server before the first round
 * @param rounds how often all is measured; medians of them are told
 */
public record NbdBenchmarkSettings(
        List<Integer> jobs,
        int depth,
        int blockBytes,
        long sizeBytes,
        double seconds,
        double warmUpSeconds,
        int rounds) {
    private static final int JOBS_MAX = 64;
    private static final int DEPTH_MAX = 1024;

    public NbdBenchmarkSettings {
        jobs = List.copyOf(jobs);
        if (jobs.isEmpty() || jobs.stream().anyMatch(j -> j < 1 || j > JOBS_MAX)) {
            throw new IllegalArgumentException("jobs " + jobs + ", range of each 1 to " + JOBS_MAX);
        }
        if (depth < 1 || depth > DEPTH_MAX) {
            throw new IllegalArgumentException("depth " + depth + ", range 1 to " + DEPTH_MAX);
        }
        if (blockBytes < 512 || blockBytes > 1 << 20 || blockBytes % 512 != 0) {
            throw new IllegalArgumentException(
                    "blocks of " + blockBytes + " bytes, range 512 to 1048576, a multiple of 512");
        }
        if (sizeBytes < 1 << 20 || sizeBytes > RamDisk.BYTES_MAX || sizeBytes % (1 << 20) != 0) {
            throw new IllegalArgumentException(
                    "a range of " + sizeBytes + " bytes, range 1 MiB to 1 GiB, a multiple of 1 MiB");
        }
        if (!(seconds >= 0.1 && seconds <= 600 && warmUpSeconds >= 0.1 && warmUpSeconds <= 600)) {
            throw new IllegalArgumentException(
                    "seconds " + seconds + " after " + warmUpSeconds + ", range of each 0.1 to 600");
        }
        if (rounds < 1 || rounds > 100) {
            throw new IllegalArgumentException("rounds " + rounds + ", range 1 to 100");
        }
    }
}
