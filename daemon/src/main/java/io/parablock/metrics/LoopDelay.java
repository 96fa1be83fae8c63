package io.parablock.metrics;

import io.netty.util.concurrent.EventExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;

/**
 * How late an event loop comes to what is due: each request, answer and disk completion may have to wait that long. Probes
 * the loop with a timer of its own until the loop ends.
 */
public final class LoopDelay {
    /** Seldom enough not to keep an idle machine awake. */
    private static final long PERIOD_NS = 20_000_000;

    private final EventExecutor loop;
    private final LongConsumer delaysNs;
    private long dueNs;

    private LoopDelay(EventExecutor loop, LongConsumer delaysNs) {
        this.loop = loop;
        this.delaysNs = delaysNs;
    }

    /** @param delaysNs hears each delay, nanoseconds, on the loop */
    public static void watch(EventExecutor loop, LongConsumer delaysNs) {
        LoopDelay delay = new LoopDelay(loop, delaysNs);
        loop.execute(delay::next);
    }

    private void next() {
        if (!loop.isShuttingDown()) {
            dueNs = System.nanoTime() + PERIOD_NS;
            loop.schedule(this::probe, PERIOD_NS, TimeUnit.NANOSECONDS);
        }
    }

    private void probe() {
        delaysNs.accept(Math.max(0, System.nanoTime() - dueNs));
        next();
    }
}
