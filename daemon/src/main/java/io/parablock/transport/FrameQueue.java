package io.parablock.transport;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What is on its way out on the connections of one lane, one after the other: counted and bounded. Thread-safe. */
final class FrameQueue {
    private static final Logger LOG = LoggerFactory.getLogger(FrameQueue.class);

    private final PeerTransportConfig.Limits limits;
    private final String lane;
    /** Of the gateway whose lane this is; null for a node's. */
    private final @Nullable ReplyBytes account;

    private final AtomicLong queuedBytes = new AtomicLong();
    private final AtomicLong refusedFrames = new AtomicLong();
    private final AtomicBoolean flushWanted = new AtomicBoolean();

    /** @param lane for the log */
    FrameQueue(PeerTransportConfig.Limits limits, String lane) {
        this(limits, lane, null);
    }

    /** @param account counts what is admitted until it is written or lost */
    FrameQueue(PeerTransportConfig.Limits limits, String lane, @Nullable ReplyBytes account) {
        this.limits = limits;
        this.lane = lane;
        this.account = account;
    }

    long queuedBytes() {
        return queuedBytes.get();
    }

    /** Frames larger than a peer takes, which were not sent. */
    long refusedFrames() {
        return refusedFrames.get();
    }

    /** Whether the frame may go out, by {@link #write}; if not, its reference is released. */
    boolean admits(ByteBuf frame, FrameType type) {
        boolean dropped = type.mayBeDropped() && queuedBytes.get() > limits.queueBytesMax();
        boolean tooLarge = frame.readableBytes() > limits.frameBytesMax();
        if (tooLarge && !dropped && refusedFrames.getAndIncrement() == 0) {
            LOG.error(
                    "not sending a {} of {} bytes on {}: transport.frame_bytes_max is {}",
                    type,
                    frame.readableBytes(),
                    lane,
                    limits.frameBytesMax());
        }
        // Who leads is told once: nobody asks for it again.
        boolean admitted = !dropped
                && !tooLarge
                && (account == null || account.take(frame.readableBytes(), type == FrameType.LEADER));
        if (!admitted) {
            frame.release();
        }
        return admitted;
    }

    /** Goes on the wire with the next {@link #flush}. Takes the frame's reference. */
    void write(Channel ch, ByteBuf frame) {
        put(ch, frame);
        // After the write: a flush by another thread in between must not swallow the wish.
        flushWanted.set(true);
    }

    private void put(Channel ch, ByteBuf frame) {
        long bytes = frame.readableBytes();
        if (queuedBytes.addAndGet(bytes) > limits.queueBytesHard()) {
            done(bytes);
            frame.release();
            LOG.warn("closing {}: {} bytes are queued", lane, queuedBytes.get());
            ch.close();
            return;
        }
        ch.write(frame).addListener(f -> done(bytes));
    }

    private void done(long bytes) {
        queuedBytes.addAndGet(-bytes);
        if (account != null) {
            account.give(bytes);
        }
    }

    void flush(Channel ch) {
        if (flushWanted.get() && flushWanted.getAndSet(false)) {
            ch.flush();
        }
    }
}
