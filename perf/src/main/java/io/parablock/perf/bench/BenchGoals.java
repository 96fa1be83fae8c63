package io.parablock.perf.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Where we want to stand, as far as a run has measured it: docs/benchmarks.md, "Goals". Only a goal whose load (a closed loop), scenario
 * and durability were measured is told; figures are medians of the rounds, ratios medians of the rounds' ratios.
 */
final class BenchGoals {
    private static final String FSYNC = "fsync";
    private static final String MAPPED = "mapped";
    private static final String LANE_STALL = "lane-stall";
    private static final String LANE_STALL_TWO_NODES = "lane-stall-two-nodes";
    private static final String SLOW_DISKS = "slow-disks";
    private static final String SLOW_FOLLOWER = "slow-follower";
    private static final String RARE_CHECKPOINTS = "rare-checkpoints";
    private static final String UNOBSERVED = "unobserved";

    private static final int DEEP = 32;
    private static final int DEEPER = 128;

    private static final double FLOORS_MAX = 1.5;
    private static final double ROUND_TRIPS_MAX = 3;
    private static final double FSYNC_RATE_MIN = 18_000;
    private static final double FSYNC_P99_US_MAX = 6_000;
    private static final double MAPPED_RATE_MIN = 40_000;
    private static final double MAPPED_P99_US_MAX = 4_000;
    private static final double DEEPER_P99_MAX = 4;
    private static final double CLEAN_RATE_MIN = 0.95;
    private static final double OUT_OF_ORDER_RATE_MIN = 1.3;
    private static final double STALL_MEAN_MAX = 1 / 2.5;
    private static final double STALL_P99_MAX = 1 / 5.0;
    private static final double STALL_RATE_MIN = 2;
    private static final double SLOW_FOLLOWER_P99_MAX = 1.2;
    private static final double CHECKPOINT_P99_MAX = 2;
    private static final double OBSERVED_RATE_MIN = 0.98;
    private static final double OBSERVED_P50_MAX = 1.02;

    /**
     * @param what was measured, and at which variant
     * @param bar in words
     * @param figure in words
     */
    record Goal(String what, String bar, String figure, boolean met) {}

    private final BenchResult result;
    private final List<Goal> goals = new ArrayList<>();

    private BenchGoals(BenchResult result) {
        this.result = result;
    }

    static List<Goal> of(BenchResult result) {
        BenchGoals all = new BenchGoals(result);
        // They are of writes of 4 KiB, alone.
        if (result.settings().readPercent() > 0 || result.settings().blockBytes() != BenchSettings.BLOCK_BYTES) {
            return List.of();
        }
        for (BenchRow row : result.rows()) {
            all.add(row);
        }
        ModeComparison.of(result).forEach(all::add);
        return all.goals;
    }

    private void add(BenchRow row) {
        Map<String, String> facts = result.variants().getOrDefault(row.variant(), Map.of());
        boolean parallel = "parallel".equals(facts.get("mode"));
        if (!parallel || row.shape().open()) {
            return;
        }
        String durability = facts.getOrDefault("durability", "");
        boolean clean = row.scenario().equals(BenchSubject.CLEAN);
        int depth = row.shape().value();
        if (clean && depth == 1 && durability.equals(FSYNC)) {
            most(row, "p50 / floor", BenchTable.floorRatio(result, row, FloorRound::floorUs), FLOORS_MAX);
        }
        if (clean && depth == 1 && durability.equals(MAPPED)) {
            most(row, "p50 / round trip", BenchTable.floorRatio(result, row, FloorRound::roundTripUs), ROUND_TRIPS_MAX);
        }
        if (clean && depth == DEEP && durability.equals(FSYNC)) {
            least(row, "per second", row.median(RoundFigures::perSecond), FSYNC_RATE_MIN);
            most(row, "p99 µs", row.median(r -> r.all().p99Us()), FSYNC_P99_US_MAX);
        }
        if (clean && depth == DEEP && durability.equals(MAPPED)) {
            least(row, "per second", row.median(RoundFigures::perSecond), MAPPED_RATE_MIN);
            most(row, "p99 µs", row.median(r -> r.all().p99Us()), MAPPED_P99_US_MAX);
        }
        if (clean && depth == DEEPER) {
            BenchRow deep = row(row.scenario(), LoadShape.closed(DEEP), row.variant());
            if (deep != null) {
                least(row, "rate / depth 32", row.ratio(deep, RoundFigures::perSecond), 1);
                most(row, "p99 / depth 32", row.ratio(deep, r -> r.all().p99Us()), DEEPER_P99_MAX);
            }
        }
        BenchRow unbroken = row(RARE_CHECKPOINTS, row.shape(), row.variant());
        if (clean && unbroken != null) {
            most(row, "p99 / rare checkpoints", row.ratio(unbroken, r -> r.all().p99Us()), CHECKPOINT_P99_MAX);
        }
        BenchRow healthy = row(BenchSubject.CLEAN, row.shape(), row.variant());
        if (row.scenario().equals(SLOW_FOLLOWER) && healthy != null) {
            most(row, "p99 / clean", row.ratio(healthy, r -> r.all().p99Us()), SLOW_FOLLOWER_P99_MAX);
        }
        BenchRow unobserved = row(UNOBSERVED, row.shape(), row.variant());
        if (row.scenario().equals(BenchSubject.OBSERVED) && unobserved != null) {
            if (depth == 1) {
                most(row, "p50 / unobserved", row.ratio(unobserved, r -> r.all().p50Us()), OBSERVED_P50_MAX);
            } else if (depth == DEEP) {
                least(row, "rate / unobserved", row.ratio(unobserved, RoundFigures::perSecond), OBSERVED_RATE_MIN);
            }
        }
    }

    private void add(ModeComparison pair) {
        BenchRow row = row(pair.scenario(), pair.shape(), pair.parallel());
        if (row == null || pair.shape().open()) {
            return;
        }
        switch (pair.scenario()) {
            case LANE_STALL, LANE_STALL_TWO_NODES -> {
                most(row, "mean / strict", pair.mean(), STALL_MEAN_MAX);
                most(row, "p99 / strict", pair.p99(), STALL_P99_MAX);
                least(row, "rate / strict", pair.perSecond(), STALL_RATE_MIN);
            }
            case SLOW_DISKS -> {
                if (pair.shape().equals(LoadShape.closed(DEEP))) {
                    least(row, "rate / strict", pair.perSecond(), OUT_OF_ORDER_RATE_MIN);
                }
            }
            default -> least(row, "rate / strict", pair.perSecond(), CLEAN_RATE_MIN);
        }
    }

    private @Nullable BenchRow row(String scenario, LoadShape shape, String variant) {
        return result.rows().stream()
                .filter(r -> r.scenario().equals(scenario)
                        && r.shape().equals(shape)
                        && r.variant().equals(variant))
                .findFirst()
                .orElse(null);
    }

    private void most(BenchRow row, String what, double figure, double most) {
        add(row, what, "≤ " + number(most), figure, figure <= most);
    }

    private void least(BenchRow row, String what, double figure, double least) {
        add(row, what, "≥ " + number(least), figure, figure >= least);
    }

    private void add(BenchRow row, String what, String bar, double figure, boolean met) {
        // Without fio the floor is not known.
        if (Double.isFinite(figure)) {
            goals.add(new Goal(label(row, what), bar, number(figure), met));
        }
    }

    private static String label(BenchRow row, String what) {
        return row.scenario() + ", " + row.shape().label() + ", " + row.variant() + ": " + what;
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, value >= 100 ? "%.0f" : "%.2f", value);
    }
}
