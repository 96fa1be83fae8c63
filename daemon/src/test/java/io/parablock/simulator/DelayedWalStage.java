package io.parablock.simulator;

import io.netty.buffer.ByteBuf;
import io.parablock.raft.log.Entry;
import io.parablock.replica.InlineWalStage;
import io.parablock.replica.WalStage;
import io.parablock.wal.Wal;
import io.parablock.wal.WalException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A WAL thread: writes what it was given in order, some at a time and later, and reports the completions in any order.
 *
 * <pre>
 *   replica ──► [waiting] ──later, some──► Wal ──submit──► [completed] ──later, any order──► replica
 * </pre>
 */
final class DelayedWalStage implements WalStage {
    /** An append, or work on the log if there is no entry. */
    private record Item(
            int groupId,
            @Nullable Entry entry,
            @Nullable ByteBuf payload,
            long token,
            @Nullable Runnable work) {}

    private final SimulatedNode node;
    private final Wal wal;
    private final DurableSteps steps;
    private final Seeded random;
    private final ArrayDeque<Item> waiting = new ArrayDeque<>();
    private final Map<Long, Entry> writing = new HashMap<>();
    private List<Long> completed = new ArrayList<>();
    private LongConsumer report = token -> {};
    private boolean pumping;
    private boolean failed;
    private boolean markerDue;

    DelayedWalStage(SimulatedNode node, Wal wal, DurableSteps steps, Seeded random) {
        this.node = node;
        this.wal = wal;
        this.steps = steps;
        this.random = random;
    }

    void bind(LongConsumer onDurable) {
        this.report = onDurable;
    }

    /** The log says so, in its submit or in {@link #onWritten}. */
    void onDurable(long token) {
        completed.add(token);
    }

    /** The disk has completed a write of the log. */
    void onWritten(Runnable completion) {
        try {
            completion.run();
        } catch (RuntimeException e) {
            failed = true;
            node.enqueue(() -> node.onError(e));
        }
        reportCompleted();
    }

    @Override
    public void append(int groupId, Entry entry, @Nullable ByteBuf payload, long token) {
        node.onHandedToWal(entry);
        if (payload != null) {
            payload.retain();
        }
        waiting.add(new Item(groupId, entry, payload, token, null));
    }

    @Override
    public void submit() {
        if (!pumping && !failed && !waiting.isEmpty()) {
            pumping = true;
            node.onDisk(steps.latencyNs(), this::pump);
        }
    }

    private void pump() {
        pumping = false;
        int some = random.coin() ? waiting.size() : 1 + random.below(waiting.size() + 1);
        write(some);
        reportCompleted();
        submit();
    }

    private void write(int some) {
        if (failed) {
            return;
        }
        try {
            boolean submitNow = false;
            for (int i = 0; i < some && !waiting.isEmpty(); i++) {
                Item item = waiting.remove();
                Entry e = item.entry;
                Runnable work = item.work;
                if (e != null) {
                    submitNow = true;
                    writing.put(item.token, e);
                    e.walPosition = wal.append(
                            InlineWalStage.recordOf(item.groupId, e), InlineWalStage.bytesOf(item.payload), item.token);
                    if (item.payload != null) {
                        item.payload.release();
                    }
                } else if (work != null) {
                    work.run();
                }
            }
            if (submitNow) {
                markerDue = true;
                wal.submit();
            }
        } catch (RuntimeException e) {
            failed = true;
            node.enqueue(() -> node.onError(e));
        }
    }

    /** In any order, each after its own while. */
    private void reportCompleted() {
        List<Long> done = completed;
        completed = new ArrayList<>();
        for (long token : done) {
            Entry e = writing.remove(token);
            node.onDisk(
                    random.coin() ? 0 : steps.latencyNs(),
                    () -> node.enqueue(() -> {
                        node.onDurableTold(e.slot(), e.origin());
                        report.accept(token);
                    }));
        }
    }

    @Override
    public void tick() {
        if (markerDue && waiting.isEmpty() && !failed) {
            markerDue = false;
            wal.submit();
        }
    }

    @Override
    public void truncate(int groupId, long slot) {
        waiting.add(new Item(groupId, null, null, 0, () -> wal.truncate(groupId, slot)));
    }

    @Override
    public void force(Runnable done) {
        waiting.add(new Item(0, null, null, 0, () -> {
            wal.submit();
            wal.force();
            node.onDisk(steps.latencyNs(), () -> node.enqueue(done));
        }));
        submit();
    }

    @Override
    public void forceAndWait() {
        node.block(steps.latencyNs());
        write(waiting.size());
        if (failed) {
            throw new IllegalStateException("injected: the write-ahead log has failed");
        }
        wal.submit();
        wal.force();
        reportCompleted();
    }

    /** An orderly stop writes what is left. */
    void drain() {
        write(waiting.size());
        if (failed) {
            throw new WalException("the write-ahead log has failed");
        }
    }

    @Override
    public Wal wal() {
        return wal;
    }
}
