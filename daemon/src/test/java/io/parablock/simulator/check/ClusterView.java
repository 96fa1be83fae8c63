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
}
