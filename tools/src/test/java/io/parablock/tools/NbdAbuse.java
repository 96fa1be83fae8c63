package io.parablock.tools;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/** What a node's NBD port may meet. Each kind is so paced that what it costs is the server's doing, not the machine's. */
final class NbdAbuse {
    /** A kind, and how many connections of it one phase has. */
    enum Kind {
        /** Random bytes, half handshakes, wrong magics, options without end. */
        GARBAGE,
        /** Reset with requests in flight, every fourth in the middle of a payload of 32 MiB. */
        RESETS,
        /** WRITE and READ of 4 GiB and more, with simple and extended headers, and then silence. */
        HUGE,
        /** Everything right, one byte at a time, and all of it is answered. */
        SLOW,
        /** Nothing at all, half of them after the handshake; they stay until {@link #leave}. */
        IDLE
    }

    static final int IDLE_CONNECTIONS = 2_000;
    /** Where half-received payloads were to go: nobody else writes there. */
    static final long UNTOUCHED_BYTE = 64L << 20;

    private static final long SCRATCH_BYTE = 32L << 20;
    private static final int BLOCK_BYTES = 4096;
    private static final int REQUESTS_IN_FLIGHT = 8;
    private static final int RESETS_MIN = 12;
    private static final int RESET_PAUSE_MS = 20;
    private static final int HUGE_MIN = 12;
    private static final int HUGE_PAUSE_MS = 25;
    private static final int SLOW_CONNECTIONS = 8;
    private static final int SLOW_PAUSE_MS = 4;
    private static final int PAYLOAD_BYTES_MAX = 32 << 20;

    private final InetSocketAddress address;
    private final Random random;
    private final List<RawNbd> idle = new ArrayList<>();

    NbdAbuse(InetSocketAddress address, long seed) {
        this.address = address;
        this.random = new Random(seed);
    }

    /**
     * @param accepted connections that the server greeted
     * @param refused connections that it ended without a greeting
     */
    record Outcome(int accepted, int refused) {}

    /**
     * Abuses the server for {@code phaseMs}, or for as long as that many connections of the kind take; then all are closed, but
     * those of {@link Kind#IDLE}.
     *
     * @param garbage handshakes of a phase of that kind
     */
    Outcome run(Kind kind, long phaseMs, int garbage) throws Exception {
        long endNs = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(phaseMs);
        return switch (kind) {
            case GARBAGE -> garbage(endNs, phaseMs, garbage);
            case RESETS -> resets(endNs);
            case HUGE -> huge(endNs);
            case SLOW -> slow();
            case IDLE -> idle();
        };
    }

    private Outcome garbage(long endNs, long phaseMs, int count) throws Exception {
        int greeted = 0;
        for (int i = 0; i < count; i++) {
            try (RawNbd raw = new RawNbd(address)) {
                greeted += raw.isGreeted() ? 1 : 0;
                raw.send(garbage(i % 6));
                if (random.nextBoolean()) {
                    raw.reset();
                }
            } catch (IOException e) {
                // The server may be quicker.
            }
            long leftMs = TimeUnit.NANOSECONDS.toMillis(endNs - System.nanoTime());
            Thread.sleep(Math.max(0, Math.min(phaseMs / count, leftMs)));
        }
        return new Outcome(greeted, count - greeted);
    }

    private byte[] garbage(int sort) {
        byte[] noise = new byte[1 + random.nextInt(4 * BLOCK_BYTES)];
        random.nextBytes(noise);
        byte[] handshake = RawNbd.handshake();
        return switch (sort) {
            case 0 -> noise;
            case 1 -> java.util.Arrays.copyOf(handshake, random.nextInt(handshake.length));
            case 2 -> {
                // A wrong magic of the option.
                handshake[4 + random.nextInt(8)] ^= (byte) (1 + random.nextInt(255));
                yield handshake;
            }
            case 3 ->
                ByteBuffer.allocate(4 + noise.length).putInt(-1).put(noise).array();
            case 4 ->
                ByteBuffer.allocate(4 + 16 + noise.length)
                        .putInt(RawNbd.CLIENT_FLAGS)
                        .putLong(RawNbd.OPTION_MAGIC)
                        .putInt(RawNbd.OPTION_GO)
                        .putInt(-1)
                        .put(noise)
                        .array();
            default ->
                ByteBuffer.allocate(handshake.length + noise.length)
                        .put(handshake)
                        .put(noise)
                        .array();
        };
    }

