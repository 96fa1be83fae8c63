package io.parablock.replica;

import io.netty.buffer.ByteBuf;
import io.parablock.replica.client.ClientMessage;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/** Requests that wait for the in-flight window, in order of arrival, bounded in number and in bytes. On the group's thread. */
final class ProposalQueue {
    /** A request and who has sent it; holds the reference to its payload. */
    record Queued(int from, ClientMessage message) {
        private long payloadBytes() {
            ByteBuf payload = message instanceof ClientMessage.Mutate m ? m.payload() : null;
            return payload == null ? 0 : payload.readableBytes();
        }
    }

    private record Entry(Queued queued, long bytes) {}

    private final int requestsMax;
    private final long bytesMax;
    private final ArrayDeque<Entry> queue = new ArrayDeque<>();
    private long bytes;

    /** @param bytesMax payloads; a single larger one has room */
    ProposalQueue(int requestsMax, long bytesMax) {
        this.requestsMax = requestsMax;
        this.bytesMax = bytesMax;
    }

    /** @return false if there is no room */
    boolean offer(Queued q) {
        long added = q.payloadBytes();
        boolean room = queue.isEmpty() || (queue.size() < requestsMax && bytes + added <= bytesMax);
        if (room) {
            queue.add(new Entry(q, added));
            bytes += added;
        }
        return room;
    }

    /** The oldest one, or null. */
    @Nullable
    Queued peek() {
        Entry first = queue.peek();
        return first == null ? null : first.queued;
    }

    /** Takes the oldest one, or returns null. */
    @Nullable
    Queued poll() {
        Entry first = queue.poll();
        if (first == null) {
            return null;
        }
        bytes -= first.bytes;
        return first.queued;
    }

    boolean isEmpty() {
        return queue.isEmpty();
    }

    int size() {
        return queue.size();
    }
}
