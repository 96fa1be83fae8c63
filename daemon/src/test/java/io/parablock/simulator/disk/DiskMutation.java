package io.parablock.simulator.disk;

/** The log with one of its promises taken away: a checker must miss it. */
public enum DiskMutation {
    NONE,
    /** A record that was durable and is unreadable now is taken for one that never was (protocol.md §12). */
    ABSENT_BELOW_D,
    /** What a start finds in its log is not forced before it is vouched for. */
    NO_FORCE_AT_START,
    /** A direct write is complete once it is in a cache that a power loss empties. */
    NO_DSYNC
}
