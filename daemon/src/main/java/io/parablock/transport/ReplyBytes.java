package io.parablock.transport;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Bytes that wait to go out to one gateway, on all its connections; or to all gateways of a node together. Above the limit
 * answers are dropped: the gateway asks again, as after a lost connection. Thread-safe.
 */
final class ReplyBytes {
    private static final Logger LOG = LoggerFactory.getLogger(ReplyBytes.class);
    /** Named limit: what one gateway may hold is this part of what all may. */
    static final int SHARES = 4;

    private final String whose;
    private final long bytesMax;
    private final @Nullable ReplyBytes all;
    private final AtomicLong bytes = new AtomicLong();
    private final AtomicBoolean told = new AtomicBoolean();

    private ReplyBytes(String whose, long bytesMax, @Nullable ReplyBytes all) {
        this.whose = whose;
        this.bytesMax = bytesMax;
        this.all = all;
    }

    /** @param bytesMax {@code transport.gateway_reply_bytes_max} */
    static ReplyBytes ofAll(long bytesMax) {
        return new ReplyBytes("all gateways", bytesMax, null);
    }

    /** One gateway's share. */
    ReplyBytes of(int gateway) {
        return new ReplyBytes("gateway " + gateway, bytesMax / SHARES, this);
    }

    long queued() {
        return bytes.get();
    }

    /**
     * Counts a frame until {@link #give}; false, and nothing is counted, above the limit.
     *
     * @param always whatever the limit says
     */
    boolean take(long frameBytes, boolean always) {
        if (bytes.addAndGet(frameBytes) > bytesMax && !always) {
            bytes.addAndGet(-frameBytes);
            if (told.compareAndSet(false, true)) {
                LOG.warn("dropping answers to {}: {} bytes wait, and no more than {} may", whose, bytes, bytesMax);
            }
            return false;
        }
        if (all != null && !all.take(frameBytes, always)) {
            bytes.addAndGet(-frameBytes);
            return false;
        }
        return true;
    }

    void give(long frameBytes) {
        bytes.addAndGet(-frameBytes);
        if (all != null) {
            all.give(frameBytes);
        }
    }
}
