package io.parablock.raft;

import io.parablock.raft.log.Entry;
import io.parablock.raft.log.EntryKind;
import io.parablock.raft.log.RaftLog;
import io.parablock.raft.membership.Members;
import io.parablock.raft.membership.Seat;
import java.util.NavigableMap;
import org.jspecify.annotations.Nullable;

/**
 * Whose disks count (protocol.md §9): the latest CONFIG of the effective log is in force, committed or not.
 *
 * <p>A CONFIG entry is one seat as it is from then on: offset = the node's id, seq = the generation, lowestOutstanding = the
 * incarnation.
 */
final class Configs {
    private final RaftLog log;
    private Members founders;
    /** As of the applied prefix, as the dedupe table is. */
    private Members applied;

    private long appliedSlot;
    private Members inForce;
    private long seenChanges = -1;

    /** @param checkpointed null: nothing had changed */
    Configs(RaftLog log, Members founders, @Nullable Members checkpointed, long slot) {
        this.log = log;
        this.founders = founders;
        this.applied = founders;
        this.inForce = founders;
        load(checkpointed, slot);
    }

    /** Nothing has been done with these members yet. */
    void found(Members members) {
        if (!members.seats().keySet().equals(founders.seats().keySet())) {
            throw new IllegalArgumentException("members " + members + ", but the voters are " + founders);
        }
        if (applied.equals(founders)) {
            applied = members;
            seenChanges = -1;
        }
        founders = members;
    }

    Members founders() {
        return founders;
    }

    /** Everything up to {@code slot} is in the store. */
    void load(@Nullable Members checkpointed, long slot) {
        applied = checkpointed == null ? founders : checkpointed;
        appliedSlot = slot;
        seenChanges = -1;
    }

    /** The next applied entry. */
    void onApplied(long slot, @Nullable Entry e) {
        if (e != null && e.kind() == EntryKind.CONFIG) {
            applied = applied.with(nodeOf(e), seatOf(e));
            seenChanges = -1;
        }
        appliedSlot = slot;
    }

    static int nodeOf(Entry config) {
        return (int) config.offsetBytes();
    }

    static Seat seatOf(Entry config) {
        return new Seat((int) config.seq(), config.lowestOutstanding());
    }

    Members inForce() {
        if (seenChanges != log.configChanges()) {
            Members now = applied;
            NavigableMap<Long, Entry> later = log.configs().tailMap(appliedSlot, false);
            for (Entry e : later.values()) {
                now = now.with(nodeOf(e), seatOf(e));
            }
            inForce = now;
            seenChanges = log.configChanges();
        }
        return inForce;
    }

    /** For CKPT: null while nothing has changed. */
    @Nullable
    Members checkpointed() {
        return applied.isFounding() ? null : applied;
    }

    Members applied() {
        return applied;
    }

    /**
     * The slot of the latest CONFIG that may not be applied yet, or 0. Every slot before it was committed when it was
     * proposed.
     */
    long latestSlot() {
        return log.configs().isEmpty() ? 0 : log.configs().lastKey();
    }
}