    private Outcome resets(long endNs) throws Exception {
        int count = 0;
        while (count < RESETS_MIN || System.nanoTime() < endNs) {
            RawNbd raw = new RawNbd(address);
            raw.attach(false);
            for (int i = 0; i < REQUESTS_IN_FLIGHT; i++) {
                long offset = SCRATCH_BYTE + (long) random.nextInt(1024) * BLOCK_BYTES;
                raw.send(RawNbd.request(RawNbd.TYPE_READ, 2L * i, offset, 64 << 10));
                raw.send(ByteBuffer.allocate(28 + BLOCK_BYTES)
                        .put(RawNbd.request(RawNbd.TYPE_WRITE, 2L * i + 1, offset, BLOCK_BYTES)
                                .array()));
            }
            int announced = count % 4 == 0 ? PAYLOAD_BYTES_MAX : 2 * BLOCK_BYTES;
            raw.send(RawNbd.request(RawNbd.TYPE_WRITE, 99, UNTOUCHED_BYTE, announced));
            raw.send(new byte[BLOCK_BYTES + 1]);
            Thread.sleep(random.nextInt(4));
            raw.reset();
            count++;
            Thread.sleep(RESET_PAUSE_MS);
        }
        return new Outcome(count, 0);
    }

    private Outcome huge(long endNs) throws Exception {
        List<RawNbd> open = new ArrayList<>();
        try {
            while (open.size() < HUGE_MIN || System.nanoTime() < endNs) {
                int sort = open.size() % 4;
                RawNbd raw = new RawNbd(address);
                open.add(raw);
                raw.attach(sort >= 2);
                raw.send(
                        switch (sort) {
                            case 0 -> RawNbd.request(RawNbd.TYPE_WRITE, 1, UNTOUCHED_BYTE, -1);
                            case 1 -> RawNbd.request(RawNbd.TYPE_READ, 1, UNTOUCHED_BYTE, -1);
                            case 2 -> RawNbd.extendedWrite(1, UNTOUCHED_BYTE, 1L << 32);
                            default -> RawNbd.extendedWrite(1, UNTOUCHED_BYTE, 1L << 40);
                        });
                Thread.sleep(HUGE_PAUSE_MS);
            }
            return new Outcome(open.size(), 0);
        } finally {
            closeAll(open);
        }
    }

    private Outcome slow() throws Exception {
        byte[] read =
                RawNbd.request(RawNbd.TYPE_READ, 1, SCRATCH_BYTE, BLOCK_BYTES).array();
        byte[] handshake = RawNbd.handshake();
        byte[] all = ByteBuffer.allocate(handshake.length + 2 * read.length)
                .put(handshake)
                .put(read)
                .put(read)
                .array();
        List<RawNbd> open = new ArrayList<>();
        try {
            for (int i = 0; i < SLOW_CONNECTIONS; i++) {
                open.add(new RawNbd(address));
            }
            for (byte each : all) {
                for (RawNbd raw : open) {
                    raw.send(each);
                }
                Thread.sleep(SLOW_PAUSE_MS);
            }
            for (RawNbd raw : open) {
                raw.awaitAttached();
                raw.awaitRead(BLOCK_BYTES);
                raw.awaitRead(BLOCK_BYTES);
            }
            return new Outcome(open.size(), 0);
        } finally {
            closeAll(open);
        }
    }

    private Outcome idle() throws Exception {
        int refused = 0;
        for (int i = 0; i < IDLE_CONNECTIONS; i++) {
            RawNbd raw = new RawNbd(address);
            if (isLetIn(raw, i % 2 == 0 && refused == 0)) {
                idle.add(raw);
            } else {
                refused++;
                raw.close();
            }
        }
        return new Outcome(idle.size(), refused);
    }

    private static boolean isLetIn(RawNbd raw, boolean attach) {
        if (!attach) {
            return raw.isGreeted();
        }
        try {
            raw.attach(false);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    /**
     * The idle connections are closed.
     *
     * @return how many there were
     */
    int leave() throws IOException {
        int count = idle.size();
        closeAll(idle);
        idle.clear();
        return count;
    }

    private static void closeAll(List<RawNbd> open) throws IOException {
        for (RawNbd raw : open) {
            raw.close();
        }
    }
}
