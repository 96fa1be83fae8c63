package io.parablock.simulator.check;

import io.parablock.raft.Role;
import org.jspecify.annotations.Nullable;

/** One node, looked at. Its memory if it is up; calls for memory of a node that is down may throw. */
public interface NodeView {
    int id();

    boolean isUp();

    /** Of its disk. */
    default long incarnation() {
        return id();
    }

    /** Grows with every start. */
    long boot();

    // ---- memory ----

    Role role();

    long term();

    int votedFor();

    long syncTerm();

    long mSync();

    long logBase();

    /** The last durable checkpoint's slot. */
    long checkpoint();

    long commitWatermark();

    /** Also true at and below the watermark. */
    boolean isCommitted(long slot);

    long appliedPrefix();

    /** Also true at and below the applied prefix. */
    boolean isApplied(long slot);

    /** The highest slot in memory. */
    long lastSlot();

    /** The entry that the effective log has at a slot, durable or not; null for a hole or below the log base. */
    @Nullable
    EntryView effective(long slot);

    /** Nobody has told it yet what it may have lost: its store is not to be compared. An install is no reason. */
    boolean isRebuilding();

    // ---- disk and store ----

    /** What the disk really has of this identity, by the simulated disk's own books. */
    SlotState onDisk(long slot, long origin);

    /**
     * The store's content now (with what the page cache has): the stamp of a sector, 0 for zeros. Must not depend on the
     * checksums that the node keeps.
     */
    long sectorStamp(long sector);

    /** The sector does not have its checksum: nobody reads what it holds. */
    default boolean isSectorDamaged(long sector) {
        return false;
    }
}
