package io.parablock.tools;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What is particular about one of the clusters that {@code parablock bench} compares.
 *
 * @param engine of the log; auto for the daemon's choice
 * @param lanes to each peer; 0 for the daemon's choice
 */
record BenchVariant(DemoCommand.Mode mode, DemoCommand.Durability durability, Engine engine, int lanes) {
    /** Named limit: each is three daemons. */
    static final int VARIANTS_MAX = 8;

    static final int LANES_MAX = 16;

    enum Engine {
        auto,
        direct,
        chronicle,
        memory
    }

    /** Each with each, in the order in which they are given. */
    static List<BenchVariant> all(
            List<DemoCommand.Mode> modes,
            List<DemoCommand.Durability> durabilities,
            List<Engine> engines,
            List<Integer> lanes) {
        List<BenchVariant> all = new ArrayList<>();
        for (DemoCommand.Durability durability : durabilities) {
            for (Engine engine : engines) {
                for (int count : lanes) {
                    for (DemoCommand.Mode mode : modes) {
                        all.add(new BenchVariant(mode, durability, engine, count));
                    }
                }
            }
        }
        List<BenchVariant> distinct = all.stream().distinct().toList();
        if (distinct.size() > VARIANTS_MAX) {
            throw new IllegalArgumentException(
                    distinct.size() + " variants, each a cluster; at most " + VARIANTS_MAX + " run side by side");
        }
        return distinct;
    }

    BenchVariant {
        if (lanes < 0 || lanes > LANES_MAX) {
            throw new IllegalArgumentException(
                    "lanes " + lanes + ", range 1 to " + LANES_MAX + ", or 0 for the daemon's");
        }
    }

    /** The one that differs in its mode alone, or null if this is strict itself. */
    @Nullable
    BenchVariant strict() {
        return mode == DemoCommand.Mode.strict
                ? null
                : new BenchVariant(DemoCommand.Mode.strict, durability, engine, lanes);
    }

    /** For people. */
    String label() {
        return mode + " " + durability + (engine == Engine.auto ? "" : " " + engine)
                + (lanes == 0 ? "" : " lanes=" + lanes);
    }

    /**
     * Configuration keys besides those of a demo.
     *
     * @param faults what is wrong with the cluster
     * @param extra before all others
     */
    Map<String, String> keys(BenchScenario.Faults faults, Map<String, String> extra) {
        Map<String, String> keys = new TreeMap<>(faults.keys());
        int count = lanes > 0 ? lanes : faults.lanes();
        if (count > 0) {
            keys.put("transport.lanes", Integer.toString(count));
            keys.put("strict.lanes", Integer.toString(count));
        }
        keys.putAll(extra);
        return keys;
    }
}
