package io.parablock.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/**
 * The meters of one process: durations as they happen, and figures as of the last scrape. All of {@link Metric} and nothing
 * else under Parablock's name. Thread-safe.
 */
public final class NodeMeters implements RequestMeters {
    /** A figure and its meter. */
    private record Figure(Meter meter, Holder holder) {}

    private static final class Holder {
        private volatile double value;
    }

    private record Key(Metric metric, List<String> tagValues) {}

    private final LatencyRegistry registry = new LatencyRegistry();
    private final Map<Operation, Timer> latency = new EnumMap<>(Operation.class);
    private final Map<Operation, Counter> bytes = new EnumMap<>(Operation.class);
    private final Map<Operation, Counter> errors = new EnumMap<>(Operation.class);
    private final Map<Stage, Timer> stages = new EnumMap<>(Stage.class);
    private final Timer loopDelay = timer(Metric.LOOP_DELAY);
    private final CommitOrder commitOrder = new CommitOrder();
    private final Map<Key, Figure> figures = new ConcurrentHashMap<>();
    private final List<Runnable> beforeScrape = new CopyOnWriteArrayList<>();
    private final ProcessMeters process = new ProcessMeters(registry);
    private volatile boolean requests = true;
    private volatile int writesPerTimed = 1;

    public NodeMeters() {
        for (Operation op : Operation.values()) {
            String label = op.name().toLowerCase(Locale.ROOT);
            latency.put(op, timer(Metric.GATEWAY_REQUEST, label));
            bytes.put(op, counter(Metric.GATEWAY_BYTES, label));
            errors.put(op, counter(Metric.GATEWAY_ERRORS, label));
        }
        for (Stage stage : Stage.values()) {
            stages.put(stage, timer(Metric.WRITE_STAGE, stage.label()));
        }
    }

    private static Tags tags(Metric metric, List<String> values) {
        if (values.size() != metric.tags().size()) {
            throw new IllegalArgumentException(metric + " has the labels " + metric.tags() + ", not " + values.size());
        }
        Tags tags = Tags.empty();
        for (int i = 0; i < values.size(); i++) {
            tags = tags.and(metric.tags().get(i), values.get(i));
        }
        return tags;
    }

    /** For durations that somebody else records: the same one for the same labels. */
    Timer timer(Metric metric, String... tagValues) {
        return Timer.builder(metric.meterName())
                .description(metric.description())
                .tags(tags(metric, List.of(tagValues)))
                .register(registry);
    }

    Counter counter(Metric metric, String... tagValues) {
        return Counter.builder(metric.meterName())
                .description(metric.description())
                .tags(tags(metric, List.of(tagValues)))
                .register(registry);
    }

    /** Counts {@code more} of what is rare; with 0 the counter is there. */
    public void count(Metric metric, long more, String... tagValues) {
        counter(metric, tagValues).increment((double) more);
    }

    private static <E extends Enum<E>, M> M of(Map<E, M> all, E one) {
        M meter = all.get(one);
        if (meter == null) {
            throw new AssertionError("no meter for " + one);
        }
        return meter;
    }

    @Override
    public void onRequest(Operation operation, long byteCount, long elapsedNs, boolean ok) {
        if (!requests) {
            return;
        }
        of(latency, operation).record(elapsedNs, TimeUnit.NANOSECONDS);
        of(ok ? bytes : errors, operation).increment((double) (ok ? byteCount : 1));
        if (operation == Operation.WRITE) {
            onStageOfAny(Stage.REPLY, elapsedNs);
        }
    }

    /** Any write has come to the end of a stage, whether it is one of {@link #times} or not; from any thread. */
    public void onStageOfAny(Stage stage, long elapsedNs) {
        int one = writesPerTimed;
        if (one == 1 || ThreadLocalRandom.current().nextInt(one) == 0) {
            onStage(stage, elapsedNs);
        }
    }

    /** A write has come to the end of a stage; from any thread. */
    public void onStage(Stage stage, long elapsedNs) {
        if (!requests) {
            return;
        }
        of(stages, stage).record(elapsedNs, TimeUnit.NANOSECONDS);
    }

