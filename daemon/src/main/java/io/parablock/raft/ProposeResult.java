package io.parablock.raft;

/** What became of a proposal. */
public enum ProposeResult {
    /** It has a slot; the answer comes with {@link Output#committed}. */
    ACCEPTED,
    /** The same (session, seq) is in the log already, not committed yet; the answer comes with {@link Output#committed}. */
    DUPLICATE,
    /** The same (session, seq) is committed: answer at once. */
    ALREADY_COMMITTED,
    NOT_LEADER,
    /** The in-flight window is full, or the merged log is not committed yet: keep it and try again at windowOpened. */
    WINDOW_FULL,
    UNKNOWN_SESSION,
    /** Below the session's floor: drop it silently. */
    SEQ_STALE,
    /** At or above floor + W: refuse. */
    SEQ_TOO_NEW,
    /** {@code sessionsMax} sessions are open. */
    TOO_MANY_SESSIONS
}
