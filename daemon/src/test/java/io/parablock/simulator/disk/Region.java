package io.parablock.simulator.disk;

/** What is at stake when a place on a node's disk is damaged: a unit of which other nodes hold copies. */
public sealed interface Region {
    /** The payload of the entry in one slot; its identity stays readable. */
    record Slot(int groupId, long slot) implements Region {}

    /** One 4 KiB block of a group's block store. */
    record Extent(int groupId, long block) implements Region {}

    /** Copy 0 or 1 of something that the node cannot vote without and keeps twice, such as META. */
    record Twin(String what, int copy) implements Region {
        Twin other() {
            return new Twin(what, 1 - copy);
        }
    }

    /** What the node cannot vote without and keeps once: SYNCREC, CKPT, and whatever tells what its log held. */
    record Vital() implements Region {}

    /** What the node does not start without, CKPT: Vital too, and nobody hears from its node again. */
    record Startup() implements Region {}
}
