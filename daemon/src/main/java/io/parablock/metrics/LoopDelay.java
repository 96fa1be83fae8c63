package io.parablock.metrics;

import io.netty.util.concurrent.EventExecutor;
import io.parablock.pipeline.TickTimes;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;

/**
 * How late an event loop comes to what is due: each request, answer and disk completion may have to wait that long. Probes
 * the loop with a timer of its own until the loop ends.
 */
public final class LoopDelay {
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
            // Together with the ticks of an idle loop: it does not wake for this alone.
            long untilNs = TickTimes.nextQuietNs();
            dueNs = System.nanoTime() + untilNs;
            loop.schedule(this::probe, untilNs, TimeUnit.NANOSECONDS);
        }
    }

    private void probe() {
        delaysNs.accept(Math.max(0, System.nanoTime() - dueNs));
        next();
    }
}
