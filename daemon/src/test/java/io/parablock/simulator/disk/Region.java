package io.parablock.simulator.disk;

/** What is at stake when a place on a node's disk is damaged: a unit of which other nodes hold copies. */
public sealed interface Region {
    /** The payload of the entry in one slot; its identity stays readable. */
    record Slot(int groupId, long slot) implements Region {}

    /** One 4 KiB block of a group's block store. */
    record Extent(int groupId, long block) implements Region {}

    /** One of the two copies of META. */
    record MetaCopy(int groupId, int copy) implements Region {}

    /** What this node cannot vote without: SYNCREC, CKPT, and whatever tells which entries its log held. */
    record Vital(int groupId) implements Region {}
}
