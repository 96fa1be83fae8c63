package io.parablock.perf.bench;

import io.parablock.perf.NbdClient;
import java.io.IOException;
import java.util.Random;

/** Writes the whole range once, with what is not zeros: reads find something, and writes find their places made. */
final class RangeFilling {
    private static final int PIECE_BYTES = 1 << 20;
    private static final long TIMEOUT_MS = 30_000;

    private RangeFilling() {}

    static void fill(MeasuredCluster cluster, BenchSettings settings) throws IOException, InterruptedException {
        byte[] piece = new byte[PIECE_BYTES];
        new Random(settings.seed()).nextBytes(piece);
        try (NbdClient client = NbdClient.connect(cluster.leader(), cluster.export())) {
            for (long offsetBytes = 0; offsetBytes + PIECE_BYTES <= settings.rangeBytes(); offsetBytes += PIECE_BYTES) {
                client.writeNow(offsetBytes, piece, TIMEOUT_MS);
            }
        }
    }
}
