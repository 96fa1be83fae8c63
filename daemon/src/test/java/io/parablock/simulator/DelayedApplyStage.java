package io.parablock.simulator;

import io.netty.buffer.ByteBuf;
import io.parablock.blockdev.store.BlockStore;
import io.parablock.raft.log.Entry;
import io.parablock.replica.ApplyStage;
import io.parablock.replica.InlineApplyStage;
import io.parablock.replica.StoreApplier;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/** An apply thread, which is late; or the production stage in place ({@code inline}). Told to the checkers. */
final class DelayedApplyStage implements ApplyStage {
    private record Waiting(Entry entry, @Nullable ByteBuf payload) {}

    private final SimulatedNode node;
    private final StoreApplier applier;
    private final @Nullable InlineApplyStage inline;
    private final DurableSteps steps;
    private final ArrayDeque<Waiting> waiting = new ArrayDeque<>();
    private @Nullable Listener listener;
    private boolean pumping;
    private boolean stopped;

    DelayedApplyStage(SimulatedNode node, BlockStore store, DurableSteps steps, boolean inline) {
        this.node = node;
        this.applier = new StoreApplier(store);
        this.steps = steps;
        this.inline = inline ? new InlineApplyStage(store) : null;
    }

    @Override
    public void listener(Listener l) {
        Listener observed = new Listener() {
            @Override
            public void onApplied(Entry entry) {
                node.record().onApplied(entry);
                l.onApplied(entry);
            }

            @Override
            public void onApplyFailed(Entry entry, Throwable cause) {
                l.onApplyFailed(entry, cause);
            }
        };
        this.listener = l;
        if (inline != null) {
            inline.listener(observed);
        }
    }

    @Override
    public void apply(Entry entry, @Nullable ByteBuf payload) {
        node.record().onApplyStarted(entry);
        if (inline != null) {
            inline.apply(entry, payload);
            return;
        }
        waiting.add(new Waiting(entry, payload));
        if (!pumping) {
            pumping = true;
            node.onDisk(steps.latencyNs(), this::pump);
        }
    }

    private void pump() {
        pumping = false;
        Waiting w = waiting.poll();
        if (w == null || stopped) {
            return;
        }
        Listener l = listener;
        if (l == null) {
            throw new AssertionError("no listener");
        }
        try {
            applier.apply(w.entry, w.payload);
            node.record().onApplied(w.entry);
            node.enqueue(() -> l.onApplied(w.entry));
        } catch (RuntimeException e) {
            stopped = true;
            node.enqueue(() -> l.onApplyFailed(w.entry, e));
        } finally {
            if (w.payload != null) {
                w.payload.release();
            }
        }
        if (!waiting.isEmpty()) {
            pumping = true;
            node.onDisk(steps.latencyNs() / 4, this::pump);
        }
    }

    @Override
    public boolean endOfBatch() {
        return inline != null && inline.endOfBatch();
    }

    @Override
    public void close() {
        stopped = true;
        if (inline != null) {
            inline.close();
        }
        for (Waiting w : waiting) {
            if (w.payload != null) {
                w.payload.release();
            }
        }
        waiting.clear();
    }
}
