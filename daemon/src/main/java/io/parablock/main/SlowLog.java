package io.parablock.main;

import io.parablock.config.NodeConfig;
import io.parablock.events.EventKind;
import io.parablock.events.EventLog;
import io.parablock.wal.WalFailedException;
import io.parablock.wal.WalListener;
import java.util.ArrayDeque;
import java.util.SplittableRandom;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * FAULT INJECTION, {@code impairment.wal_delay}: tells of the durability of some records late, as a slow disk would.
 *
 * <pre>
 *   Wal ──► SlowLog ──────────────────────────► WalRouter
 *              └── [ late ] ── timer, in order ────┘
 * </pre>
 *
 * <p>What is behind a late record passes it only where the engine completes out of order (see {@link io.parablock.wal.Wal}); else
 * it waits with it. Nothing is late before {@link #start}. Thread-safe; bounded by what the groups have in flight.
 */
final class SlowLog implements WalListener {
    private record Late(long token, long atNs) {}

    private final WalListener listener;
    private final double probability;
    private final long delayNs;
    private final LongSupplier clockNs;

    // Guarded by this.
    private final SplittableRandom random;
    private final ArrayDeque<Late> late = new ArrayDeque<>();
    private @Nullable ScheduledExecutorService timer;
    private Runnable told = () -> {};
    private boolean overtaking;
    private boolean armed;
    private long lastNs;

    /** @param clockNs any, in nanoseconds */
    SlowLog(WalListener listener, double probability, long delayNs, long seed, LongSupplier clockNs) {
        this.listener = listener;
        this.probability = probability;
        this.delayNs = delayNs;
        this.random = new SplittableRandom(seed);
        this.clockNs = clockNs;
    }

    /** Null if the log is not to be slow. */
    static @Nullable SlowLog of(NodeConfig config, WalListener listener, EventLog events) {
        NodeConfig.ImpairmentKeys k = config.impairment();
        if (k.walDelayProbability() == 0 || k.walDelayNs() == 0) {
            return null;
        }
        String settings =
                "by " + k.walDelayNs() / 1e6 + " ms with probability " + k.walDelayProbability() + "; seed " + k.seed();
        events.tell(EventKind.IMPAIRED, 0, "impairment: the log is slow on purpose, " + settings, "log", settings);
        return new SlowLog(listener, k.walDelayProbability(), k.walDelayNs(), k.seed(), System::nanoTime);
    }

    /**
     * Records are late from here on.
     *
     * @param outOfOrder whether the engine completes out of order
     * @param on the thread that may tell the listener
     * @param afterwards runs there when it was told
     */
    synchronized void start(boolean outOfOrder, ScheduledExecutorService on, Runnable afterwards) {
        overtaking = outOfOrder;
        timer = on;
        told = afterwards;
        lastNs = clockNs.getAsLong();
    }

    @Override
    public synchronized void onDurable(long token) {
        boolean isLate = timer != null && random.nextDouble() < probability;
        if (!isLate && (overtaking || late.isEmpty())) {
            listener.onDurable(token);
            return;
        }
        long nowNs = clockNs.getAsLong();
        // All are late by the same time: those that are late are due in the order in which they came.
        lastNs = Math.max(lastNs, isLate ? nowNs + delayNs : nowNs);
        late.add(new Late(token, lastNs));
        arm(nowNs);
    }

    private void arm(long nowNs) {
        Late next = late.peek();
        ScheduledExecutorService on = timer;
        if (!armed && next != null && on != null) {
            armed = true;
            try {
                on.schedule(this::tell, Math.max(0, next.atNs - nowNs), TimeUnit.NANOSECONDS);
            } catch (RejectedExecutionException e) {
                // The node stops, and nobody waits any more.
            }
        }
    }

    private void tell() {
        synchronized (this) {
            armed = false;
            long nowNs = clockNs.getAsLong();
            for (Late next = late.peek(); next != null && next.atNs <= nowNs; next = late.peek()) {
                late.remove();
                listener.onDurable(next.token);
            }
            arm(nowNs);
        }
        told.run();
    }

    @Override
    public void onFailed(WalFailedException failure) {
        listener.onFailed(failure);
    }
}
