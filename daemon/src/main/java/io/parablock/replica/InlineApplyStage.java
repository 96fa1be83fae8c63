package io.parablock.replica;

import io.netty.buffer.ByteBuf;
import io.parablock.blockdev.store.BlockStore;
import io.parablock.raft.log.Entry;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * Applies on the group's thread, at the end of the batch: after the replies have left.
 *
 * <pre>
 *   replica ──apply──► [waiting] ──endOfBatch──► block store ──► onApplied
 * </pre>
 */
public final class InlineApplyStage implements ApplyStage {
    /** Per call: a node that starts has a whole log to apply, and the event loop has more to do. */
    private static final int APPLIES_MAX = 64;

    private record Waiting(Entry entry, @Nullable ByteBuf payload) {}

    private final StoreApplier applier;
    private final ArrayDeque<Waiting> waiting = new ArrayDeque<>();
    private @Nullable Listener listener;

    public InlineApplyStage(BlockStore store) {
        this.applier = new StoreApplier(store);
    }

    @Override
    public void listener(Listener l) {
        this.listener = l;
    }

    @Override
    public void apply(Entry entry, @Nullable ByteBuf payload) {
        waiting.add(new Waiting(entry, payload));
    }

    @Override
    public boolean endOfBatch() {
        Listener l = listener;
        if (waiting.isEmpty() || l == null) {
            return false;
        }
        for (int left = APPLIES_MAX; left > 0; left--) {
            Waiting w = waiting.poll();
            if (w == null) {
                break;
            }
            try {
                applier.apply(w.entry, w.payload);
            } catch (RuntimeException e) {
                l.onApplyFailed(w.entry, e);
                return true;
            } finally {
                if (w.payload != null) {
                    w.payload.release();
                }
            }
            l.onApplied(w.entry);
        }
        return true;
    }

    @Override
    public void close() {
        for (Waiting w : waiting) {
            if (w.payload != null) {
                w.payload.release();
            }
        }
        waiting.clear();
    }
}
