package io.parablock.perf.wal;

import java.nio.file.Path;
import java.util.List;

/**
 * @param directory is made, and emptied of what the benchmark wrote; on the disk that is to be measured
 * @param depths records that wait for the disk at any time
 * @param payloadBytes of each record
 * @param seconds that each measurement takes, after a quarter of it that does not count
 * @param rounds how often all is measured; medians of them are told
 * @param scanBytes the size of the log whose recovery is measured; 0 for none
 */
public record WalBenchmarkSettings(
        Path directory, List<Integer> depths, int payloadBytes, double seconds, int rounds, long scanBytes) {
    public static final int DEPTH_MAX = 4096;

    public WalBenchmarkSettings {
        depths = List.copyOf(depths);
        if (depths.isEmpty() || depths.stream().anyMatch(d -> d < 1 || d > DEPTH_MAX)) {
            throw new IllegalArgumentException("depths " + depths + ", range of each 1 to " + DEPTH_MAX);
        }
        if (payloadBytes < 512 || payloadBytes > 1 << 20 || payloadBytes % 512 != 0) {
            throw new IllegalArgumentException(
                    "payload of " + payloadBytes + " bytes, range 512 to 1048576, a multiple of 512");
        }
        if (!(seconds >= 0.1 && seconds <= 600) || rounds < 1 || rounds > 100) {
            throw new IllegalArgumentException(
                    "seconds " + seconds + ", range 0.1 to 600; rounds " + rounds + ", range 1 to 100");
        }
        if (scanBytes < 0) {
            throw new IllegalArgumentException("a log of " + scanBytes + " bytes");
        }
    }
}
