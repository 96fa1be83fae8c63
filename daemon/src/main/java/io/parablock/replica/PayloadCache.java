package io.parablock.replica;

import io.netty.buffer.ByteBuf;
import io.parablock.raft.log.Entry;
import java.util.ArrayDeque;
import java.util.IdentityHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Owns the payload references of the log's entries. {@link Entry#payload} is null once the cache has let it go; from then on
 * the WAL is the only source. Single-threaded.
 *
 * <p>Invariants: every entry in the cache has a payload; a payload that is neither durable nor dropped stays.
 */
final class PayloadCache {
    private static final class Held {
        final Entry entry;
        final int bytes;
        boolean durable;
        boolean applied;

        Held(Entry entry, int bytes) {
            this.entry = entry;
            this.bytes = bytes;
        }
    }

    private final long bytesMax;
    private final IdentityHashMap<Entry, Held> held = new IdentityHashMap<>();
    /** Oldest first; entries that left already are skipped when they come to the head. */
    private final ArrayDeque<Held> order = new ArrayDeque<>();

    private long bytes;
    private long releasedTo;

    PayloadCache(long bytesMax) {
        this.bytesMax = bytesMax;
    }

    /** Takes over the reference in {@link Entry#payload}, if there is one. */
    void add(Entry entry) {
        if (entry.payload instanceof ByteBuf buf) {
            Held h = new Held(entry, buf.readableBytes());
            if (held.put(entry, h) != null) {
                throw new AssertionError(entry + " was appended twice");
            }
            order.add(h);
            bytes += h.bytes;
        }
    }

    static @Nullable ByteBuf payloadOf(Entry entry) {
        return (ByteBuf) entry.payload;
    }

    void onDurable(Entry entry) {
        Held h = held.get(entry);
        if (h != null) {
            h.durable = true;
            trim();
        }
    }

    /** @param needed a peer may still have to be sent it */
    void onApplied(Entry entry, boolean needed) {
        Held h = held.get(entry);
        if (h != null) {
            h.applied = true;
            if (!needed || entry.slot() <= releasedTo) {
                release(h);
            } else {
                trim();
            }
        }
    }

    /** Nobody will ask for applied slots up to this one again; {@link Long#MAX_VALUE} on a follower. */
    void releaseAppliedTo(long slot) {
        releasedTo = slot == Long.MAX_VALUE ? 0 : slot;
        while (!order.isEmpty()) {
            Held h = order.peek();
            if (isHeld(h)) {
                if (!h.applied || !h.durable || h.entry.slot() > slot) {
                    return;
                }
                release(h);
            }
            order.poll();
        }
    }

    /** The entry left the log. */
    void drop(Entry entry) {
        Held h = held.get(entry);
        if (h != null) {
            release(h);
        }
    }

    private boolean isHeld(Held h) {
        return held.get(h.entry) == h;
    }

    private void trim() {
        while (!order.isEmpty()) {
            Held h = order.peek();
            if (isHeld(h)) {
                if (bytes <= bytesMax || !h.durable) {
                    return;
                }
                release(h);
            }
            order.poll();
        }
    }

    private void release(Held h) {
        held.remove(h.entry);
        bytes -= h.bytes;
        ByteBuf buf = payloadOf(h.entry);
        h.entry.payload = null;
        if (buf == null) {
            throw new AssertionError("the payload of " + h.entry + " was taken from the cache");
        }
        buf.release();
        if (held.isEmpty()) {
            order.clear();
        }
    }

    long bytes() {
        return bytes;
    }

    boolean isEmpty() {
        return held.isEmpty();
    }

    void close() {
        while (!order.isEmpty()) {
            Held h = order.remove();
            if (isHeld(h)) {
                release(h);
            }
        }
    }
}
