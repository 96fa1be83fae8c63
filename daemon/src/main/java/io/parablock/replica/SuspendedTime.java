package io.parablock.replica;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.function.LongSupplier;

/**
 * How long this machine was suspended, which System.nanoTime (CLOCK_MONOTONIC) does not count: the distance to the kernel's
 * uptime (CLOCK_BOOTTIME), which does. The JDK has no other way to that clock without native code. Uptime comes in
 * hundredths of a second, so that up to {@link #ERROR_NS} of a suspend may not show. For any thread.
 */
public final class SuspendedTime implements LongSupplier, AutoCloseable {
    /** It cannot be told now: assume the worst. */
    public static final long UNKNOWN = Long.MAX_VALUE;

    /** A suspend may be seen this much too short: the step of the uptime, and the longest reading that counts. */
    public static final long ERROR_NS = 15_000_000;

    private static final long STEP_NS = 10_000_000;
    private static final long READING_NS_MAX = ERROR_NS - STEP_NS;
    private static final int READINGS_MAX = 3;
    private static final int LINE_BYTES_MAX = 64;

    private final FileChannel uptime;
    private final LongSupplier nanoTime;
    private final ByteBuffer line = ByteBuffer.allocateDirect(LINE_BYTES_MAX);
    private long firstNs;
    private long greatestNs;
    private boolean begun;

    /** @throws IOException if this system does not tell its uptime */
    public static SuspendedTime open(Path uptime) throws IOException {
        SuspendedTime t = new SuspendedTime(FileChannel.open(uptime, StandardOpenOption.READ), System::nanoTime);
        if (t.getAsLong() == UNKNOWN) {
            t.close();
            throw new IOException(uptime + " does not tell the uptime");
        }
        return t;
    }

    SuspendedTime(FileChannel uptime, LongSupplier nanoTime) {
        this.uptime = uptime;
        this.nanoTime = nanoTime;
    }

    /** From the first reading on, never decreasing; or {@link #UNKNOWN}. */
    @Override
    public synchronized long getAsLong() {
        for (int i = 0; i < READINGS_MAX; i++) {
            long before = nanoTime.getAsLong();
            long uptimeNs = read();
            long after = nanoTime.getAsLong();
            if (uptimeNs < 0) {
                return UNKNOWN;
            }
            if (after - before <= READING_NS_MAX) {
                // Never more than the truth: uptime is rounded down, and the later moment is taken off.
                firstNs = begun ? firstNs : uptimeNs - after;
                begun = true;
                greatestNs = Math.max(greatestNs, uptimeNs - after - firstNs);
                return greatestNs;
            }
        }
        return UNKNOWN;
    }

    /** Nanoseconds, or -1. */
    private long read() {
        line.clear();
        int bytes;
        try {
            bytes = uptime.read(line, 0);
        } catch (IOException e) {
            return -1;
        }
        long hundredths = 0;
        int decimals = -1;
        for (int i = 0; i < bytes; i++) {
            byte c = line.get(i);
            if (c >= '0' && c <= '9') {
                hundredths = hundredths * 10 + (c - '0');
                decimals += decimals >= 0 ? 1 : 0;
            } else if (c == '.' && decimals < 0) {
                decimals = 0;
            } else {
                break;
            }
        }
        return decimals == 2 ? hundredths * STEP_NS : -1;
    }

    @Override
    public void close() throws IOException {
        uptime.close();
    }
}
