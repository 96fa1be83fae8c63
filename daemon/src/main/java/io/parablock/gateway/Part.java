package io.parablock.gateway;

import io.netty.buffer.ByteBuf;
import io.parablock.raft.log.EntryKind;
import io.parablock.replica.client.ClientMessage;
import org.jspecify.annotations.Nullable;

/** An unanswered part of a request: what is needed to send it again. */
final class Part {
    /** The wait before a repetition doubles up to 2^this times the configured one. */
    private static final int BACKOFF_DOUBLINGS_MAX = 4;

    enum Kind {
        MUTATE,
        READ,
        FLUSH
    }

    final Kind kind;
    final @Nullable EntryKind entryKind;
    final long offsetBytes;
    final long lengthBytes;
    final boolean fua;
    final int payloadCrc;
    final PartListener listener;
    final long submittedNs;

    /** Read, flush: the request id. Mutate: the seq in its session, 0 while it waits for the window. */
    long id;

    private @Nullable ByteBuf payload;
    private long sentNs;
    private int sends;

    Part(
            Kind kind,
            @Nullable EntryKind entryKind,
            long offsetBytes,
            long lengthBytes,
            boolean fua,
            int payloadCrc,
            @Nullable ByteBuf payload,
            PartListener listener,
            long submittedNs) {
        this.kind = kind;
        this.entryKind = entryKind;
        this.offsetBytes = offsetBytes;
        this.lengthBytes = lengthBytes;
        this.fua = fua;
        this.payloadCrc = payloadCrc;
        this.payload = payload;
        this.listener = listener;
        this.submittedNs = submittedNs;
    }

    void sentAt(long nowNs) {
        sentNs = nowNs;
        sends++;
    }

    boolean isRetryDue(long nowNs, long retryNs) {
        int doublings = Math.min(Math.max(sends - 1, 0), BACKOFF_DOUBLINGS_MAX);
        return nowNs - sentNs >= retryNs << doublings;
    }

    /** What was sent to an earlier leader says nothing of how long the next one takes. */
    void resetBackoff() {
        sends = 0;
    }

    ClientMessage.Mutate mutate(long session, long lowestOutstanding) {
        if (entryKind == null) {
            throw new AssertionError("no mutation: " + kind);
        }
        ByteBuf copy = payload == null ? null : payload.retainedDuplicate();
        return new ClientMessage.Mutate(
                session, id, lowestOutstanding, entryKind, offsetBytes, lengthBytes, fua, payloadCrc, copy);
    }

    /** Ends this part; call once. */
    void complete(boolean ok, @Nullable ByteBuf result) {
        ByteBuf p = payload;
        payload = null;
        if (p != null) {
            p.release();
        }
        listener.onPart(ok, result);
    }
}
