package io.parablock.raft;

import io.parablock.raft.log.EntryKind;
import io.parablock.raft.session.SessionTable;
import org.jspecify.annotations.Nullable;

/** What a client may propose now: sessions, duplicates, windows (protocol.md §10). */
final class Proposals {
    private final CoreState state;
    private final Leader leader;

    Proposals(CoreState state, Leader leader) {
        this.state = state;
        this.leader = leader;
    }

    /** A client's WRITE, ZERO or TRIM on the leader. On ACCEPTED the entry in {@link Output#appends} has this payload. */
    ProposeResult propose(
            EntryKind kind,
            long offsetBytes,
            long lengthBytes,
            long session,
            long seq,
            long lowestOutstanding,
            int payloadCrc,
            int payloadLength,
            @Nullable Object payload) {
        if (state.role != Role.LEADER) {
            return ProposeResult.NOT_LEADER;
        }
        SessionTable sessions = leader.sessions();
        if (!sessions.isKnown(session)) {
            return endIsCertain(sessions) ? ProposeResult.UNKNOWN_SESSION : ProposeResult.SEQ_STALE;
        }
        long slot = sessions.slotOf(session, seq);
        if (slot != SessionTable.NONE && state.guards.dedupe) {
            return state.committed.contains(slot) ? ProposeResult.ALREADY_COMMITTED : ProposeResult.DUPLICATE;
        }
        long floor = Math.max(sessions.floor(session), lowestOutstanding);
        if (seq < floor) {
            return ProposeResult.SEQ_STALE;
        }
        if (seq >= floor + state.config.sessionWindow()) {
            return ProposeResult.SEQ_TOO_NEW;
        }
        if (leader.windowIsFull()) {
            return ProposeResult.WINDOW_FULL;
        }
        leader.propose(
                kind, offsetBytes, lengthBytes, session, seq, lowestOutstanding, payloadCrc, payloadLength, payload);
        return ProposeResult.ACCEPTED;
    }

    /**
     * A client that is told of its session's end writes again under another one: from then on no leader may take what is
     * left of the old one. So the entry that ended it must be committed first; the gateway asks again until then.
     */
    private boolean endIsCertain(SessionTable sessions) {
        return sessions.lastEnd() == SessionTable.NONE
                || state.committed.contains(sessions.lastEnd())
                || !state.guards.endSessionsCommitted;
    }

    /**
     * Opens a session; when committed, the SESSION entry's slot is the session's id. The same (gateway, boot, nonce) again:
     * DUPLICATE or ALREADY_COMMITTED, see {@link RaftNode#sessionOf}.
     */
    ProposeResult proposeOpenSession(int gatewayNode, long gatewayBoot, long nonce) {
        if (state.role != Role.LEADER) {
            return ProposeResult.NOT_LEADER;
        }
        SessionTable sessions = leader.sessions();
        long open = sessions.sessionOf(gatewayNode, gatewayBoot, nonce);
        if (open != SessionTable.NONE) {
            return state.committed.contains(open) ? ProposeResult.ALREADY_COMMITTED : ProposeResult.DUPLICATE;
        }
        if (sessions.size() >= state.config.sessionsMax()) {
            return ProposeResult.TOO_MANY_SESSIONS;
        }
        if (leader.windowIsFull()) {
            return ProposeResult.WINDOW_FULL;
        }
        leader.propose(EntryKind.SESSION, gatewayNode, 0, 0, nonce, gatewayBoot, 0, 0, null);
        return ProposeResult.ACCEPTED;
    }

    ProposeResult proposeCloseSession(long session) {
        if (state.role != Role.LEADER) {
            return ProposeResult.NOT_LEADER;
        }
        if (!leader.sessions().isKnown(session)) {
            return ProposeResult.ALREADY_COMMITTED;
        }
        if (leader.windowIsFull()) {
            return ProposeResult.WINDOW_FULL;
        }
        leader.propose(EntryKind.SESSION, 0, 0, session, 0, 0, 0, 0, null);
        return ProposeResult.ACCEPTED;
    }
}
