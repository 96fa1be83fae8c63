package io.parablock.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/** The meters of one node: latencies of its clients' requests, and the figures of its replicas as of the last scrape. */
public final class NodeMeters implements RequestMeters {
    private static final double[] PERCENTILES = {0.5, 0.99, 0.999};

    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final Map<Operation, Timer> latency = new EnumMap<>(Operation.class);
    private final Map<Operation, Counter> bytes = new EnumMap<>(Operation.class);
    private final Map<Operation, Counter> errors = new EnumMap<>(Operation.class);
    private final Timer loopDelay = Timer.builder("parablock.loop.delay")
            .description("how late an event loop comes to what is due")
            .publishPercentiles(PERCENTILES)
            .register(registry);
    private final Map<String, AtomicLong> figures = new ConcurrentHashMap<>();

    public NodeMeters() {
        for (Operation op : Operation.values()) {
            String name = op.name().toLowerCase(Locale.ROOT);
            latency.put(
                    op,
                    Timer.builder("parablock.gateway.request")
                            .description("from the request's arrival at the gateway to its answer")
                            .tag("op", name)
                            .publishPercentiles(PERCENTILES)
                            .register(registry));
            bytes.put(op, counter(registry, "parablock.gateway.bytes", name));
            errors.put(op, counter(registry, "parablock.gateway.errors", name));
        }
    }

    private static Counter counter(MeterRegistry registry, String name, String op) {
        return Counter.builder(name).tag("op", op).register(registry);
    }

    @Override
    public void onRequest(Operation operation, long byteCount, long elapsedNs, boolean ok) {
        Timer timer = latency.get(operation);
        Counter count = ok ? bytes.get(operation) : errors.get(operation);
        if (timer == null || count == null) {
            throw new AssertionError("no meter for " + operation);
        }
        timer.record(elapsedNs, TimeUnit.NANOSECONDS);
        count.increment((double) (ok ? byteCount : 1));
    }

    /** From any event loop, see {@link LoopDelay}. */
    public void onLoopDelay(long delayNs) {
        loopDelay.record(delayNs, TimeUnit.NANOSECONDS);
    }

    /** Sets a figure of a group; the first call registers its gauge. */
    public void figure(String name, int group, long value) {
        figures.computeIfAbsent(name + "#" + group, key -> {
                    AtomicLong holder = new AtomicLong();
                    Gauge.builder("parablock." + name, holder, h -> (double) h.get())
                            .tag("group", Integer.toString(group))
                            .register(registry);
                    return holder;
                })
                .set(value);
    }

    /** For reading. */
    public MeterRegistry registry() {
        return registry;
    }

    /** The Prometheus text. */
    public String scrape() {
        return registry.scrape();
    }

    public void close() {
        registry.close();
    }
}
