package io.parablock.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.micrometer.core.instrument.Timer;
import io.parablock.metrics.NodeMeters;
import java.io.IOException;
import java.time.Instant;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the recent past of this process for the live page: a row each second for ten minutes while somebody watches, and always a
 * row each ten seconds for an hour, so that whoever looks in later sees what led to it. A thread of its own reads the figures;
 * {@link #json} is for any thread.
 */
final class LiveSampler implements AutoCloseable {
    static final int FINE_PERIOD_MS = 1_000;
    static final int FINE_ROWS_MAX = 600;
    static final int COARSE_PERIOD_MS = 10_000;
    static final int COARSE_ROWS_MAX = 360;
    /** Nobody watches who has not asked for so long. */
    static final long WATCHED_NS = TimeUnit.SECONDS.toNanos(10);

    private final StatusServer.Source source;
    private final NodeMeters meters;
    private final LongSupplier nanoClock;
    private final long startNs;
    private final String started = Instant.now().toString();
    private final ScheduledExecutorService thread;

    private volatile Supplier<int[]> commitOrder = () -> new int[0];

    /** Of the thread. */
    private final LiveFigures coarseFigures;
    /** Of the thread; null while nobody watches. */
    private @Nullable LiveFigures fineFigures;
    /** Of the thread. */
    private long coarseDueNs;

    /** Guards what follows. */
    private final Object lock = new Object();

    private final LiveTrack fine = new LiveTrack(FINE_PERIOD_MS, FINE_ROWS_MAX);
    private final LiveTrack coarse = new LiveTrack(COARSE_PERIOD_MS, COARSE_ROWS_MAX);
    private final RebuildProgress rebuild = new RebuildProgress();
    private long watchedNs;
    private ObjectNode status = JsonNodeFactory.instance.objectNode();
    private String error = "";

    LiveSampler(StatusServer.Source source, NodeMeters meters) {
        this(source, meters, System::nanoTime);
    }

    LiveSampler(StatusServer.Source source, NodeMeters meters, LongSupplier nanoClock) {
        this.source = source;
        this.meters = meters;
        this.nanoClock = nanoClock;
        this.startNs = nanoClock.getAsLong();
        this.coarseDueNs = startNs;
        this.watchedNs = startNs - WATCHED_NS;
        this.coarseFigures = new LiveFigures(meters.registry());
        this.thread = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread t = new Thread(task, "live");
            t.setDaemon(true);
            return t;
        });
    }

    void commitOrder(Supplier<int[]> recent) {
        commitOrder = recent;
    }

    void start() {
        thread.scheduleWithFixedDelay(this::tick, 0, FINE_PERIOD_MS, TimeUnit.MILLISECONDS);
    }

    /** Reads what is due. On the thread. */
    void tick() {
        long nowNs = nanoClock.getAsLong();
        boolean watched = isWatched(nowNs);
        boolean coarseIsDue = nowNs >= coarseDueNs;
        if (!watched) {
            fineFigures = null;
        }
        if (!watched && !coarseIsDue) {
            return;
        }
        ObjectNode now;
        try {
            now = source.read().json();
        } catch (IOException | RuntimeException e) {
            synchronized (lock) {
                error = String.valueOf(e.getMessage());
            }
            return;
        }
        synchronized (lock) {
            error = "";
            status = now;
            rebuild.take(nowNs, now);
        }
        if (watched) {
            takeFine(nowNs, now);
        }
        if (coarseIsDue) {
            coarseDueNs = nowNs + TimeUnit.MILLISECONDS.toNanos(COARSE_PERIOD_MS);
            add(coarse, coarseFigures, nowNs, now);
        }
    }

    private void takeFine(long nowNs, JsonNode now) {
        LiveFigures figures = fineFigures;
        if (figures == null) {
            // Its first row has no rates: an interval begins.
            fineFigures = new LiveFigures(meters.registry());
            fineFigures.take(nowNs, now);
        } else {
            add(fine, figures, nowNs, now);
        }
    }

    private void add(LiveTrack track, LiveFigures figures, long nowNs, JsonNode now) {
        var row = figures.take(nowNs, now);
        synchronized (lock) {
            track.add(uptimeMs(nowNs), row);
        }
    }

    private boolean isWatched(long nowNs) {
        synchronized (lock) {
            return nowNs - watchedNs < WATCHED_NS;
        }
    }

    private long uptimeMs(long nowNs) {
        return TimeUnit.NANOSECONDS.toMillis(nowNs - startNs);
    }

    /**
     * What the page shows; whoever asks is watching from here on.
     *
     * @param sinceMs rows up to this moment, in milliseconds since this process's start, are known already
     */
    ObjectNode json(long sinceMs) {
        long nowNs = nanoClock.getAsLong();
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("started", started).put("uptime_ms", uptimeMs(nowNs));
        synchronized (lock) {
            watchedNs = nowNs;
            json.put("error", error);
            ObjectNode node = json.putObject("node");
            node.setAll(status);
            node.put("groups", status.path("groups").size());
            node.remove("members");
            json.set("nodes", ClusterView.nodes(status));
            json.set("rebuilds", rebuild.json());
            json.set("fine", fine.json(sinceMs));
            json.set("coarse", coarse.json(sinceMs));
        }
        json.set("stages", stages());
        int[] passed = commitOrder.get();
        if (passed.length > 0) {
            json.set("commit_order", CommitOrderStrip.of(passed));
        }
        return json;
    }

    private ArrayNode stages() {
        Set<String> names = new TreeSet<>();
        for (Timer timer : meters.registry().find(LiveFigures.STAGE_TIMER).timers()) {
            names.add(String.valueOf(timer.getId().getTag("stage")));
        }
        ArrayNode stages = JsonNodeFactory.instance.arrayNode();
        names.forEach(stages::add);
        return stages;
    }

    @Override
    public void close() {
        thread.shutdownNow();
    }
}
