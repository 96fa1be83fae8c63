package io.parablock.pipeline;

import com.lmax.disruptor.BatchEventProcessor;
import com.lmax.disruptor.BatchEventProcessorBuilder;
import com.lmax.disruptor.EventHandler;
import com.lmax.disruptor.RingBuffer;
import io.netty.buffer.ByteBuf;
import io.parablock.raft.log.Entry;
import io.parablock.replica.InlineWalStage;
import io.parablock.replica.Replica;
import io.parablock.replica.WalRouter;
import io.parablock.replica.WalStage;
import io.parablock.wal.Wal;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;
import org.agrona.collections.LongArrayList;
import org.jspecify.annotations.Nullable;

/**
 * The WAL on a thread of its own, shared by the node's groups.
 *
 * <pre>
 *   group 1 ──┐                          ┌── append, append, … then one submit per batch
 *   group 2 ──┼─► [WAL ring] ──► WAL thread
 *   group n ──┘   (full: the group       └── durable(token) ──► the group's completions ──► offered to its ingress
 *                  keeps them itself)
 * </pre>
 *
 * <p>Nobody waits here for room in a ring: a group keeps what the WAL ring does not take and tries again at the end of its
 * batch; the WAL thread leaves completions where the group finds them at the end of its batch if the ingress is full.
 */
public final class ThreadedWalStage implements AutoCloseable {
    private static final long CLOSE_TIMEOUT_MS = 5_000;

    private interface Work {
        void run(Wal wal);
    }

    private static final class Slot {
        int groupId;

        @Nullable
        Entry entry;

        @Nullable
        ByteBuf payload;

        long token;

        @Nullable
        Work work;
    }

    private final Wal wal;
    private final WalRouter router;
    private final RingBuffer<Slot> ring;
    private final BatchEventProcessor<Slot> processor;
    private final Thread thread;
    private final CopyOnWriteArrayList<GroupWal> groups = new CopyOnWriteArrayList<>();
    private volatile @Nullable Throwable failure;

    /** @param router hears of what {@code wal} has made durable, on the WAL's thread or, with {@link #signal}, on another */
    public ThreadedWalStage(String name, Wal wal, WalRouter router, PipelineConfig config) {
        this.wal = wal;
        this.router = router;
        this.ring = RingBuffer.createMultiProducer(
                Slot::new, config.ringSize(), config.waiting().strategy());
        this.processor = new BatchEventProcessorBuilder().build(ring, ring.newBarrier(), new Handler());
        ring.addGatingSequences(processor.getSequence());
        this.thread = new Thread(processor, name);
        thread.setDaemon(true);
    }

    public void start() {
        thread.start();
    }

    /** The stage as one group sees it. */
    public GroupWal group(int groupId, GroupLoop loop) {
        GroupWal g = new GroupWal(groupId, loop);
        groups.add(g);
        router.register(groupId, g::completed);
        return g;
    }

    /** The group has ended, and is registered at the router no more. From any thread. */
    public void forget(int groupId) {
        groups.removeIf(g -> g.groupId == groupId);
    }

    /** After the router has heard of completions on another thread than the WAL's. From any thread. */
    public void signal() {
        groups.forEach(GroupWal::signalIfCompleted);
    }

    private final class Handler implements EventHandler<Slot> {
        @Override
        public void onEvent(Slot slot, long sequence, boolean endOfBatch) {
            try {
                if (failure == null) {
                    handle(slot);
                    if (endOfBatch) {
                        wal.submit();
                    }
                }
            } catch (Throwable t) {
                // Final: a failed write is never retried.
                failure = t;
                groups.forEach(GroupWal::signal);
            } finally {
                ByteBuf payload = slot.payload;
                slot.payload = null;
                slot.entry = null;
                slot.work = null;
                if (payload != null) {
                    payload.release();
                }
            }
            if (endOfBatch) {
                signal();
            }
        }

        private void handle(Slot slot) {
            Entry e = slot.entry;
            Work work = slot.work;
            if (e != null) {
                e.walPosition = wal.append(
                        InlineWalStage.recordOf(slot.groupId, e), InlineWalStage.bytesOf(slot.payload), slot.token);
            } else if (work != null) {
                work.run(wal);
            }
        }
    }

    /** One group's side; everything but {@link #completed} and {@link #signal} runs on the group's thread. */
    public final class GroupWal implements WalStage {
        private record Kept(
                @Nullable Entry entry,
                @Nullable ByteBuf payload,
                long token,
                @Nullable Work work) {}

        private final int groupId;
        private final GroupLoop loop;
        /** Bounded by the core's in-flight window. */
        private final ArrayDeque<Kept> kept = new ArrayDeque<>();

        private final Object lock = new Object();
        private LongArrayList completed = new LongArrayList();
        private List<Runnable> done = new ArrayList<>();
        private LongArrayList draining = new LongArrayList();
        private @Nullable Replica replica;
        private LongConsumer durable = token -> {};
        private boolean failureTold;
        private boolean wroteSinceTick;
        private boolean markerDue;

