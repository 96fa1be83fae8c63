package io.parablock.raft;

/** What came of a leader's attempt to hand over. */
public enum TransferResult {
    /** A peer is about to take over. */
    UNDER_WAY,
    /** This node does not lead. */
    NOT_LED,
    /** No peer could take over now. */
    NOBODY,
    /** The named peer has not answered for an election timeout, or is not connected. */
    AWAY,
    /** The named peer lacks a part of the log, or of the block store. */
    BEHIND,
    /** Another peer than the named one is about to take over. */
    TO_ANOTHER
}
