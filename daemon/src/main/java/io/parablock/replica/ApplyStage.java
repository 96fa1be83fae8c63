package io.parablock.replica;

import io.netty.buffer.ByteBuf;
import io.parablock.raft.log.Entry;
import org.jspecify.annotations.Nullable;

/** The way from a replica to its block store: in place after the replies, or over a ring to the apply thread. In order. */
public interface ApplyStage {
    /** Told on the group's thread. */
    interface Listener {
        void onApplied(Entry entry);

        void onApplyFailed(Entry entry, Throwable cause);
    }

    /** Before the first {@link #apply}. */
    void listener(Listener listener);

    /** The payload's reference passes to the stage. */
    void apply(Entry entry, @Nullable ByteBuf payload);

    /** The replies are out: an in-place stage works now. Returns whether anything was applied. */
    boolean endOfBatch();

    /** Releases what waits. */
    void close();
}
