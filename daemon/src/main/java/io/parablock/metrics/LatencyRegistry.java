package io.parablock.metrics;

import io.micrometer.core.instrument.Clock;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.distribution.DistributionStatisticConfig;
import io.micrometer.core.instrument.distribution.pause.PauseDetector;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.prometheus.metrics.model.registry.Collector;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/** Micrometer's registry for Prometheus, with a {@link LatencyTimer} for each timer of the catalogue. Thread-safe. */
final class LatencyRegistry extends PrometheusMeterRegistry {
    private final Map<String, Metric> catalogued = new ConcurrentHashMap<>();
    private final Map<Metric, List<LatencyTimer>> timers = new ConcurrentHashMap<>();

    LatencyRegistry() {
        super(PrometheusConfig.DEFAULT, new PrometheusRegistry(), Clock.SYSTEM);
        for (Metric m : Metric.values()) {
            if (m.kind() == Kind.TIMER) {
                catalogued.put(m.meterName(), m);
            }
        }
    }

    @Override
    protected Timer newTimer(Meter.Id id, DistributionStatisticConfig config, PauseDetector pauses) {
        Metric metric = catalogued.get(id.getName());
        if (metric == null) {
            return super.newTimer(id, config, pauses);
        }
        LatencyTimer timer = new LatencyTimer(id, clock);
        timers.computeIfAbsent(metric, first -> {
                    getPrometheusRegistry().register((Collector) () -> collect(first));
                    return new CopyOnWriteArrayList<>();
                })
                .add(timer);
        return timer;
    }

    private HistogramSnapshot collect(Metric metric) {
        HistogramSnapshot.Builder out =
                HistogramSnapshot.builder().name(metric.prometheusName()).help(metric.description());
        for (LatencyTimer t : timers.getOrDefault(metric, List.of())) {
            out.dataPoint(HistogramSnapshot.HistogramDataPointSnapshot.builder()
                    .labels(labels(t.getId().getTags()))
                    .classicHistogramBuckets(ClassicHistogramBuckets.of(
                            boxed(LatencyHistogram.publishedSeconds()),
                            boxed(t.durations().published())))
                    .sum(t.durations().sumNs() / 1e9)
                    .build());
        }
        return out.build();
    }

    private static List<Double> boxed(double[] bounds) {
        List<Double> out = new ArrayList<>();
        for (double b : bounds) {
            out.add(b);
        }
        return out;
    }

    private static List<Long> boxed(long[] counts) {
        List<Long> out = new ArrayList<>();
        for (long c : counts) {
            out.add(c);
        }
        return out;
    }

    private static Labels labels(List<Tag> tags) {
        return Labels.of(
                tags.stream().map(Tag::getKey).toArray(String[]::new),
                tags.stream().map(Tag::getValue).toArray(String[]::new));
    }
}
