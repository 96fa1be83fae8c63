package io.parablock.perf.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/** What was measured, all of it, for programs. Times in microseconds; what is not known is null. */
public final class BenchJson {
    /** Raised when a key changes its meaning or goes. */
    static final int FORMAT = 1;

    private BenchJson() {}

    public static void write(BenchResult result, Path file) throws IOException {
        new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT).writeValue(file.toFile(), of(result));
    }

    static ObjectNode of(BenchResult result) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("format", FORMAT).put("began", result.began().toString());
        figure(json, "took_seconds", result.tookSeconds());
        texts(json.putObject("machine"), result.machine());
        settings(json.putObject("settings"), result.settings());
        ArrayNode variants = json.putArray("variants");
        result.variants().forEach((name, facts) -> texts(variants.addObject().put("variant", name), facts));
        texts(json.putObject("scenarios"), result.scenarios());
        ArrayNode floor = json.putArray("floor");
        for (FloorRound round : result.floor()) {
            ObjectNode one = floor.addObject();
            ArrayNode writers = one.putArray("writers_p50_us");
            round.writersP50Us().forEach(writers::add);
            figure(one, "disk_us", round.diskUs());
            figure(one, "round_trip_us", round.roundTripUs());
            figure(one, "floor_us", round.floorUs());
        }
        ArrayNode rows = json.putArray("rows");
        result.rows().forEach(row -> row(rows.addObject(), result, row));
        ArrayNode goals = json.putArray("goals");
        for (BenchGoals.Goal goal : BenchGoals.of(result)) {
            goals.addObject()
                    .put("what", goal.what())
                    .put("bar", goal.bar())
                    .put("figure", goal.figure())
                    .put("met", goal.met());
        }
        ArrayNode comparisons = json.putArray("comparisons");
        for (ModeComparison comparison : ModeComparison.of(result)) {
            ObjectNode one = shape(comparisons.addObject().put("scenario", comparison.scenario()), comparison.shape());
            one.put("parallel", comparison.parallel()).put("strict", comparison.strict());
            figure(one, "mean_ratio", comparison.mean());
            figure(one, "p99_ratio", comparison.p99());
            figure(one, "per_second_ratio", comparison.perSecond());
        }
        ArrayNode checks = json.putArray("cross_checks");
        for (CrossCheck check : result.crossChecks()) {
            ObjectNode one = checks.addObject();
            shape(one, check.shape())
                    .put("scenario", check.scenario())
                    .put("variant", check.variant())
                    .put("by", "fio, ioengine=nbd");
            ArrayNode rounds = one.putArray("rounds");
            for (FioRound round : check.rounds()) {
                ObjectNode figures = rounds.addObject();
                figure(figures, "per_second", round.perSecond());
                figure(figures, "p50_us", round.p50Us());
                figure(figures, "p99_us", round.p99Us());
            }
        }
        ArrayNode notes = json.putArray("notes");
        result.notes().forEach(notes::add);
        return json;
    }

    private static void settings(ObjectNode json, BenchSettings settings) {
        ArrayNode loads = json.putArray("loads");
        settings.shapes().forEach(s -> shape(loads.addObject(), s));
        json.put("block_bytes", settings.blockBytes())
                .put("read_percent", settings.readPercent())
                .put("addresses", settings.addresses().name())
                .put("overlap_percent", settings.overlapPercent())
                .put("hot_blocks", settings.hotBlocks())
                .put("range_bytes", settings.rangeBytes())
                .put("seconds", settings.seconds())
                .put("warm_up_seconds", settings.warmUpSeconds())
                .put("rounds", settings.rounds())
                .put("seed", settings.seed());
        if (settings.addresses() == Addresses.zipf) {
            json.put("zipf_exponent", ZipfBlocks.EXPONENT);
        }
    }

    private static ObjectNode shape(ObjectNode json, LoadShape shape) {
        return json.put("loop", shape.open() ? "open" : "closed")
                .put(shape.open() ? "rate_per_second" : "depth", shape.value());
    }

    private static void row(ObjectNode json, BenchResult result, BenchRow row) {
        shape(json, row.shape())
                .put("scenario", row.scenario())
                .put("variant", row.variant())
                .put("histogram", HgrmFiles.name(row));
        ObjectNode medians = json.putObject("medians");
        median(medians, "per_second", row, RoundFigures::perSecond);
        median(medians, "mean_us", row, r -> r.all().meanUs());
        median(medians, "p50_us", row, r -> r.all().p50Us());
        median(medians, "p99_us", row, r -> r.all().p99Us());
        median(medians, "p999_us", row, r -> r.all().p999Us());
        median(medians, "cpu_us", row, RoundFigures::cpuUs);
        ObjectNode ratios = json.putObject("ratios");
        figure(ratios, "p50_to_floor", BenchTable.floorRatio(result, row, FloorRound::floorUs));
        figure(ratios, "p50_to_round_trip", BenchTable.floorRatio(result, row, FloorRound::roundTripUs));
        BenchRow base = result.base(row);
        figure(ratios, "per_second_to_first", row.ratio(base, RoundFigures::perSecond));
        figure(ratios, "p50_to_first", row.ratio(base, r -> r.all().p50Us()));
        figure(ratios, "p99_to_first", row.ratio(base, r -> r.all().p99Us()));
        ArrayNode rounds = json.putArray("rounds");
        for (RoundFigures round : row.rounds()) {
            ObjectNode one = rounds.addObject();
            figure(one, "per_second", round.perSecond());
            one.put("asked", round.asked()).put("errors", round.errors()).put("unanswered", round.unanswered());
            figure(one, "cpu_us", round.cpuUs());
            latencies(one.putObject("all"), round.all());
            latencies(one.putObject("reads"), round.reads());
            latencies(one.putObject("writes"), round.writes());
            if (row.shape().open()) {
                latencies(one.putObject("send_delays"), round.sendDelays());
            }
        }
    }

    private static void latencies(ObjectNode json, Latencies latencies) {
        json.put("count", latencies.count());
        if (latencies.count() > 0) {
            figure(json, "mean_us", latencies.meanUs());
            figure(json, "p50_us", latencies.p50Us());
            figure(json, "p90_us", latencies.p90Us());
            figure(json, "p99_us", latencies.p99Us());
            figure(json, "p999_us", latencies.p999Us());
            figure(json, "max_us", latencies.maxUs());
        }
    }

    private static void median(ObjectNode json, String key, BenchRow row, ToDoubleFunction<RoundFigures> of) {
        figure(json, key, row.median(of));
    }

    /** To a thousandth. JSON has no NaN. */
    private static void figure(ObjectNode json, String key, double value) {
        if (Double.isFinite(value)) {
            json.put(key, Math.round(value * 1e3) / 1e3);
        } else {
            json.putNull(key);
        }
    }

    private static void texts(ObjectNode json, Map<String, String> texts) {
        texts.forEach(json::put);
    }
}
