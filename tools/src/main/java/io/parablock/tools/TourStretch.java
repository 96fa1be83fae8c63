package io.parablock.tools;

import io.parablock.perf.NbdClient;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A stretch of the volume that reads as zeros, borrowed for the tour and given back as zeros: a tour never overwrites
 * what somebody keeps on the volume.
 */
record TourStretch(long offsetBytes, int bytes) {
    private static final int BYTES_MAX = 32 << 20;
    private static final int PIECE_BYTES = 1 << 20;
    private static final long TIMEOUT_MS = 30_000;

    /** Searches from the end of the volume. */
    static TourStretch find(InetSocketAddress address, String export) throws IOException {
        try (NbdClient client = NbdClient.connect(address, export)) {
            int bytes = (int) Math.min(BYTES_MAX, client.sizeBytes() / 2 / PIECE_BYTES * PIECE_BYTES);
            if (bytes < PIECE_BYTES) {
                throw new CommandFailure("the volume is too small for a tour (use --no-tour)");
            }
            long end = client.sizeBytes() / PIECE_BYTES * PIECE_BYTES;
            long piece = end - PIECE_BYTES;
            while (piece >= 0) {
                if (!zeros(client.readNow(piece, PIECE_BYTES, TIMEOUT_MS))) {
                    end = piece;
                } else if (end - piece >= bytes) {
                    return new TourStretch(piece, bytes);
                }
                piece -= PIECE_BYTES;
            }
            throw new CommandFailure(
                    "the volume has no unused stretch of " + (bytes >> 20) + " MiB for a tour" + " (use --no-tour)");
        }
    }

    private static boolean zeros(byte[] content) {
        for (byte value : content) {
            if (value != 0) {
                return false;
            }
        }
        return true;
    }

    int blocks() {
        return bytes / ByteSize.BLOCK_BYTES;
    }

    long firstBlock() {
        return offsetBytes / ByteSize.BLOCK_BYTES;
    }

    void giveBack(InetSocketAddress address, String export) throws IOException, InterruptedException {
        try (NbdClient client = NbdClient.connect(address, export)) {
            for (long at = offsetBytes; at < offsetBytes + bytes; at += PIECE_BYTES) {
                CompletableFuture<Integer> done = new CompletableFuture<>();
                client.writeZeroes(at, PIECE_BYTES, (error, content) -> done.complete(error));
                try {
                    int error = done.get(TIMEOUT_MS, TimeUnit.MILLISECONDS);
                    if (error != 0) {
                        throw new IOException("WRITE_ZEROES answered NBD error " + error);
                    }
                } catch (ExecutionException | TimeoutException e) {
                    throw new IOException("WRITE_ZEROES was not answered", e);
                }
            }
        }
    }
}
