package io.parablock.gateway;

import io.netty.buffer.ByteBuf;
import io.parablock.blockdev.store.AllocationRun;
import io.parablock.raft.log.EntryKind;
import io.parablock.replica.client.ClientMessage;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** An unanswered part of a request: what is needed to send it again. */
final class Part {
    /** The wait before a repetition doubles up to 2^this times the configured one. */
    private static final int BACKOFF_DOUBLINGS_MAX = 4;
    /** No shift overflows. */
    private static final int REFUSAL_DOUBLINGS_MAX = 16;

    enum Kind {
        MUTATE,
        READ,
        FLUSH,
        ALLOCATION,
        PREFETCH
    }

    final Kind kind;
    final @Nullable EntryKind entryKind;
    final long offsetBytes;
    final long lengthBytes;
    final boolean fua;
    final int payloadCrc;
    final PartListener listener;
    final long submittedNs;

    /** Whatever does not mutate: the request id. Mutate: the seq in its session, 0 while it waits for the window. */
    long id;

    /** Whatever does not mutate: whose client asks. */
    @Nullable
    GroupSession asker;

    private @Nullable ByteBuf payload;
    private long sentNs;
    private int sends;
    /** The leader has said "ask again" since this was sent. */
    private boolean refused;

    private int refusals;

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

    /** A part that mutates nothing. */
    static Part ask(Kind kind, long offsetBytes, long lengthBytes, PartListener listener, long nowNs) {
        return new Part(kind, null, offsetBytes, lengthBytes, false, 0, null, listener, nowNs);
    }

    void sentAt(long nowNs) {
        sentNs = nowNs;
        sends++;
        refused = false;
    }

    /** The leader takes no more for now: the wait before the next attempt is short at first, and grows with each refusal. */
    void onRefused() {
        refused = true;
        refusals++;
        sends = 0;
    }

    /** @param redirectNs the wait after a first refusal; the longest one is {@code retryNs} */
    boolean isRetryDue(long nowNs, long retryNs, long redirectNs) {
        if (refused) {
            int doublings = Math.min(refusals - 1, REFUSAL_DOUBLINGS_MAX);
            return nowNs - sentNs >= Math.min(retryNs, redirectNs << doublings);
        }
        int doublings = Math.min(Math.max(sends - 1, 0), BACKOFF_DOUBLINGS_MAX);
        return nowNs - sentNs >= retryNs << doublings;
    }

    /** What was sent to an earlier leader says nothing of how long the next one takes. */
    void resetBackoff() {
        sends = 0;
        refused = false;
        refusals = 0;
    }

    ClientMessage.Mutate mutate(long session, long lowestOutstanding) {
        if (entryKind == null) {
            throw new AssertionError("no mutation: " + kind);
        }
        ByteBuf copy = payload == null ? null : payload.retainedDuplicate();
        return new ClientMessage.Mutate(
                session, id, lowestOutstanding, entryKind, offsetBytes, lengthBytes, fua, payloadCrc, copy);
    }

    ClientMessage.Ask ask() {
        return switch (kind) {
            case READ -> new ClientMessage.Read(id, offsetBytes, (int) lengthBytes);
            case FLUSH -> new ClientMessage.Flush(id);
            case ALLOCATION -> new ClientMessage.Allocation(id, offsetBytes, lengthBytes);
            case PREFETCH -> new ClientMessage.Prefetch(id, offsetBytes, lengthBytes);
            case MUTATE -> throw new AssertionError("a mutation");
        };
    }

    boolean isAnsweredBy(ClientMessage.AskReply reply) {
        return switch (kind) {
            case READ -> reply instanceof ClientMessage.ReadReply;
            case FLUSH -> reply instanceof ClientMessage.FlushReply;
            case ALLOCATION -> reply instanceof ClientMessage.AllocationReply;
            case PREFETCH -> reply instanceof ClientMessage.PrefetchReply;
            case MUTATE -> false;
        };
    }

    /** Ends this part with the answer to its ask, whose payload's reference passes to it. */
    void complete(ClientMessage.AskReply reply) {
        boolean ok = reply.status() == ClientMessage.Status.OK;
        if (reply instanceof ClientMessage.ReadReply r) {
            ByteBuf found = r.payload();
            boolean whole = ok && found != null && found.readableBytes() == lengthBytes;
            complete(whole, whole ? found : null);
            if (!whole) {
                Gateway.release(found);
            }
        } else if (ok && reply instanceof ClientMessage.AllocationReply r) {
            boolean sound = isSound(r.runs());
            if (sound) {
                listener.onAllocation(r.runs());
            }
            complete(sound, null);
        } else {
            complete(ok, null);
        }
    }

    /** Runs come from another node: they must make progress and stay inside. */
    private boolean isSound(List<AllocationRun> runs) {
        long left = lengthBytes;
        for (AllocationRun run : runs) {
            if (run.lengthBytes() <= 0 || run.lengthBytes() > left) {
                return false;
            }
            left -= run.lengthBytes();
        }
        return !runs.isEmpty();
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
