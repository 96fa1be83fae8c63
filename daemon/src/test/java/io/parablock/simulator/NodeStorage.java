package io.parablock.simulator;

/** What one node's disk holds over crashes. */
public interface NodeStorage {
    /**
     * The three stores that a booted replica works on.
     *
     * @param completesLater the log says that records are durable when its disk has written them, in nobody's call
     */
    record Ports(
            io.parablock.wal.Wal wal,
            io.parablock.wal.StateStore state,
            io.parablock.blockdev.store.BlockStore store,
            boolean completesLater) {}

    /** Opens the stores after a boot; runs the production recovery code. */
    Ports open(io.parablock.wal.WalListener listener, DiskTime time);

    /** The process dies: the page cache stays. */
    void kill();

    /** Any subset of unflushed sectors is lost. */
    void powerLoss();

    /** The disk is replaced by an empty one. */
    void wipe();

    /** Whether the cluster can do without what this node holds. */
    default boolean mayLose() {
        return true;
    }

    /** The node cannot vouch for what it holds, by {@code lost}, or can again. */
    default void lost(boolean lost) {}

    /** Whether its owner has noted the members of the cluster; until then it needs every other node. */
    default void formed(boolean formed) {}

    /** Whether a crash has left writes of which no header is there, and nothing to prove that they did not complete. */
    default boolean hasUnprovenTail() {
        return false;
    }

    /** Whether something stored is bad now. */
    default boolean isDamaged() {
        return false;
    }

    /** Whether the disk has lost so much that its owner may refuse to start, or forget what it acknowledged. */
    default boolean isLost() {
        return false;
    }
}
