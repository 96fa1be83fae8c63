package io.parablock.replica;

import io.parablock.blockdev.store.DamagedRange;
import io.parablock.raft.log.Entry;
import io.parablock.wal.StateStore;
import java.util.List;
import java.util.function.Consumer;

/**
 * Damage that a replica finds on its own disk: one line at a time for the operator; the repair of a record begins here. On the group's thread.
 */
final class DamageReport {
    /** Between two lines. */
    private static final long QUIET_NS = 10_000_000_000L;

    private static final int NAMED_RANGES_MAX = 4;

    private final int groupId;
    private final ReplicaPorts ports;
    private final Consumer<Entry> unreadable;
    private final Lines recordLines = new Lines();
    private final Lines blockLines = new Lines();
    private final Lines lostLines = new Lines();
    private final Lines stateLines = new Lines();

    /** @param unreadable begins the repair of a record; does nothing where no other node has a copy */
    DamageReport(int groupId, ReplicaPorts ports, Consumer<Entry> unreadable) {
        this.unreadable = unreadable;
        this.groupId = groupId;
        this.ports = ports;
    }

    void onDamagedRecord(Entry entry) {
        recordLines.tell("the record of slot " + entry.slot() + " in the log is damaged");
        unreadable.accept(entry);
    }

    void tellOfBlocks(List<DamagedRange> ranges) {
        List<DamagedRange> named = ranges.subList(0, Math.min(NAMED_RANGES_MAX, ranges.size()));
        blockLines.tell(DamagedRange.totalBytes(ranges) + " bytes of the block store are damaged, at " + named
                + (ranges.size() > named.size() ? " and elsewhere" : "") + "; they are fetched from a peer");
    }

    void tellOfLost(DamagedRanges.Range range) {
        lostLines.tell("the sector at byte " + range.offsetBytes()
                + " of the block store is damaged on every node: reads of it fail until it is written");
    }

    /** @param copies bad ones of {@code part} */
    void tellOfState(StateStore.Part part, int copies) {
        String name = switch (part) {
            case META -> "META";
            case SYNC_RECORD -> "SYNCREC";
            case CHECKPOINT -> "CKPT";
        };
        stateLines.tell(
                copies < part.copies()
                        ? copies + " of " + part.copies() + " copies of " + name + " was damaged: it is written again"
                        : name + " was damaged in every copy, and is written again from memory:"
                                + " a restart before that would have lost this node. Replace the disk");
    }

    /** The lines of one kind of damage: none soon after another. */
    private final class Lines {
        private boolean any;
        private long lastNs;
        private long untold;

        void tell(String line) {
            long nowNs = ports.nowNs().getAsLong();
            if (any && nowNs - lastNs < QUIET_NS) {
                untold++;
                return;
            }
            String more = untold > 0 ? "; " + untold + " findings before it were not told" : "";
            ports.events().onDamage(groupId, line + more);
            any = true;
            lastNs = nowNs;
            untold = 0;
        }
    }
}
