package io.parablock.simulator.check;

/** What a disk really has at a slot (protocol.md §1), whatever the node believes. */
public enum SlotState {
    PRESENT,
    ABSENT,
    UNKNOWN
}
