package io.parablock.simulator;

import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;

/** How often each kind of fault took effect. */
final class FaultCounts {
    private final EnumMap<FaultKind, Long> counts = new EnumMap<>(FaultKind.class);

    void count(FaultKind kind) {
        counts.merge(kind, 1L, Long::sum);
    }

    void add(FaultKind kind, long times) {
        counts.merge(kind, times, Long::sum);
    }

    void addAll(FaultCounts other) {
        other.counts.forEach((kind, n) -> counts.merge(kind, n, Long::sum));
    }

    long of(FaultKind kind) {
        return counts.getOrDefault(kind, 0L);
    }

    /** Those of the wanted kinds that never took effect. */
    Set<FaultKind> missing(Set<FaultKind> wanted) {
        EnumSet<FaultKind> out = EnumSet.noneOf(FaultKind.class);
        for (FaultKind kind : wanted) {
            if (of(kind) == 0) {
                out.add(kind);
            }
        }
        return out;
    }

    @Override
    public String toString() {
        StringBuilder out = new StringBuilder();
        for (Map.Entry<FaultKind, Long> e : counts.entrySet()) {
            out.append(out.length() == 0 ? "" : " ")
                    .append(e.getKey().label())
                    .append('=')
                    .append(e.getValue());
        }
        return out.toString();
    }
}
