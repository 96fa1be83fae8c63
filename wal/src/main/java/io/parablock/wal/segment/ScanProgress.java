package io.parablock.wal.segment;

import io.parablock.wal.DamagedRecord;
import io.parablock.wal.WalRecord;
import io.parablock.wal.WalVisitor;
import java.nio.ByteBuffer;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** Tells an operator who waits for a start how far the recovery scan is: a line now and then, one at the end. One thread. */
final class ScanProgress {
    /** Between two lines. */
    static final long INTERVAL_MS = 2_000;

    private static final double MB = 1e6;

    private final LongSupplier clockNs;
    private final @Nullable Consumer<String> lines;
    private final long beganNs;
    private long saidNs;
    private long totalBytes;
    /** In segments that are left behind, and in the one that is being read. */
    private long doneBytes;

    private long segmentBytes;
    private long reachedBytes;
    private long records;
    private long damaged;

    ScanProgress(LongSupplier clockNs, @Nullable Consumer<String> lines) {
        this.clockNs = clockNs;
        this.lines = lines;
        this.beganNs = clockNs.getAsLong();
        this.saidNs = beganNs;
    }

    /** For a scan that somebody else reports. */
    static ScanProgress silent() {
        return new ScanProgress(() -> 0, null);
    }

    /** @param bytes what will be read, with what is read twice */
    void begin(long bytes) {
        totalBytes = bytes;
    }

    /** A pass over another segment begins; the one before has come to its end. */
    void beginSegment(long bytes) {
        doneBytes += segmentBytes;
        segmentBytes = bytes;
        reachedBytes = 0;
    }

    /** A pass has come to this offset. It may go back a little to look at a write as a whole. */
    void reached(long offsetBytes) {
        reachedBytes = Math.max(reachedBytes, Math.min(offsetBytes, segmentBytes));
        long nowNs = clockNs.getAsLong();
        if (lines != null && nowNs - saidNs >= TimeUnit.MILLISECONDS.toNanos(INTERVAL_MS)) {
            saidNs = nowNs;
            long bytes = doneBytes + reachedBytes;
            lines.accept(String.format(
                    Locale.ROOT,
                    "recovery scan: %.0f of %.0f MB, %.0f MB/s",
                    bytes / MB,
                    totalBytes / MB,
                    rate(bytes, nowNs)));
        }
    }

    /** Passes everything on and counts it. */
    WalVisitor counting(WalVisitor visitor) {
        return new WalVisitor() {
            @Override
            public void onRecord(long position, WalRecord record, ByteBuffer payload) {
                records++;
                visitor.onRecord(position, record, payload);
            }

            @Override
            public void onDamaged(long position, DamagedRecord what) {
                damaged++;
                visitor.onDamaged(position, what);
            }
        };
    }

    void end(int segments) {
        beginSegment(0);
        if (lines == null) {
            return;
        }
        long nowNs = clockNs.getAsLong();
        lines.accept(String.format(
                Locale.ROOT,
                "recovery scan: read %.0f MB in %.1f s, %.0f MB/s: %d segments, %d records, %d damages",
                doneBytes / MB,
                (nowNs - beganNs) / 1e9,
                rate(doneBytes, nowNs),
                segments,
                records,
                damaged));
    }

    private double rate(long bytes, long nowNs) {
        return bytes / MB / Math.max(1e-9, (nowNs - beganNs) / 1e9);
    }
}
