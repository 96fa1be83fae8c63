package io.parablock.replica.client;

import io.netty.buffer.ByteBuf;
import io.parablock.blockdev.store.AllocationRun;
import io.parablock.raft.log.EntryKind;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a gateway and the leader's node say to each other (protocol.md §10). A payload's reference travels with the
 * message: who receives the message releases it.
 */
public sealed interface ClientMessage {
    /** Result of a request. */
    enum Status {
        OK,
        /** Ask again elsewhere; {@code leaderHint} may say where. */
        NOT_LEADER,
        /** The session is not known (expired): outstanding requests fail with an I/O error. */
        UNKNOWN_SESSION,
        /** A malformed request; never retried. */
        INVALID,
        /** The block store could not read: an I/O error for the client. */
        IO_ERROR
    }

    /** From a gateway to the leader's node. */
    sealed interface Request extends ClientMessage {}

    /** A request that changes nothing and is answered by its id. */
    sealed interface Ask extends Request {
        long requestId();
    }

    /** An ask for an extent, under the precondition of a read (protocol.md §8). */
    sealed interface ExtentAsk extends Ask {
        long offsetBytes();

        long extentBytes();
    }

    /** The answer to an ask. */
    sealed interface AskReply extends ClientMessage {
        long requestId();

        Status status();

        int leaderHint();
    }

    /** Opens a session; the same (gateway, boot, nonce) always gets the same session. */
    record OpenSession(long gatewayBoot, long nonce) implements Request {}

    /** @param session what the gateway calls it from here on ({@link io.parablock.replica.SessionToken}) */
    record SessionOpened(long nonce, long session, Status status, int leaderHint) implements ClientMessage {}

    record CloseSession(long session) implements Request {}

    /**
     * The gateway is there; no answer.
     *
     * @param nextNonce greater than that of every session that it has opened
     * @param nonces of the sessions that it has; the others have been given up
     */
    record KeepAlive(long gatewayBoot, long nextNonce, List<Long> nonces) implements Request {
        public KeepAlive {
            nonces = List.copyOf(nonces);
        }
    }

    /** kind is WRITE, ZERO or TRIM; only WRITE has a payload, whose readable bytes are lengthBytes. */
    record Mutate(
            long session,
            long seq,
            long lowestOutstanding,
            EntryKind kind,
            long offsetBytes,
            long lengthBytes,
            boolean fua,
            int payloadCrc,
            @Nullable ByteBuf payload)
            implements Request {}

    record MutateReply(long session, long seq, Status status, int leaderHint) implements ClientMessage {}

    record Read(long requestId, long offsetBytes, int lengthBytes) implements ExtentAsk {
        @Override
        public long extentBytes() {
            return lengthBytes;
        }
    }

    record ReadReply(
            long requestId,
            Status status,
            int leaderHint,
            @Nullable ByteBuf payload) implements AskReply {}

    record Flush(long requestId) implements Ask {}

    record FlushReply(long requestId, Status status, int leaderHint) implements AskReply {}

    /** Which parts of the extent take space in the leader's block store. */
    record Allocation(long requestId, long offsetBytes, long lengthBytes) implements ExtentAsk {
        @Override
        public long extentBytes() {
            return lengthBytes;
        }
    }

    /** @param runs from the extent's beginning on; they may end before it does. Empty unless the status is OK */
    record AllocationReply(long requestId, Status status, int leaderHint, List<AllocationRun> runs)
            implements AskReply {
        /** Named limit: runs in one answer. */
        public static final int RUNS_MAX = 256;

        public AllocationReply {
            runs = List.copyOf(runs);
        }
    }

    /** The extent will be read soon. */
    record Prefetch(long requestId, long offsetBytes, long lengthBytes) implements ExtentAsk {
        @Override
        public long extentBytes() {
            return lengthBytes;
        }
    }

    record PrefetchReply(long requestId, Status status, int leaderHint) implements AskReply {}

    /**
     * What a node tells gateways without a replica of itself, when they come and when it changes.
     *
     * @param leads it leads in this term and takes requests
     * @param lostTerm the last term in which answered writes that were not flushed may have been lost (protocol.md §11); 0
     *     for none since the node was started
     */
    record LeaderNotice(long term, boolean leads, long lostTerm) implements ClientMessage {}
}
