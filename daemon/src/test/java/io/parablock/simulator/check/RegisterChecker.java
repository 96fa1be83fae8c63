package io.parablock.simulator.check;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Is the history of one register linearizable? With values that are written once each, by zones (Gibbons and Korach, Testing
 * Shared Memories, 1997), in the time of a sort; with values written again (zeros), by {@link RegisterSearch}.
 */
final class RegisterChecker {
    /** A write, everything that read its value, and the times that they hold it to. */
    private static final class Cluster {
        final long value;
        final @Nullable RegisterOperation write;
        RegisterOperation firstEnd;
        RegisterOperation lastBegin;

        Cluster(long value, @Nullable RegisterOperation write, RegisterOperation bounds) {
            this.value = value;
            this.write = write;
            this.firstEnd = bounds;
            this.lastBegin = bounds;
        }

        void add(RegisterOperation o) {
            if (o.answered() < firstEnd.answered()) {
                firstEnd = o;
            }
            if (o.invoked() > lastBegin.invoked()) {
                lastBegin = o;
            }
        }

        /** The register surely has this value from the first end to the last begin. */
        boolean isForward() {
            return firstEnd.answered() < lastBegin.invoked();
        }

        long low() {
            return Math.min(firstEnd.answered(), lastBegin.invoked());
        }

        long high() {
            return Math.max(firstEnd.answered(), lastBegin.invoked());
        }
    }

    private RegisterChecker() {}

    /**
     * @param initial the value at the beginning
     * @param operations reads are answered; two writes may have the same value only if it is {@code repeated}
     * @param text names an operation for the reader
     * @return why it is not linearizable, or null
     */
    static @Nullable String check(
            long initial, long repeated, List<RegisterOperation> operations, IntFunction<String> text) {
        RegisterOperation genesis = RegisterOperation.write(initial, -2, -1, -1);
        Map<Long, Cluster> clusters = new HashMap<>();
        clusters.put(initial, new Cluster(initial, null, genesis));
        boolean again = false;
        for (RegisterOperation o : operations) {
            if (o.isWrite()) {
                again |= o.value() == initial || o.value() == repeated;
                clusters.putIfAbsent(o.value(), new Cluster(o.value(), o, o));
            }
        }
        for (RegisterOperation o : operations) {
            if (o.isWrite()) {
                continue;
            }
            Cluster c = clusters.get(o.value());
            if (c == null) {
                return "a value that nobody wrote:\n  " + text.apply(o.id());
            }
            c.add(o);
        }
        if (again) {
            return RegisterSearch.check(initial, operations, text);
        }
        for (RegisterOperation o : operations) {
            RegisterOperation w = clusters.get(o.value()).write;
            if (!o.isWrite() && w != null && o.answered() < w.invoked()) {
                return "read before it was written:\n  " + text.apply(o.id()) + "\n  " + text.apply(w.id());
            }
        }
        return compare(clusters, text);
    }

    private static @Nullable String compare(Map<Long, Cluster> clusters, IntFunction<String> text) {
        List<Cluster> forward = new ArrayList<>();
        List<Cluster> backward = new ArrayList<>();
        for (Cluster c : clusters.values()) {
            boolean unseen = c.write != null && c.write.isOpen() && c.write.equals(c.firstEnd);
            if (!unseen) {
                (c.isForward() ? forward : backward).add(c);
            }
        }
        Comparator<Cluster> order = Comparator.comparingLong(Cluster::low);
        forward.sort(order);
        backward.sort(order);
        for (int i = 1; i < forward.size(); i++) {
            if (forward.get(i - 1).high() > forward.get(i).low()) {
                return "two values at one time:\n" + show(forward.get(i - 1), text) + show(forward.get(i), text);
            }
        }
        int f = 0;
        for (Cluster b : backward) {
            while (f < forward.size() && forward.get(f).high() < b.low()) {
                f++;
            }
            if (f < forward.size()
                    && forward.get(f).low() < b.low()
                    && b.high() < forward.get(f).high()) {
                return "a value wholly within the time of another:\n" + show(forward.get(f), text) + show(b, text);
            }
        }
        return null;
    }

    private static String show(Cluster c, IntFunction<String> text) {
        StringBuilder b = new StringBuilder("  value " + c.value + ":\n");
        List<RegisterOperation> shown = new ArrayList<>();
        if (c.write != null) {
            shown.add(c.write);
        }
        for (RegisterOperation o : List.of(c.firstEnd, c.lastBegin)) {
            if (!shown.contains(o) && o.id() >= 0) {
                shown.add(o);
            }
        }
        shown.forEach(o -> b.append("    ").append(text.apply(o.id())).append('\n'));
        return shown.isEmpty() ? b.append("    the initial value\n").toString() : b.toString();
    }
}
