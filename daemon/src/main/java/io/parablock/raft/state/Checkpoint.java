package io.parablock.raft.state;

import io.parablock.raft.log.OriginRun;
import java.util.List;

/**
 * CKPT (protocol.md §1, §7): everything up to slot {@code a} is in the block store, durably.
 *
 * @param a the checkpoint's slot, 0 for an empty store
 * @param origins origins of slots 1..a as run-lengths
 * @param sessions the dedupe table of exactly the entries {@code <= a}
 * @param logBase slots {@code <= logBase} may be gone from the WAL; {@code logBase <= a}
 */
public record Checkpoint(long a, List<OriginRun> origins, List<SessionImage> sessions, long logBase) {
    /** Nothing applied yet. */
    public static final Checkpoint EMPTY = new Checkpoint(0, List.of(), List.of(), 0);
}