    /** From any event loop, see {@link LoopDelay}. */
    public void onLoopDelay(long delayNs) {
        if (requests) {
            loopDelay.record(delayNs, TimeUnit.NANOSECONDS);
        }
    }

    /**
     * Sets a gauge, or what a counter has counted so far.
     *
     * @param metric no timer
     * @param tagValues of {@link Metric#tags}, in order
     */
    public void figure(Metric metric, long value, String... tagValues) {
        ratio(metric, (double) value, tagValues);
    }

    /** The same for a group. */
    public void figure(Metric metric, int group, long value) {
        figure(metric, value, Integer.toString(group));
    }

    /** The same for what is no whole number. */
    public void ratio(Metric metric, double value, String... tagValues) {
        figures.computeIfAbsent(new Key(metric, List.of(tagValues)), this::register).holder.value = value;
    }

    /** Nobody knows it any more. */
    public void forget(Metric metric, String... tagValues) {
        Figure gone = figures.remove(new Key(metric, List.of(tagValues)));
        if (gone != null) {
            registry.remove(gone.meter);
        }
    }

    /** The group has ended. */
    public void forgetGroup(int group) {
        String id = Integer.toString(group);
        for (Key key : List.copyOf(figures.keySet())) {
            List<String> labels = key.metric.tags();
            if (!labels.isEmpty()
                    && labels.get(0).equals("group")
                    && key.tagValues.get(0).equals(id)) {
                forget(key.metric, key.tagValues.toArray(new String[0]));
            }
        }
    }

    private Figure register(Key key) {
        Metric m = key.metric;
        Holder holder = new Holder();
        Tags tags = tags(m, key.tagValues);
        Meter meter = switch (m.kind()) {
            case COUNTER ->
                FunctionCounter.builder(m.meterName(), holder, h -> h.value)
                        .description(m.description())
                        .tags(tags)
                        .register(registry);
            case GAUGE ->
                Gauge.builder(m.meterName(), holder, h -> h.value)
                        .description(m.description())
                        .tags(tags)
                        .strongReference(true)
                        .register(registry);
            case TIMER -> throw new IllegalArgumentException(m + " is a timer");
        };
        return new Figure(meter, holder);
    }

    /** Runs before each scrape, on its thread, to set figures; must not fail. */
    public void beforeScrape(Runnable reader) {
        beforeScrape.add(reader);
    }

    /** Whether {@link WriteStages} are to be watched. */
    boolean measuresRequests() {
        return requests;
    }

    /** Whether the stages of the write in this slot are timed: on all nodes those of the same writes, of no pattern. */
    boolean times(long slot) {
        int one = writesPerTimed;
        return one == 1 || ((slot * 0x9E3779B97F4A7C15L) >>> 33) % one == 0;
    }

    /**
     * From here on; what was counted stays. Requests under way may be left out.
     *
     * @param measured whether requests, their stages and the delays of event loops are; {@code metrics.requests}
     * @param perTimed of so many writes the stages of one are timed; {@code metrics.writes_per_timed}
     */
    public void measureRequests(boolean measured, int perTimed) {
        writesPerTimed = perTimed;
        requests = measured;
    }

    /** The stages of the writes of one group. */
    public WriteStages stages(int groupId, int nodeId, int[] voters, int span) {
        return new WriteStages(this, groupId, nodeId, voters, span, System::nanoTime);
    }

    /** How far this node's latest commits overtook each other. */
    public CommitOrder commitOrder() {
        return commitOrder;
    }

    /** For reading, by name ({@link Metric#meterName}); timers have p50, p99 and p99.9 in {@link Timer#takeSnapshot}. */
    public MeterRegistry registry() {
        return registry;
    }

    /** The Prometheus text. */
    public String scrape() {
        beforeScrape.forEach(Runnable::run);
        return registry.scrape();
    }

    public void close() {
        process.close();
        registry.close();
    }
}
