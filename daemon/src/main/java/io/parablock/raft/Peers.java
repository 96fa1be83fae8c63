package io.parablock.raft;

import io.parablock.raft.membership.Members;
import io.parablock.raft.progress.PeerProgress;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Whom a leader, or a leader candidate, sends to: one for each seat but its own, taken or vacant. */
final class Peers {
    private final CoreState state;
    private final int window;
    private PeerProgress[] all = new PeerProgress[0];

    Peers(CoreState state) {
        this.state = state;
        this.window = CoreState.WINDOW_SPANS * state.config.span();
    }

    /** In the order of their ids; not copied. */
    PeerProgress[] all() {
        return all;
    }

    @Nullable
    PeerProgress of(int node) {
        for (PeerProgress p : all) {
            if (p.node() == node) {
                return p;
            }
        }
        return null;
    }

    /** @param round the newest one of this leader */
    void begin(long round) {
        List<PeerProgress> list = new ArrayList<>();
        for (int voter : state.config.voters()) {
            if (voter != state.config.nodeId()) {
                list.add(new PeerProgress(voter, window, 0, round, state.nowNs));
            }
        }
        all = list.toArray(new PeerProgress[0]);
    }

    /**
     * A message of this disk has come.
     *
     * @param m the last slot of the merged log
     * @return true if another one answered there before: nothing that is known of the peer holds any more
     */
    boolean isNewDisk(PeerProgress p, long disk, long m) {
        Members members = state.configs.inForce();
        boolean isLearner = !members.isTaken(p.node());
        boolean changed = isLearner && p.disk() != 0 && p.disk() != disk;
        PeerProgress now = changed ? renew(p.node(), m) : p;
        if (isLearner || members.counts(p.node(), disk)) {
            now.disk(disk);
        }
        return changed;
    }

    /** What is known of the peer was of a disk that counts no more. */
    PeerProgress renew(int node, long m) {
        PeerProgress fresh = new PeerProgress(node, window, m, 0, state.nowNs);
        for (int i = 0; i < all.length; i++) {
            if (all[i].node() == node) {
                fresh.onConnected(all[i].connected());
                all[i] = fresh;
            }
        }
        return fresh;
    }

    void onConnected(int node, boolean up) {
        PeerProgress p = of(node);
        if (p != null) {
            p.onConnected(up);
        }
    }

    /** -1: unknown. */
    long contigPrefixOf(int node) {
        PeerProgress p = of(node);
        return node == state.config.nodeId() ? state.log.contigPrefix() : p == null ? -1 : p.contigPrefix();
    }

    /** In the order of the voters. */
    long[] contigPrefixes() {
        int[] voters = state.config.voters();
        long[] out = new long[voters.length];
        for (int i = 0; i < out.length; i++) {
            out[i] = contigPrefixOf(voters[i]);
        }
        return out;
    }

    void clear() {
        all = new PeerProgress[0];
    }
}
