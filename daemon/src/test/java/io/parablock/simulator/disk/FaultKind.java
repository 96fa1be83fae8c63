package io.parablock.simulator.disk;

/** What a simulated disk can do to its owner. */
public enum FaultKind {
    /** A power loss dropped at least one written, unforced sector. */
    LOST_SECTORS,
    /** A power loss kept a part of the sectors of one write. */
    TORN_WRITE,
    /** A power loss undid a creation, rename or deletion whose directory was not forced. */
    LOST_NAME,
    /** Somebody else filled the disk. */
    FULL_DISK,
    /** A sector cannot be read until it is written again. */
    READ_ERROR,
    /** A write or a force reported an I/O error. */
    WRITE_ERROR,
    /** A bit of a stored sector changed. */
    BIT_ROT,
    /** A sector went to another place of the same file. */
    MISDIRECTED_WRITE,
    /** A forced sector was acknowledged and not written. */
    LOST_WRITE,
    /** The disk was replaced by an empty one. */
    WIPE
}
