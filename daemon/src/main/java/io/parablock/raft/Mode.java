package io.parablock.raft;

/** How entries pass each other (protocol.md §13); cluster-wide. */
public enum Mode {
    PARALLEL,
    STRICT
}
