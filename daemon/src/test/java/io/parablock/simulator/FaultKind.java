package io.parablock.simulator;

import java.util.Locale;

/** What may go wrong; each kind is counted when it takes effect. */
enum FaultKind {
    /** A message is lost. */
    LOSS,
    /** A message arrives twice. */
    DUPLICATE,
    /** A message overtakes another one of its lane. */
    REORDER,
    /** A message is late by up to some election timeouts. */
    DELAY,
    /** One lane of one link moves nothing for a while. */
    CLOG,
    /** Two groups of nodes cannot talk. */
    PARTITION,
    /** One direction of a link is cut. */
    ONE_WAY,
    /** One node is cut off. */
    ISOLATE,
    /** A link goes up and down quickly. */
    FLAP,
    /** A connection is reset: what is in flight on it is lost. */
    RESET,
    /** The process dies, the page cache stays. */
    KILL,
    /** The machine dies: any subset of what was not flushed is lost. */
    POWER_LOSS,
    /** Power loss of every node at once. */
    BLACKOUT,
    /** The process dies right before or after a durable step. */
    CRASH_POINT,
    /** The process dies right before or after a durable step of an install. */
    INSTALL_CRASH,
    /** An orderly stop; a leader hands over first. */
    STOP,
    /** A leader hands over. */
    HAND_OVER,
    /** The process stands still for longer than an election timeout. */
    PAUSE,
    /** The clock jumps ahead; with reads=lease, the whole machine sleeps, and its clock does not know. */
    CLOCK_JUMP,
    /** The clock runs fast or slow. */
    CLOCK_DRIFT,
    /** Every durable step takes long. */
    SLOW_DISK,
    /** A write, force or fsync fails: the node must stop. */
    WRITE_ERROR,
    /** The log has no room left. */
    FULL_DISK,
    /** A power loss in the middle of a write: some of its sectors are on the disk. */
    TORN_WRITE,
    /** A stored bit of the log, META, SYNCREC or CKPT flips. */
    BIT_ROT,
    /** A page of them cannot be read until it is written again. */
    READ_ERROR,
    /** A forced sector never reached the disk. */
    LOST_WRITE,
    /** A forced sector went to another place of its file. */
    MISDIRECTED_WRITE,
    /** A sector of the block store does not have its checksum any more. */
    BLOCK_ROT,
    /** The disk is lost with all it held; the node starts with an empty one, and must not count any more. */
    WIPE,
    /** A client goes away with requests under way. */
    CLIENT_DEATH;

    /** It happens to sectors, so only where the disks have some. */
    boolean needsSectors() {
        return this == TORN_WRITE || isDamage();
    }

    /** It spoils what was stored. */
    boolean isDamage() {
        return this == BIT_ROT || this == READ_ERROR || this == LOST_WRITE || this == MISDIRECTED_WRITE;
    }

    /** As written on the command line. */
    String label() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    static FaultKind ofLabel(String label) {
        return valueOf(label.toUpperCase(Locale.ROOT).replace('-', '_'));
    }
}
