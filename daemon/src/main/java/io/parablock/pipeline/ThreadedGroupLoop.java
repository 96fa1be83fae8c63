package io.parablock.pipeline;

import com.lmax.disruptor.BatchEventProcessor;
import com.lmax.disruptor.BatchEventProcessorBuilder;
import com.lmax.disruptor.EventHandler;
import com.lmax.disruptor.ExceptionHandler;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * {@code pipeline=threads}: the group has a thread of its own.
 *
 * <pre>
 *   sockets ──┐
 *   timer ────┼─► [ingress ring] ──► group's thread: core ──► [WAL ring] ──► WAL thread ──┐
 *   gateway ──┘        ▲                              └────► [apply ring] ─► apply thread ─┤
 *                      └──────────────────── durable(slot), applied(slot) ────────────────┘
 * </pre>
 *
 * <p>The two stage rings are {@link ThreadedWalStage} and {@link ThreadedApplyStage}.
 */
public final class ThreadedGroupLoop implements GroupLoop {
    private static final long CLOSE_TIMEOUT_MS = 5_000;
    /** Batches of own inputs before the ring is looked at again. */
    private static final int OWN_ROUNDS_MAX = 16;

    private final GroupInputs inputs;
    private final IngressRing ingress;
    private final BatchEventProcessor<IngressRing.Slot> processor;
    private final Thread thread;
    private final ScheduledExecutorService timer;
    private final Runnable tick;
    private volatile @Nullable Future<?> ticks;
    private volatile boolean tickQueued;
    private volatile boolean quiet;
    private boolean failed;

    /** @param timer only hands ticks over; may be shared by all groups of a node */
    public ThreadedGroupLoop(String name, PipelineConfig config, ScheduledExecutorService timer, GroupInputs inputs) {
        this.inputs = inputs;
        this.timer = timer;
        this.ingress = new IngressRing(config.ringSize(), config.waiting().strategy());
        this.processor = new BatchEventProcessorBuilder()
                .setMaxBatchSize(PipelineConfig.BATCH_INPUTS_MAX)
                .build(ingress.ring(), ingress.ring().newBarrier(), new Handler());
        processor.setExceptionHandler(new Failures());
        ingress.ring().addGatingSequences(processor.getSequence());
        this.thread = new Thread(processor, name);
        thread.setDaemon(true);
        this.tick = () -> {
            tickQueued = false;
            quiet = inputs.tick();
        };
    }

    @Override
    public void start() {
        thread.start();
        nextTick();
    }

    private void nextTick() {
        try {
            ticks = timer.schedule(this::onTime, TickTimes.nextNs(quiet), TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException e) {
            // The timer is gone, and with it every group.
        }
    }

    private void onTime() {
        if (!ingress.isClosed()) {
            queueTick();
            nextTick();
        }
    }

    /** At most one tick waits: a slow group is not buried in old ones. */
    private void queueTick() {
        if (!tickQueued) {
            // Before the offer: the tick may run and clear it at once.
            tickQueued = true;
            if (!ingress.offer(tick)) {
                tickQueued = false;
            }
        }
    }

    private static void nothing() {}

    @Override
    public boolean inLoop() {
        return Thread.currentThread() == thread;
    }

    @Override
    public void execute(Runnable input) {
        ingress.publish(input, inLoop(), ThreadedGroupLoop::nothing);
    }

    @Override
    public boolean offer(Runnable input) {
        return ingress.offer(input);
    }

    private final class Handler implements EventHandler<IngressRing.Slot> {
        @Override
        public void onEvent(IngressRing.Slot slot, long sequence, boolean endOfBatch) {
            run(slot.take());
            if (endOfBatch) {
                finishBatch(sequence);
            }
        }

        private void finishBatch(long consumed) {
            // endOfBatch may itself leave inputs behind while the ring looks full: nothing else would wake us for them
            // before the next tick.
            for (int round = 0; round == 0 || (ingress.hasOwn(consumed) && round < OWN_ROUNDS_MAX); round++) {
                Runnable own = ingress.pollOwn(consumed);
                while (own != null) {
                    run(own);
                    own = ingress.pollOwn(consumed);
                }
                run(inputs::endOfBatch);
            }
        }
    }

    private void run(Runnable input) {
        if (failed) {
            return;
        }
        try {
            input.run();
        } catch (Throwable t) {
            failed = true;
            inputs.onError(t);
        }
    }

    /** {@link #run} lets nothing through; this names what is left. */
    private static final class Failures implements ExceptionHandler<IngressRing.Slot> {
        @Override
        public void handleEventException(Throwable ex, long sequence, IngressRing.Slot event) {
            throw new AssertionError("an input's exception was not caught", ex);
        }

        @Override
        public void handleOnStartException(Throwable ex) {
            throw new AssertionError("the group's thread did not start", ex);
        }

        @Override
        public void handleOnShutdownException(Throwable ex) {
            throw new AssertionError("the group's thread did not stop", ex);
        }
    }

    @Override
    public void close() {
        ingress.close();
        Future<?> t = ticks;
        if (t != null) {
            t.cancel(false);
        }
        processor.halt();
        if (!inLoop()) {
            try {
                thread.join(CLOSE_TIMEOUT_MS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
