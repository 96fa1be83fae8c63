package io.parablock.replica;

import io.netty.buffer.ByteBuf;
import io.parablock.raft.log.Entry;
import io.parablock.wal.Wal;
import org.jspecify.annotations.Nullable;

/**
 * The way from a replica to the node's WAL: in place, or over a ring to the WAL's own thread. A failed write is reported
 * as fatal, never retried.
 */
public interface WalStage {
    /**
     * Writes the entry with the next {@link #submit}. The stage retains the payload while it needs it, and sets
     * {@link Entry#walPosition} before the token is reported durable.
     */
    void append(int groupId, Entry entry, @Nullable ByteBuf payload, long token);

    void submit();

    /**
     * Every few milliseconds. A stage that has been idle since the last call lets the WAL write down how far it is
     * durable (protocol.md §12: within 10 ms of the last acknowledgement).
     */
    void tick();

    void truncate(int groupId, long slot);

    /** Everything appended before is on stable storage when {@code done} runs, on the group's thread. */
    void force(Runnable done);

    /** The same, but the caller waits. */
    void forceAndWait();

    /** For reads, which any thread may do, and for status. */
    Wal wal();
}
