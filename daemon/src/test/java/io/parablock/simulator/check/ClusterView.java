package io.parablock.simulator.check;

/** A cluster of one group, looked at between two events. Single-threaded. */
public interface ClusterView {
    int SECTOR_BYTES = 512;

    /** Virtual time. */
    long nowNs();

    /** Ids are 1..nodes(). */
    int nodes();

    NodeView node(int id);

    /** The size of the group's chunk in sectors. */
    long sectors();

    /** The stamp that applying the entry leaves in a sector of its extent; 0 for TRIM and ZERO. */
    long stamp(EntryView entry, long sector);
}
