package io.parablock.gateway;

import io.netty.buffer.ByteBuf;
import io.parablock.metrics.RequestMeters;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A request over an extent of any length, in steps of which only so many are under way at once: its length costs time and no
 * memory. After a step has failed none is begun. Thread-safe: steps end on the groups' threads.
 */
final class SteppedRequest implements PartListener {
    /** Begins one step. */
    @FunctionalInterface
    interface Step {
        void begin(int chunk, long offsetInChunk, long lengthBytes, PartListener done);
    }

    private final long offset;
    private final long length;
    private final long chunkBytes;
    private final int stepBytesMax;
    private final int stepsMax;
    private final Step step;
    private final RequestListener listener;
    private final RequestMeters meters;
    private final RequestMeters.Operation operation;
    private final LongSupplier nowNs;
    private final long startNs;

    private long begun;
    private int underWay;
    private boolean beginning;
    private boolean failed;

    SteppedRequest(
            Gateway.Export export,
            RequestMeters meters,
            RequestMeters.Operation operation,
            LongSupplier nowNs,
            long offset,
            long length,
            int stepBytesMax,
            int stepsMax,
            Step step,
            RequestListener listener) {
        this.chunkBytes = export.chunkBytes();
        this.meters = meters;
        this.operation = operation;
        this.nowNs = nowNs;
        this.startNs = nowNs.getAsLong();
        this.offset = offset;
        this.length = length;
        this.stepBytesMax = stepBytesMax;
        this.stepsMax = stepsMax;
        this.step = step;
        this.listener = listener;
    }

    /** Begins what may begin; call once. A step that ends at once does not nest. */
    void begin() {
        while (true) {
            long at;
            long bytes;
            synchronized (this) {
                if (failed || begun == length || underWay == stepsMax || beginning) {
                    return;
                }
                at = offset + begun;
                bytes = RequestSplitter.partBytes(at, length - begun, chunkBytes, stepBytesMax);
                begun += bytes;
                underWay++;
                beginning = true;
            }
            step.begin((int) (at / chunkBytes), at % chunkBytes, bytes, this);
            synchronized (this) {
                beginning = false;
            }
        }
    }

    @Override
    public void onPart(boolean ok, @Nullable ByteBuf nothing) {
        boolean ended;
        boolean good;
        synchronized (this) {
            failed |= !ok;
            underWay--;
            ended = underWay == 0 && (failed || begun == length);
            good = !failed;
        }
        if (ended) {
            meters.onRequest(operation, length, nowNs.getAsLong() - startNs, good);
            listener.onEnd(good, null);
        } else {
            begin();
        }
    }
}