        GroupWal(int groupId, GroupLoop loop) {
            this.groupId = groupId;
            this.loop = loop;
        }

        /** Before the group's first input. */
        public void bind(Replica r) {
            bind(r, r::onWalDurable);
        }

        /** @param onDurable hears of durable tokens in the replica's place, on the group's thread */
        public void bind(Replica r, LongConsumer onDurable) {
            this.replica = r;
            this.durable = onDurable;
        }

        @Override
        public void append(int group, Entry entry, @Nullable ByteBuf payload, long token) {
            if (payload != null) {
                payload.retain();
            }
            wroteSinceTick = true;
            publish(new Kept(entry, payload, token, null));
        }

        /** A batch without an append makes the WAL thread submit nothing, and that writes the marker. */
        @Override
        public void tick() {
            if (wroteSinceTick) {
                wroteSinceTick = false;
                markerDue = true;
            } else if (markerDue) {
                markerDue = false;
                publish(new Kept(null, null, 0, w -> {}));
            }
        }

        private void publish(Kept k) {
            if (!kept.isEmpty() || !tryPublish(k)) {
                kept.add(k);
            }
        }

        private boolean tryPublish(Kept k) {
            return ring.tryPublishEvent(
                    (slot, sequence, id, item) -> {
                        slot.groupId = id;
                        slot.entry = item.entry;
                        slot.payload = item.payload;
                        slot.token = item.token;
                        slot.work = item.work;
                    },
                    groupId,
                    k);
        }

        private void publishKept() {
            while (!kept.isEmpty() && tryPublish(kept.peek())) {
                kept.remove();
            }
        }

        /** The WAL thread writes as soon as it can; here is only what was left behind. */
        @Override
        public void submit() {
            publishKept();
            drain();
        }

        @Override
        public void truncate(int group, long slot) {
            publish(new Kept(null, null, 0, w -> w.truncate(group, slot)));
        }

        @Override
        public void force(Runnable whenDone) {
            publish(new Kept(null, null, 0, w -> {
                w.submit();
                w.force();
                synchronized (lock) {
                    done.add(whenDone);
                }
            }));
        }

        @Override
        public void forceAndWait() {
            CountDownLatch forced = new CountDownLatch(1);
            publish(new Kept(null, null, 0, w -> {
                w.submit();
                w.force();
                forced.countDown();
            }));
            try {
                while (!forced.await(1, TimeUnit.MILLISECONDS)) {
                    publishKept();
                    if (failure != null) {
                        throw new IllegalStateException("the write-ahead log has failed", failure);
                    }
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException("interrupted while the write-ahead log is forced", e);
            }
        }

        @Override
        public Wal wal() {
            return wal;
        }

        private void releaseKept() {
            for (Kept k : kept) {
                if (k.payload != null) {
                    k.payload.release();
                }
            }
            kept.clear();
        }

        private void completed(long token) {
            synchronized (lock) {
                completed.addLong(token);
            }
        }

        private void signalIfCompleted() {
            boolean any;
            synchronized (lock) {
                any = !completed.isEmpty() || !done.isEmpty();
            }
            if (any) {
                signal();
            }
        }

        private void signal() {
            // Not taken: the ingress is full, so a batch comes, and its end drains.
            boolean unused = loop.offer(this::drain);
        }

        private void drain() {
            Replica r = replica;
            if (r == null) {
                return;
            }
            List<Runnable> ready = List.of();
            synchronized (lock) {
                LongArrayList swap = completed;
                completed = draining;
                draining = swap;
                if (!done.isEmpty()) {
                    ready = done;
                    done = new ArrayList<>();
                }
            }
            for (int i = 0; i < draining.size(); i++) {
                durable.accept(draining.getLong(i));
            }
            draining.clear();
            ready.forEach(Runnable::run);
            Throwable f = failure;
            if (f != null && !failureTold) {
                failureTold = true;
                r.onError(f);
            }
        }
    }

    /** After the groups' loops: what waits in the ring is written first. The WAL itself stays open. */
    @Override
    public void close() {
        groups.forEach(GroupWal::releaseKept);
        CountDownLatch last = new CountDownLatch(1);
        long deadline = System.nanoTime() + CLOSE_TIMEOUT_MS * 1_000_000;
        try {
            while (thread.isAlive()
                    && !ring.tryPublishEvent((slot, sequence) -> slot.work = w -> last.countDown())
                    && System.nanoTime() < deadline) {
                Thread.sleep(1);
            }
            boolean unused =
                    failure != null || !thread.isAlive() || last.await(CLOSE_TIMEOUT_MS, TimeUnit.MILLISECONDS);
            processor.halt();
            thread.join(CLOSE_TIMEOUT_MS);
        } catch (InterruptedException e) {
            processor.halt();
            Thread.currentThread().interrupt();
        }
    }
}
