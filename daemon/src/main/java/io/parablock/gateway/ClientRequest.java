package io.parablock.gateway;

import io.netty.buffer.ByteBuf;
import io.parablock.metrics.RequestMeters;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** A request of several parts, which may end on several threads: it has ended when all of them have. */
final class ClientRequest {
    private final RequestMeters meters;
    private final RequestMeters.Operation operation;
    private final long bytes;
    private final long startNs;
    private final RequestListener listener;
    private final AtomicInteger open;
    private final AtomicBoolean failed = new AtomicBoolean();

    /** Read: where the parts go. */
    private final @Nullable ByteBuf target;

    ClientRequest(
            RequestMeters meters,
            RequestMeters.Operation operation,
            long bytes,
            long startNs,
            int parts,
            @Nullable ByteBuf target,
            RequestListener listener) {
        this.meters = meters;
        this.operation = operation;
        this.bytes = bytes;
        this.startNs = startNs;
        this.open = new AtomicInteger(parts);
        this.target = target;
        this.listener = listener;
    }

    /** @param found what a part of a read found; its reference passes to this request */
    void onPart(boolean ok, @Nullable ByteBuf found, long requestOffset, long nowNs) {
        ByteBuf whole = target;
        if (!ok) {
            failed.set(true);
        }
        if (whole != null && found != null) {
            // Parts never overlap, so that threads may write at the same time.
            whole.setBytes((int) requestOffset, found, found.readerIndex(), found.readableBytes());
            found.release();
            found = null;
        }
        if (open.decrementAndGet() == 0) {
            boolean good = !failed.get();
            meters.onRequest(operation, bytes, nowNs - startNs, good);
            if (whole != null && good) {
                listener.onEnd(true, whole.writerIndex((int) bytes));
            } else {
                Gateway.release(whole);
                listener.onEnd(good, good ? found : null);
            }
        } else {
            Gateway.release(found);
        }
    }
}
