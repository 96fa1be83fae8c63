package io.parablock.simulator;

/** What one node's disk holds over crashes. */
public interface NodeStorage {
    /** The three stores that a booted replica works on. */
    record Ports(
            io.parablock.wal.Wal wal,
            io.parablock.wal.StateStore state,
            io.parablock.blockdev.store.BlockStore store) {}

    /** Opens the stores after a boot; runs the production recovery code. */
    Ports open(io.parablock.wal.WalListener listener);

    /** The process dies: the page cache stays. */
    void kill();

    /** Any subset of unflushed sectors is lost. */
    void powerLoss();

    /** The disk is replaced by an empty one. */
    void wipe();
}
