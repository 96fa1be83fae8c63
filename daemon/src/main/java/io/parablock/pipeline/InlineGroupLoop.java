package io.parablock.pipeline;

import com.lmax.disruptor.AlertException;
import com.lmax.disruptor.BlockingWaitStrategy;
import com.lmax.disruptor.EventPoller;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * {@code pipeline=inline}: everything on the node's event loop, no hand-off in the write path.
 *
 * <pre>
 *   sockets ─┐                       ┌────────────────── event loop ──────────────────────┐
 *   ticks ───┼─► [ingress ring] ──►  │ EventPoller ─► replica ─► WAL write ─► sends, replies │
 *   gateway ─┘                       │                    └────► apply, after the replies   │
 *                                    └──────────────────────────────────────────────────────┘
 * </pre>
 *
 * <p>The ring is polled by a task of the event loop that the first input after an idle time puts there.
 */
public final class InlineGroupLoop implements GroupLoop {
    private final EventExecutor loop;
    private final GroupInputs inputs;
    private final IngressRing ingress;
    private final EventPoller<IngressRing.Slot> poller;
    private final EventPoller.Handler<IngressRing.Slot> handler = this::onSlot;
    private final Runnable poll = this::poll;
    private final Runnable wake = this::wake;
    private final Runnable tick = this::tick;
    private final AtomicBoolean pollQueued = new AtomicBoolean();
    private volatile @Nullable Future<?> ticks;
    private int inBatch;
    private final Runnable endOfCompletions = this::endOfCompletions;
    private boolean endQueued;
    private boolean polling;
    private boolean quiet;
    private boolean failed;

    public InlineGroupLoop(EventExecutor loop, PipelineConfig config, GroupInputs inputs) {
        this.loop = loop;
        this.inputs = inputs;
        // Nobody ever waits on the barrier of a polled ring.
        this.ingress = new IngressRing(config.ringSize(), new BlockingWaitStrategy());
        this.poller = ingress.ring().newPoller();
        ingress.ring().addGatingSequences(poller.getSequence());
    }

    @Override
    public void start() {
        nextTick(false);
    }

    private void nextTick(boolean quiet) {
        try {
            ticks = loop.schedule(this::onTick, TickTimes.nextNs(quiet), TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException e) {
            // The event loop is gone, and with it every input.
        }
    }

    @Override
    public boolean inLoop() {
        return loop.inEventLoop();
    }

    @Override
    public void execute(Runnable input) {
        ingress.publish(input, loop.inEventLoop(), wake);
        wake();
    }

    @Override
    public boolean offer(Runnable input) {
        boolean taken = ingress.offer(input);
        if (taken) {
            wake();
        }
        return taken;
    }

    private void wake() {
        if (!pollQueued.get() && pollQueued.compareAndSet(false, true)) {
            try {
                loop.execute(poll);
            } catch (RejectedExecutionException e) {
                ingress.close();
                throw e;
            }
        }
    }

    private void onTick() {
        if (!failed && !ingress.isClosed()) {
            run(tick);
            run(inputs::endOfBatch);
            nextTick(quiet);
        }
    }

    private void tick() {
        quiet = inputs.tick();
    }

    /**
     * Works off what is in the ring, on the event loop. Public so that the end of a socket's read batch can do it at once
     * instead of by a queued task.
     */
    public void poll() {
        if (polling) {
            return;
        }
        polling = true;
        // Cleared first: an input published from here on queues its own poll.
        pollQueued.set(false);
        inBatch = 0;
        try {
            drain();
            if (inBatch > 0 && !failed) {
                run(inputs::endOfBatch);
            }
        } finally {
            polling = false;
        }
        if (!failed && (inBatch >= PipelineConfig.BATCH_INPUTS_MAX || ingress.hasOwn())) {
            wake();
        }
    }

    /**
     * For inputs that the event loop itself brings, such as the completions of its ring: they are taken at once, and the
     * end of their batch comes behind the other events of the same pass. To be called on the event loop.
     */
    public LongConsumer completions(LongConsumer input) {
        return token -> {
            if (failed || ingress.isClosed()) {
                return;
            }
            try {
                input.accept(token);
            } catch (Throwable t) {
                failed = true;
                inputs.onError(t);
                return;
            }
            // Inside a batch its own end is still to come.
            if (!polling && !endQueued) {
                endQueued = true;
                loop.execute(endOfCompletions);
            }
        };
    }

    private void endOfCompletions() {
        endQueued = false;
        if (!ingress.isClosed()) {
            run(inputs::endOfBatch);
        }
    }

    private void drain() {
        try {
            while (inBatch < PipelineConfig.BATCH_INPUTS_MAX
                    && poller.poll(handler) == EventPoller.PollState.PROCESSING) {}
        } catch (AlertException e) {
            throw new AssertionError("a polled ring is never alerted", e);
        } catch (Exception e) {
            throw new AssertionError("an input's exception was not caught", e);
        }
        long consumed = poller.getSequence().get();
        Runnable own = inBatch < PipelineConfig.BATCH_INPUTS_MAX ? ingress.pollOwn(consumed) : null;
        while (own != null) {
            inBatch++;
            run(own);
            own = inBatch < PipelineConfig.BATCH_INPUTS_MAX ? ingress.pollOwn(consumed) : null;
        }
    }

    private boolean onSlot(IngressRing.Slot slot, long sequence, boolean endOfBatch) {
        run(slot.take());
        return ++inBatch < PipelineConfig.BATCH_INPUTS_MAX;
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

    @Override
    public void close() {
        ingress.close();
        Future<?> t = ticks;
        if (t != null) {
            t.cancel(false);
        }
        if (!loop.inEventLoop() && !loop.isShuttingDown()) {
            try {
                loop.submit(() -> {}).syncUninterruptibly();
            } catch (RejectedExecutionException e) {
                // The event loop is gone, and with it every input.
            }
        }
    }
}
