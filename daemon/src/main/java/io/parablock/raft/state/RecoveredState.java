package io.parablock.raft.state;

import io.parablock.raft.log.Entry;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a starting node found on its disk.
 *
 * @param syncRecord null if none was ever written
 * @param entries every readable WAL entry of the group above the checkpoint's log base, in WAL order, duplicates
 *     included
 * @param damagedSlots slots whose record is there but unreadable (UNKNOWN, protocol.md §12)
 * @param damagedAboveDurable those of them that were not yet known to be durable: above D
 * @param amnesiac the log may lack entries that were acknowledged (protocol.md §11): no vote, no ack before the cure
 * @param flushedIsHere the amnesia comes from a power loss with durability=mapped alone: whatever was flushed is here
 * @param stateLost META or the newest SYNCREC is lost (protocol.md §12): amnesia that no leader can cure
 */
public record RecoveredState(
        HardState hardState,
        @Nullable SyncRecord syncRecord,
        Checkpoint checkpoint,
        List<Entry> entries,
        List<Long> damagedSlots,
        List<Long> damagedAboveDurable,
        boolean amnesiac,
        boolean flushedIsHere,
        boolean stateLost) {
    /** With META and SYNCREC as they were written, and nothing damaged that was not durable. */
    public RecoveredState(
            HardState hardState,
            @Nullable SyncRecord syncRecord,
            Checkpoint checkpoint,
            List<Entry> entries,
            List<Long> damagedSlots,
            boolean amnesiac) {
        this(hardState, syncRecord, checkpoint, entries, damagedSlots, List.of(), amnesiac, true, false);
    }

    /** A new node. */
    public static RecoveredState fresh() {
        return new RecoveredState(HardState.FRESH, null, Checkpoint.EMPTY, List.of(), List.of(), false);
    }
}
