package io.parablock.raft.state;

import io.parablock.raft.log.OriginRun;
import io.parablock.raft.membership.Members;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * CKPT (protocol.md §1, §7): everything up to slot {@code a} is in the block store, durably.
 *
 * @param a the checkpoint's slot, 0 for an empty store
 * @param origins origins of slots 1..a as run-lengths
 * @param sessions the dedupe table of exactly the entries {@code <= a}
 * @param logBase slots {@code <= logBase} may be gone from the WAL; {@code logBase <= a}
 * @param e after an install: the store may hold parts of slots up to this one, so it is readable only once all of them
 *     are applied; otherwise 0
 * @param installing an install is overwriting the block store, which is neither old nor new
 * @param members the configuration after slot a; null if no CONFIG has changed it since the cluster formed
 */
public record Checkpoint(
        long a,
        List<OriginRun> origins,
        List<SessionImage> sessions,
        long logBase,
        long e,
        boolean installing,
        @Nullable Members members) {
    /** Nothing applied yet. */
    public static final Checkpoint EMPTY = new Checkpoint(0, List.of(), List.of(), 0);

    /** Of members that have not changed. */
    public Checkpoint(
            long a, List<OriginRun> origins, List<SessionImage> sessions, long logBase, long e, boolean installing) {
        this(a, origins, sessions, logBase, e, installing, null);
    }

    /** Not of an install. */
    public Checkpoint(long a, List<OriginRun> origins, List<SessionImage> sessions, long logBase) {
        this(a, origins, sessions, logBase, 0, false);
    }

    /** The same, with an install begun: log, log base and slot stay as they are. */
    public Checkpoint asInstalling() {
        return new Checkpoint(a, origins, sessions, logBase, e, true, members);
    }
}
