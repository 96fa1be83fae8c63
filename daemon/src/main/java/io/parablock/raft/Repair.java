package io.parablock.raft;

import io.parablock.raft.log.Entry;
import io.parablock.raft.log.OriginRun;
import io.parablock.raft.log.RaftLog;
import io.parablock.raft.log.SlotRun;
import io.parablock.raft.message.Message;
import java.util.ArrayList;
import java.util.List;

/**
 * Damaged records (protocol.md §4 Repair, §12), on a follower and on a leader alike: the slot is UNKNOWN, is fetched from
 * any peer at the same (slot, origin), written again, and held, acknowledged and applied only once that is durable.
 *
 * <pre>
 *   DURABLE ─unreadable─► UNKNOWN ─Fetch, Entries─► WRITING ─durable─► DURABLE
 * </pre>
 */
final class Repair {
    /** Election timeouts after which no peer seems to have a readable copy: a leader lets another one lead. */
    private static final int PATIENCE_TIMEOUTS = 4;

    private final CoreState state;
    private long lastFetchNs;
    /** Since when some slot has been unreadable, 0: none is. */
    private long damagedSinceNs;
    /** The same for a leader's committed slots above its checkpoint. */
    private long incompleteSinceNs;

    private int source;

    Repair(CoreState state) {
        this.state = state;
    }

    /**
     * The record of this entry cannot be read any more.
     *
     * @return true if this node must not go on as leader or candidate: others rely on a prefix that it has not got, or wait
     *     for an entry that it can send to nobody
     */
    boolean onUnreadable(Entry read) {
        long slot = read.slot();
        Entry e = state.log.get(slot);
        // It may have been written again meanwhile.
        if (e == null
                || e.origin() != read.origin()
                || e.walPosition != read.walPosition
                || !state.log.isDurable(slot)) {
            return false;
        }
        if (state.config.voters().length == 1) {
            throw new IllegalStateException(
                    "the record of slot " + slot + " is unreadable, and no other node has a copy");
        }
        state.log.markUnknown(slot, state.checkpoint);
        state.unknownAboveDurable.remove(slot);
        state.output.event = "the record of slot " + slot + " is unreadable: it is fetched from a peer";
        lastFetchNs = 0;
        return switch (state.role) {
            case FOLLOWER -> false;
            case LEADER -> !state.committed.contains(slot);
            case PRE_CANDIDATE, CANDIDATE, LEADER_CANDIDATE -> true;
        };
    }

    /** Entries of a peer; those of damaged slots are written again. */
    void onEntries(Message.Entries m) {
        for (Entry e : m.entries()) {
            if (state.isSynced()
                    && state.log.state(e.slot()) == RaftLog.UNKNOWN
                    && state.isEffective(e.slot(), e.origin())) {
                state.log.putWriting(e);
                state.output.appends.add(e);
            }
        }
    }

    /**
     * Asks again for what is still missing.
     *
     * @return false if this node must not go on as leader: the others may have truncated a slot that it lacks, and only a
     *     follower can be installed
     */
    boolean tick() {
        // What the checkpoint covers is held, whatever became of its record.
        state.log.cover(state.checkpoint);
        damagedSinceNs = state.log.unknownCount() == 0 ? 0 : damagedSinceNs == 0 ? state.nowNs : damagedSinceNs;
        state.repairIsStuck = isOld(damagedSinceNs);
        boolean incomplete = state.log.unknownCount() > 0 && state.log.contigPrefix() < state.committed.watermark();
        if (!incomplete || state.role != Role.LEADER) {
            incompleteSinceNs = 0;
        } else if (incompleteSinceNs == 0) {
            incompleteSinceNs = state.nowNs;
        }
        fetch();
        return !isOld(incompleteSinceNs);
    }

    private boolean isOld(long sinceNs) {
        return sinceNs != 0 && state.nowNs - sinceNs >= PATIENCE_TIMEOUTS * state.config.electionTimeoutNs();
    }

    private void fetch() {
        // Without META and SYNCREC there is no effective log, but term and sync term are equal: both are unknown.
        if (!state.curable
                || !state.isSynced()
                || state.log.unknownCount() == 0
                || state.config.voters().length == 1
                || state.nowNs - lastFetchNs < state.config.retransmitNs()) {
            return;
        }
        List<OriginRun> wanted = new ArrayList<>();
        int slots = 0;
        for (SlotRun r : state.log.runs(state.log.base(), state.log.last(), RaftLog.UNKNOWN)) {
            for (long s = r.first(); s <= r.last() && slots < state.config.fetchSlotsMax(); s++, slots++) {
                FollowerLog.addRun(wanted, s, state.effectiveOrigin(s));
            }
        }
        lastFetchNs = state.nowNs;
        state.send(nextSource(), new Message.Fetch(state.term, wanted));
    }

    /** Any holder will do, and one of them may have truncated it: they take turns. */
    private int nextSource() {
        int[] voters = state.config.voters();
        do {
            source = (source + 1) % voters.length;
        } while (voters[source] == state.config.nodeId());
        return voters[source];
    }
}
