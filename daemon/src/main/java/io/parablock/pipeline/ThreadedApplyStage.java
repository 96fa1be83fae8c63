package io.parablock.pipeline;

import com.lmax.disruptor.BatchEventProcessor;
import com.lmax.disruptor.BatchEventProcessorBuilder;
import com.lmax.disruptor.EventHandler;
import com.lmax.disruptor.RingBuffer;
import io.netty.buffer.ByteBuf;
import io.parablock.blockdev.store.BlockStore;
import io.parablock.raft.log.Entry;
import io.parablock.replica.ApplyStage;
import io.parablock.replica.StoreApplier;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One group's block store on a thread of its own.
 *
 * <pre>
 *   group ──► [apply ring, one producer] ──► apply thread ──► block store
 *     ▲        (full: the group keeps them)        │
 *     └──────── completions, offered to the ingress┘
 * </pre>
 */
public final class ThreadedApplyStage implements ApplyStage, AutoCloseable {
    private static final long CLOSE_TIMEOUT_MS = 5_000;

    private static final class Slot {
        @Nullable
        Entry entry;

        @Nullable
        ByteBuf payload;
    }

    private record Kept(Entry entry, @Nullable ByteBuf payload) {}

    private record Outcome(Entry entry, @Nullable Throwable failure) {}

    private final StoreApplier applier;
    private final GroupLoop loop;
    private final RingBuffer<Slot> ring;
    private final BatchEventProcessor<Slot> processor;
    private final Thread thread;
    /** Bounded by the core's in-flight window. */
    private final ArrayDeque<Kept> kept = new ArrayDeque<>();

    private final Object lock = new Object();
    private List<Outcome> outcomes = new ArrayList<>();
    private List<Outcome> draining = new ArrayList<>();
    private @Nullable Listener listener;
    private volatile boolean closed;
    private boolean failed;

    public ThreadedApplyStage(String name, BlockStore store, GroupLoop loop, PipelineConfig config) {
        this.applier = new StoreApplier(store);
        this.loop = loop;
        this.ring = RingBuffer.createSingleProducer(
                Slot::new, config.ringSize(), config.waiting().strategy());
        this.processor = new BatchEventProcessorBuilder().build(ring, ring.newBarrier(), new Handler());
        ring.addGatingSequences(processor.getSequence());
        this.thread = new Thread(processor, name);
        thread.setDaemon(true);
    }

    public void start() {
        thread.start();
    }

    @Override
    public void listener(Listener l) {
        this.listener = l;
    }

    @Override
    public void apply(Entry entry, @Nullable ByteBuf payload) {
        Kept k = new Kept(entry, payload);
        if (!kept.isEmpty() || !tryPublish(k)) {
            kept.add(k);
        }
    }

    private boolean tryPublish(Kept k) {
        return ring.tryPublishEvent(
                (slot, sequence, item) -> {
                    slot.entry = item.entry;
                    slot.payload = item.payload;
                },
                k);
    }

    /** Hands over what was left behind and takes the completions. */
    @Override
    public boolean endOfBatch() {
        while (!kept.isEmpty() && tryPublish(kept.peek())) {
            kept.remove();
        }
        return drain();
    }

    private boolean drain() {
        Listener l = listener;
        synchronized (lock) {
            List<Outcome> swap = outcomes;
            outcomes = draining;
            draining = swap;
        }
        boolean any = !draining.isEmpty();
        for (Outcome o : draining) {
            if (l != null && o.failure == null) {
                l.onApplied(o.entry);
            } else if (l != null && o.failure != null) {
                l.onApplyFailed(o.entry, o.failure);
            }
        }
        draining.clear();
        return any;
    }

    private final class Handler implements EventHandler<Slot> {
        @Override
        public void onEvent(Slot slot, long sequence, boolean endOfBatch) {
            Entry e = slot.entry;
            ByteBuf payload = slot.payload;
            slot.entry = null;
            slot.payload = null;
            if (e != null && !closed && !failed) {
                Outcome o = outcomeOf(e, payload);
                failed = o.failure != null;
                synchronized (lock) {
                    outcomes.add(o);
                }
            }
            if (payload != null) {
                payload.release();
            }
            if (endOfBatch) {
                // Not taken: the ingress is full, so a batch comes, and its end drains.
                boolean unused = loop.offer(ThreadedApplyStage.this::drain);
            }
        }

        private Outcome outcomeOf(Entry e, @Nullable ByteBuf payload) {
            try {
                applier.apply(e, payload);
                return new Outcome(e, null);
            } catch (RuntimeException | AssertionError failure) {
                return new Outcome(e, failure);
            }
        }
    }

    /** What waits is released, not applied: it is in the WAL. */
    @Override
    public void close() {
        closed = true;
        for (Kept k : kept) {
            if (k.payload != null) {
                k.payload.release();
            }
        }
        kept.clear();
        try {
            long deadline = System.nanoTime() + CLOSE_TIMEOUT_MS * 1_000_000;
            while (thread.isAlive()
                    && processor.getSequence().get() < ring.getCursor()
                    && System.nanoTime() < deadline) {
                Thread.sleep(1);
            }
            processor.halt();
            thread.join(CLOSE_TIMEOUT_MS);
        } catch (InterruptedException e) {
            processor.halt();
            Thread.currentThread().interrupt();
        }
    }
}
