package io.parablock.main;

import io.netty.util.concurrent.DefaultThreadFactory;
import io.parablock.config.NodeConfig;
import io.parablock.health.HealthReading;
import io.parablock.health.NodeWatch;
import io.parablock.http.NodeReading;
import io.parablock.http.Reading;
import io.parablock.http.StatusServer;
import java.io.IOException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.IntPredicate;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads the node once a second, on a thread of its own, so that its status can tell rates and what lasts. */
final class HealthSampler implements StatusServer.Source, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(HealthSampler.class);
    private static final long INTERVAL_MS = 1_000;

    /** Reads the node's figures; waits for its threads, for a bounded time. */
    @FunctionalInterface
    interface NodeSource {
        NodeReading read() throws IOException;
    }

    private final Supplier<NodeConfig> config;
    private final NodeSource node;
    private final NodeWatch watch;
    private final ScheduledExecutorService thread =
            Executors.newSingleThreadScheduledExecutor(new DefaultThreadFactory("health", true));

    private HealthSampler(Supplier<NodeConfig> config, IntPredicate connected, NodeSource node) {
        this.config = config;
        this.node = node;
        NodeConfig now = config.get();
        this.watch =
                new NodeWatch(now.dataDir(), now.raft().span(), connected, System::currentTimeMillis, System::nanoTime);
    }

    /**
     * @param config asked anew each time: its limits may be reloaded
     * @param connected whether the peer of this id is
     */
    static HealthSampler start(Supplier<NodeConfig> config, IntPredicate connected, NodeSource node) {
        HealthSampler sampler = new HealthSampler(config, connected, node);
        ScheduledFuture<?> unused =
                sampler.thread.scheduleWithFixedDelay(sampler::sample, INTERVAL_MS, INTERVAL_MS, TimeUnit.MILLISECONDS);
        return sampler;
    }

    private void sample() {
        try {
            watch.sampleClock(config.get().health());
            watch.sample(node.read(), config.get().health());
        } catch (IOException e) {
            // The next one may be answered; /status says the same.
        } catch (RuntimeException e) {
            LOG.warn("the node's state was not sampled: {}", String.valueOf(e.getMessage()));
        }
    }

    @Override
    public Reading read() throws IOException {
        NodeReading now = node.read();
        return new HealthReading(
                now, Version.text(), watch.judge(now, config.get().health()));
    }

    @Override
    public void close() {
        thread.shutdownNow();
    }
}
