package io.parablock.main;

import io.netty.util.concurrent.DefaultThreadFactory;
import io.parablock.blockdev.nbd.netty.NbdServer;
import io.parablock.config.NodeConfig;
import io.parablock.events.EventLog;
import io.parablock.health.GroupTiming;
import io.parablock.health.HealthReading;
import io.parablock.health.Limits;
import io.parablock.health.NodeWatch;
import io.parablock.http.NodeReading;
import io.parablock.http.Reading;
import io.parablock.http.StatusServer;
import java.io.IOException;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.IntPredicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks once a second at what nobody tells of by itself, on a thread of its own, so that a disk that hangs holds up nothing
 * else. Everything is judged in one place, so that status, metrics and events say the same.
 *
 * <pre>
 *   WalLatency, AckLatency, loop delay ──► LeaderWatch ───────────────► hand-over, events
 *                                              │ timings
 *   the node's reading, clocks, free bytes ────┴─► NodeWatch ┬─ changes ─► HealthEvents
 *                                                            └─ judge ───► status, metrics, live page
 *   NbdServer ──► ClientLimitWatch ──► events
 * </pre>
 */
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
    private final LeaderWatch leaders;
    private final ClientLimitWatch clients;
    private final NodeWatch watch;
    private final HealthEvents told;
    private final ScheduledExecutorService thread =
            Executors.newSingleThreadScheduledExecutor(new DefaultThreadFactory("health", true));

    /**
     * @param config asked anew each time: its limits may be reloaded
     * @param clients null while there is no server
     * @param connected whether the peer of this id is
     */
    HealthSampler(
            Supplier<NodeConfig> config,
            EventLog events,
            LeaderWatch leaders,
            Supplier<@Nullable NbdServer> clients,
            IntPredicate connected,
            NodeSource node) {
        this.config = config;
        this.node = node;
        this.leaders = leaders;
        NodeConfig now = config.get();
        this.clients = new ClientLimitWatch(now.limits(), events, clients);
        this.watch =
                new NodeWatch(now.dataDir(), now.raft().span(), connected, System::currentTimeMillis, System::nanoTime);
        this.told = new HealthEvents(events, now.dataDir());
    }

    /** @param groups all of the node */
    void start(Collection<NodeGroup> groups) {
        leaders.watch(groups);
        // The first status knows of the disk.
        lookAtDisk(limits());
        ScheduledFuture<?> unused =
                thread.scheduleWithFixedDelay(this::look, INTERVAL_MS, INTERVAL_MS, TimeUnit.MILLISECONDS);
    }

    private Limits limits() {
        return Limits.of(config.get());
    }

    private void look() {
        try {
            Limits limits = limits();
            told.onClock(watch.sampleClock(limits));
            clients.look();
            lookAtNode(leaders.look(), limits);
            lookAtDisk(limits);
        } catch (RuntimeException e) {
            LOG.warn("the node's state was not sampled: {}", String.valueOf(e.getMessage()));
        }
    }

    private void lookAtNode(Map<Integer, GroupTiming> timings, Limits limits) {
        try {
            watch.sample(node.read(), timings, limits).forEach(told::onFollower);
        } catch (IOException e) {
            // The next one may be answered; /status says the same.
        }
    }

    private void lookAtDisk(Limits limits) {
        told.onDisk(watch.sampleDisk(limits), limits);
    }

    /** From any event loop, see {@link io.parablock.metrics.LoopDelay}. */
    void onLoopDelay(long delayNs) {
        leaders.onLoopDelay(delayNs);
    }

    /** See {@link NodeWatch#slowFollowers}. */
    Map<Integer, List<Integer>> slowFollowers() {
        return watch.slowFollowers();
    }

    @Override
    public Reading read() throws IOException {
        NodeReading now = node.read();
        return new HealthReading(now, Version.text(), watch.judge(now, limits()));
    }

    @Override
    public void close() {
        thread.shutdownNow();
    }
}
