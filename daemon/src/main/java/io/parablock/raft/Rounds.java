package io.parablock.raft;

import io.parablock.raft.progress.PeerProgress;
import java.util.Arrays;

/**
 * The numbered rounds of a leader: every heartbeat and Append carries the newest one, and its echo says that the peer was in
 * this leader's term when it got it. Check-quorum, ReadIndex and leases rest on them (protocol.md §5, §8).
 */
final class Rounds {
    /** Rounds whose send time is remembered. */
    private static final int REMEMBERED = 1024;

    private final CoreState state;
    private final long[] sentNs = new long[REMEMBERED];
    private long last;
    private long lastSentNs;
    private long stalledAtNs = Long.MIN_VALUE / 2;

    Rounds(CoreState state) {
        this.state = state;
    }

    /** The newest round. */
    long last() {
        return last;
    }

    /** A new round goes out now. */
    long begin() {
        last++;
        sentNs[(int) last & (REMEMBERED - 1)] = state.nowNs;
        lastSentNs = state.nowNs;
        return last;
    }

    boolean isDue() {
        return state.nowNs - lastSentNs >= state.config.heartbeatIntervalNs();
    }

    /** @return false if the echo is of no known round */
    boolean confirm(PeerProgress p, long round) {
        if (round <= 0 || round > last || last - round >= REMEMBERED) {
            return false;
        }
        p.confirm(round, sentNs[(int) round & (REMEMBERED - 1)]);
        return true;
    }

    /** The newest round that a quorum, this node included, has answered. */
    long confirmed(PeerProgress[] peers) {
        long[] rounds = new long[peers.length + 1];
        rounds[0] = last;
        for (int i = 0; i < peers.length; i++) {
            rounds[i + 1] = counts(peers[i]) ? peers[i].confirmedRound() : 0;
        }
        return quorumth(rounds);
    }

    boolean counts(PeerProgress p) {
        return state.counts(p.node());
    }

    /** The greatest value that a quorum of the given ones reaches. */
    long quorumth(long[] values) {
        Arrays.sort(values);
        return values[values.length - state.config.quorum()];
    }

    /** @return false when a quorum has not answered what was sent within the last election timeout */
    boolean quorumAnswers(PeerProgress[] peers) {
        if (state.nowNs - stalledAtNs < state.config.electionTimeoutNs() / 2) {
            return true;
        }
        long[] sent = new long[peers.length + 1];
        sent[0] = state.nowNs;
        for (int i = 0; i < peers.length; i++) {
            sent[i + 1] = counts(peers[i]) ? peers[i].confirmedSentNs() : Long.MIN_VALUE / 2;
        }
        return state.nowNs - quorumth(sent) <= state.config.electionTimeoutNs();
    }

    /** This node stood still until now: the answers are waiting to be read. */
    void onStall(long nowNs) {
        stalledAtNs = nowNs;
    }
}
