package io.parablock.transport.impair;

import io.netty.channel.ChannelPromise;
import io.netty.util.ReferenceCountUtil;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * Messages that wait for their release, in their order. The first of them look sent to whoever wrote them, as what is in a
 * socket's buffer does; the promises of the others are still to be kept:
 *
 * <pre>
 *   next to be released ─► [ look sent, up to so many bytes ][ wait ] ◄─ written last
 * </pre>
 *
 * Of an event loop. Places are used again, so that nothing is allocated once as many were there.
 */
final class HeldMessages {
    /** Named limit: places that are kept for later. */
    private static final int FREE_MAX = 4096;

    static final class Held {
        @Nullable
        Object message;

        /** Null if the message looks sent. */
        @Nullable
        ChannelPromise promise;

        long releaseNs;
        long bytes;
    }

    private final long sentBytesMax;
    private final ArrayDeque<Held> sent = new ArrayDeque<>();
    private final ArrayDeque<Held> waiting = new ArrayDeque<>();
    private final ArrayDeque<Held> free = new ArrayDeque<>();
    private long sentBytes;
    private long bytes;

    /** @param sentBytesMax 0: no message looks sent before it is */
    HeldMessages(long sentBytesMax) {
        this.sentBytesMax = sentBytesMax;
    }

    boolean isEmpty() {
        return sent.isEmpty() && waiting.isEmpty();
    }

    long bytes() {
        return bytes;
    }

    void add(Object message, long messageBytes, long releaseNs, ChannelPromise promise) {
        Held held = free.poll();
        if (held == null) {
            held = new Held();
        }
        held.message = message;
        held.promise = promise;
        held.releaseNs = releaseNs;
        held.bytes = messageBytes;
        bytes += messageBytes;
        waiting.add(held);
        fill();
    }

    /** Keeps the promises of what has room in the buffer now. */
    private void fill() {
        Held next = waiting.peek();
        while (next != null && sentBytesMax > 0 && sentBytes + next.bytes <= sentBytesMax) {
            sent.add(waiting.remove());
            sentBytes += next.bytes;
            ChannelPromise promise = next.promise;
            next.promise = null;
            if (promise != null) {
                // Last: a listener may write the next message.
                promise.trySuccess();
            }
            next = waiting.peek();
        }
    }

    /** When the next one is to be released; not to be asked if there is none. */
    long nextReleaseNs() {
        Held next = sent.isEmpty() ? waiting.element() : sent.element();
        return next.releaseNs;
    }

    /** Takes the next one, which is there; {@link #give} it back. */
    Held take() {
        Held next;
        if (sent.isEmpty()) {
            next = waiting.remove();
        } else {
            next = sent.remove();
            sentBytes -= next.bytes;
        }
        bytes -= next.bytes;
        return next;
    }

    void give(Held taken) {
        taken.message = null;
        taken.promise = null;
        if (free.size() < FREE_MAX) {
            free.add(taken);
        }
        fill();
    }

    /** Lets go of all of them, in the order in which they came. */
    void drop(Throwable why) {
        while (!isEmpty()) {
            Held next = take();
            ChannelPromise promise = next.promise;
            ReferenceCountUtil.release(next.message);
            next.message = null;
            if (promise != null) {
                promise.tryFailure(why);
            }
        }
    }
}
