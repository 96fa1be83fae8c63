package io.parablock.http;

import com.fasterxml.jackson.databind.JsonNode;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.parablock.metrics.TimerInterval;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The figures of one row of the live page's charts: of what is counted the rate since the row before, of what is timed the
 * percentiles of the interval, of the rest the value of the moment. One thread at a time.
 *
 * <p>Columns: {@code write.rate}, {@code read.rate}, {@code commit.rate} per second; {@code write.bytes}, {@code read.bytes} per
 * second; {@code holes}, {@code in_flight}, {@code unanswered}; {@code lag.PEER} in slots; {@code latency.STAGE.p50}, {@code p99},
 * {@code p999} in microseconds, where a stage is one of {@value #STAGE_TIMER}, or {@code op.write} and {@code op.read} of the
 * requests of this process's own clients.
 */
final class LiveFigures {
    /** With the tag {@code stage}. */
    static final String STAGE_TIMER = "parablock.write.stage";

    private static final String REQUEST_TIMER = "parablock.gateway.request";
    private static final String REQUEST_BYTES = "parablock.gateway.answered.bytes";
    private static final String[] OPERATIONS = {"write", "read"};
    private static final String[] MOMENTARY = {"holes", "in_flight", "unanswered"};

    private final MeterRegistry registry;
    private final Map<String, TimerInterval> timers = new HashMap<>();
    private Map<String, Double> totals = Map.of();
    private long atNs;

    LiveFigures(MeterRegistry registry) {
        this.registry = registry;
    }

    /**
     * @param nowNs {@link System#nanoTime}
     * @param status what the process says of itself now
     */
    Map<String, Double> take(long nowNs, JsonNode status) {
        Map<String, Double> row = new LinkedHashMap<>();
        Map<String, Double> now = new HashMap<>();
        for (String op : OPERATIONS) {
            Timer requests = registry.find(REQUEST_TIMER).tag("op", op).timer();
            if (requests != null) {
                now.put(op + ".rate", (double) requests.count());
                percentiles("op." + op, requests, row);
            }
            Counter bytes = registry.find(REQUEST_BYTES).tag("op", op).counter();
            if (bytes != null) {
                now.put(op + ".bytes", bytes.count());
            }
        }
        JsonNode committed = status.path("commit_watermark");
        if (committed.isNumber()) {
            now.put("commit.rate", committed.asDouble());
        }
        rates(nowNs, now, row);
        for (Timer stage : registry.find(STAGE_TIMER).timers()) {
            percentiles(String.valueOf(stage.getId().getTag("stage")), stage, row);
        }
        for (String figure : MOMENTARY) {
            if (status.path(figure).isNumber()) {
                row.put(figure, status.path(figure).asDouble());
            }
        }
        ClusterView.lag(status).forEach((peer, slots) -> row.put("lag." + peer, (double) slots));
        return row;
    }

    private void percentiles(String stage, Timer timer, Map<String, Double> row) {
        TimerInterval known = timers.get(stage);
        if (known == null) {
            timers.put(stage, new TimerInterval(timer));
            return;
        }
        TimerInterval.Percentiles p = known.take();
        if (p.count() > 0) {
            row.put("latency." + stage + ".p50", p.p50Us());
            row.put("latency." + stage + ".p99", p.p99Us());
            row.put("latency." + stage + ".p999", p.p999Us());
        }
    }

    private void rates(long nowNs, Map<String, Double> now, Map<String, Double> row) {
        double seconds = (nowNs - atNs) / 1e9;
        for (Map.Entry<String, Double> total : now.entrySet()) {
            Double before = totals.get(total.getKey());
            // Less than before: another cluster's figure, as after an install.
            if (before != null && seconds > 0 && total.getValue() >= before) {
                row.put(total.getKey(), (total.getValue() - before) / seconds);
            }
        }
        totals = now;
        atNs = nowNs;
    }
}
