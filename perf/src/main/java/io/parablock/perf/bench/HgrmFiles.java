package io.parablock.perf.bench;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** The percentiles of each row, all rounds together, as HdrHistogram writes and plots them; in microseconds. */
public final class HgrmFiles {
    private static final int TICKS_PER_HALF_DISTANCE = 5;
    private static final double NS_PER_US = 1e3;

    private HgrmFiles() {}

    /** Such as {@code depth-32_parallel-fsync.hgrm}, with another scenario than the clean one before it. */
    public static String name(BenchRow row) {
        String scenario = row.scenario().equals(BenchSubject.CLEAN) ? "" : plain(row.scenario()) + "_";
        return scenario + plain(row.shape().label()) + "_" + plain(row.variant()) + ".hgrm";
    }

    private static String plain(String text) {
        return text.replace("/s", "-per-second").replaceAll("[^A-Za-z0-9]+", "-");
    }

    /** @param folder is there */
    public static void write(BenchResult result, Path folder) throws IOException {
        for (BenchRow row : result.rows()) {
            try (PrintStream out =
                    new PrintStream(Files.newOutputStream(folder.resolve(name(row))), false, StandardCharsets.UTF_8)) {
                row.latencyNs().outputPercentileDistribution(out, TICKS_PER_HALF_DISTANCE, NS_PER_US);
                if (out.checkError()) {
                    throw new IOException("cannot write " + name(row));
                }
            }
        }
    }
}
