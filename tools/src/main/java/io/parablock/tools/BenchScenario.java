package io.parablock.tools;

import io.parablock.perf.bench.BenchSubject;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Under which circumstances {@code parablock bench} measures.
 *
 * @param says what it is, for people
 * @param faults of the cluster; scenarios with the same share one
 * @param reloaded configuration keys of every daemon, only while it is measured
 * @param overlapPercent share of the writes that go to the hot blocks; null for what {@code --overlap} says
 */
record BenchScenario(
        String name,
        String says,
        Faults faults,
        Map<String, String> reloaded,
        @Nullable Integer overlapPercent) {
    /** The one node that something is wrong with, where it is one: it must not lead. */
    static final int BAD_NODE = 3;

    static final String NAMES =
            "clean, lane-stall, lane-stall-two-nodes, lane-stall-often, jitter, slow-follower, slow-disk, slow-disks, rare-checkpoints,"
                    + " observed, unobserved, overlap-N (N percent)";

    private BenchScenario(String name, String says, Faults faults) {
        this(name, says, faults, Map.of(), null);
    }

    private static final String OVERLAP = "overlap-";
    private static final int PERCENT_MAX = 100;

    /**
     * Configuration keys that make a cluster bad.
     *
     * @param keys of every daemon
     * @param lanes to each peer, where the variant leaves that open; 0 for the daemon's choice
     * @param keysOfBadNode besides those; empty if no node is worse than the others
     * @param keysOfOthers besides those
     * @param badNodeDown whether it is killed once the cluster serves, so that every write needs both others
     */
    record Faults(
            Map<String, String> keys,
            int lanes,
            Map<String, String> keysOfBadNode,
            Map<String, String> keysOfOthers,
            boolean badNodeDown) {
        static final Faults NONE = everywhere(Map.of(), 0);

        /** Of every node alike. */
        static Faults everywhere(Map<String, String> keys, int lanes) {
            return new Faults(keys, lanes, Map.of(), Map.of(), false);
        }

        boolean hasBadNode() {
            return badNodeDown || !keysOfBadNode.isEmpty();
        }

        /** Of one daemon alone. */
        Map<String, String> keysOf(int node) {
            Map<String, String> all = new TreeMap<>(node == BAD_NODE ? keysOfBadNode : keysOfOthers);
            if (node == BAD_NODE && hasBadNode()) {
                // It stands for election long after the others have.
                all.put("raft.election_timeout", "30s");
            }
            return all;
        }
    }

    private static final String SLOW_WRITE = "20ms";
    private static final String ONE_IN_A_HUNDRED = "0.01";

    private static final Map<String, String> LANE_STALL = stalls(ONE_IN_A_HUNDRED);
    private static final Map<String, String> LANE_STALL_OFTEN = stalls("0.2");
    private static final Map<String, String> JITTER = Map.of("impairment.delay", "500us", "impairment.jitter", "2ms");
    private static final Map<String, String> DELAY = Map.of("impairment.delay", "5ms");
    private static final Map<String, String> DELAY_TO_BAD_NODE =
            Map.of("impairment.delay", "5ms", "impairment.peers", Integer.toString(BAD_NODE));
    /** So that completions may overtake a slow one. */
    private static final Map<String, String> WRITES_IN_FLIGHT = Map.of("wal.writes_in_flight", "32");

    /** Longer than anybody measures. */
    private static final Map<String, String> RARE_CHECKPOINTS =
            Map.of("checkpoint.bytes", "64GiB", "checkpoint.interval", "1h");

    private static final Map<String, String> UNOBSERVED = Map.of("metrics.requests", "false", "log.level", "error");

    private static final Map<String, String> SLOW_WRITES =
            Map.of("impairment.wal_delay", SLOW_WRITE, "impairment.wal_delay_probability", ONE_IN_A_HUNDRED);

    private static final List<BenchScenario> NAMED = List.of(
            new BenchScenario(BenchSubject.CLEAN, "nothing is wrong", Faults.NONE),
            new BenchScenario(
                    "lane-stall",
                    "one lane in eight to each peer stalls 20 ms for 1 % of its messages",
                    Faults.everywhere(LANE_STALL, 8)),
            new BenchScenario(
                    "lane-stall-two-nodes",
                    "one lane in eight stalls 20 ms for 1 % of its messages, and one follower is down: each write needs both"
                            + " others",
                    new Faults(LANE_STALL, 8, Map.of(), Map.of(), true)),
            new BenchScenario(
                    "lane-stall-often",
                    "one lane in eight stalls 20 ms for 20 % of its messages, and one follower is down: as often as 1 % would be"
                            + " with one write in each message",
                    new Faults(LANE_STALL_OFTEN, 8, Map.of(), Map.of(), true)),
            new BenchScenario(
                    "jitter",
                    "each message between nodes takes 0.5 to 2.5 ms more, in order on each lane",
                    Faults.everywhere(JITTER, 0)),
            new BenchScenario(
                    "slow-follower",
                    "each message to and from one follower takes 5 ms more",
                    new Faults(Map.of(), 0, DELAY, DELAY_TO_BAD_NODE, false)),
            new BenchScenario(
                    "slow-disk",
                    "1 % of the records of one follower's log are durable 20 ms late; 32 writes in flight everywhere",
                    new Faults(WRITES_IN_FLIGHT, 0, SLOW_WRITES, Map.of(), false)),
            new BenchScenario(
                    "slow-disks",
                    "1 % of the records of every log are durable 20 ms late; 32 writes in flight everywhere",
                    Faults.everywhere(merged(WRITES_IN_FLIGHT, SLOW_WRITES), 0)),
            new BenchScenario(
                    "rare-checkpoints",
                    "nothing is wrong, and no checkpoint is taken meanwhile",
                    Faults.everywhere(RARE_CHECKPOINTS, 0)),
            new BenchScenario(
                    BenchSubject.OBSERVED,
                    "nothing is wrong, and a browser and a Prometheus look at each node",
                    Faults.NONE),
            new BenchScenario(
                    "unobserved",
                    "nothing is wrong, requests are neither timed nor counted, and the log has errors alone",
                    Faults.NONE,
                    UNOBSERVED,
                    null));

    private static Map<String, String> stalls(String probability) {
        return Map.of(
                "impairment.lanes", "0",
                "impairment.stall", "20ms",
                "impairment.stall_probability", probability);
    }

    private static Map<String, String> merged(Map<String, String> one, Map<String, String> other) {
        Map<String, String> all = new TreeMap<>(one);
        all.putAll(other);
        return all;
    }

    /**
     * In this order, each once.
     *
     * @throws IllegalArgumentException for a name that there is not
     */
    static List<BenchScenario> all(List<String> names) {
        List<BenchScenario> all = new ArrayList<>();
        names.stream().distinct().map(BenchScenario::named).forEach(all::add);
        return all;
    }

    private static BenchScenario named(String name) {
        if (name.startsWith(OVERLAP)) {
            return overlap(name);
        }
        return NAMED.stream()
                .filter(scenario -> scenario.name.equals(name))
                .findFirst()
                .orElseThrow(() -> unknown(name));
    }

    private static BenchScenario overlap(String name) {
        try {
            int percent = Integer.parseInt(name.substring(OVERLAP.length()));
            if (percent >= 0 && percent <= PERCENT_MAX) {
                return new BenchScenario(
                        name, percent + " % of the writes go to the hot blocks", Faults.NONE, Map.of(), percent);
            }
        } catch (NumberFormatException e) {
            // Told below.
        }
        throw unknown(name);
    }

    private static IllegalArgumentException unknown(String name) {
        return new IllegalArgumentException("no scenario '" + name + "'; there are " + NAMES);
    }
}
