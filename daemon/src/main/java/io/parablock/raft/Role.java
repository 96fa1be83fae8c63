package io.parablock.raft;

/** The role of a node in its group. */
public enum Role {
    FOLLOWER,
    PRE_CANDIDATE,
    CANDIDATE,
    /** Has its votes, is in the merge stage. */
    LEADER_CANDIDATE,
    LEADER
}
