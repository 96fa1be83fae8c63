package io.parablock.simulator.check;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What clients saw of a disk must be explained by one order per unit that keeps real time. A unit is a register: a write of
 * several units need not be atomic across them, so checking each alone loses nothing. A write without an answer may take
 * effect at any time after it was sent, or never.
 */
public final class LinearizabilityChecker {
    private static final String NAME = "LinearizabilityChecker";
    private static final long ZEROS = 0;

    private final History history;

    public LinearizabilityChecker(History history) {
        this.history = history;
    }

    /** @throws Violation with the operations that cannot be ordered */
    public void check() {
        String counterexample = counterexample();
        if (counterexample != null) {
            throw new Violation(0, NAME, counterexample);
        }
    }

    /** The operations of the first unit whose history has no explanation, as text for a reader; null if there is none. */
    @Nullable
    String counterexample() {
        Map<Long, List<History.Operation>> byUnit = new HashMap<>();
        for (History.Operation o : history.operations()) {
            boolean counts = o.end == History.End.OK || (o.isWrite() && o.end == History.End.OPEN);
            for (long u = o.first; counts && u < o.first + o.units; u++) {
                byUnit.computeIfAbsent(u, unit -> new ArrayList<>()).add(o);
            }
        }
        for (long u = 0; u <= history.lastUnit(); u++) {
            List<History.Operation> operations = byUnit.get(u);
            String fault = operations == null ? null : checkUnit(u, operations);
            if (fault != null) {
                return "unit " + u + " has " + fault;
            }
        }
        return null;
    }

    private @Nullable String checkUnit(long unit, List<History.Operation> operations) {
        long initial = ZEROS;
        long began = 0;
        List<Long> ends = new ArrayList<>(history.powerLosses());
        ends.add(Long.MAX_VALUE);
        for (int epoch = 0; epoch < ends.size(); epoch++) {
            List<RegisterOperation> register = new ArrayList<>();
            for (History.Operation o : operations) {
                addTo(register, o, unit, began, ends.get(epoch));
            }
            if (epoch > 0) {
                Set<Long> foreign = foreignValues(register);
                Set<Long> survivors = survivors(unit, operations, began);
                initial = survivors.contains(ZEROS) ? ZEROS : Long.MIN_VALUE;
                if (!foreign.isEmpty()) {
                    initial = foreign.iterator().next();
                    if (foreign.size() > 1 || !survivors.contains(initial)) {
                        return lost(unit, operations, foreign, began);
                    }
                }
            }
            String fault = RegisterChecker.check(
                    initial, ZEROS, register, id -> history.operations().get(id).text(unit));
            if (fault != null) {
                return fault;
            }
            began = ends.get(epoch);
        }
        return null;
    }

    /** Takes what was answered between two power losses; a write without an answer by then may belong to any later time. */
    private static void addTo(List<RegisterOperation> register, History.Operation o, long unit, long began, long end) {
        if (o.invoked > end) {
            return;
        }
        long invoked = Math.max(o.invoked, began);
        if (o.end == History.End.OK && o.ended <= end) {
            if (o.ended > began) {
                register.add(
                        o.isWrite()
                                ? RegisterOperation.write(o.stamp, invoked, o.ended, o.number)
                                : RegisterOperation.read(o.values[(int) (unit - o.first)], invoked, o.ended, o.number));
            }
        } else if (o.isWrite()) {
            register.add(RegisterOperation.write(o.stamp, invoked, RegisterOperation.NEVER, o.number));
        }
    }

    /** What was read and not written since. */
    private static Set<Long> foreignValues(List<RegisterOperation> register) {
        Set<Long> written = new HashSet<>();
        Set<Long> read = new HashSet<>();
        for (RegisterOperation o : register) {
            (o.isWrite() ? written : read).add(o.value());
        }
        read.removeAll(written);
        return read;
    }

    /** The values that a unit may have after a power loss: those not overwritten by something flushed. */
    private Set<Long> survivors(long unit, List<History.Operation> operations, long loss) {
        long newestFlushed = -1;
        for (History.Operation f : operations) {
            if (f.isWrite() && f.end == History.End.OK && isFlushed(f, loss)) {
                newestFlushed = Math.max(newestFlushed, f.invoked);
            }
        }
        Set<Long> out = new HashSet<>();
        if (newestFlushed < 0) {
            out.add(ZEROS);
        }
        for (History.Operation o : operations) {
            if (o.isWrite() && o.covers(unit) && o.invoked < loss && o.ended > newestFlushed) {
                out.add(o.stamp);
            }
        }
        return out;
    }

    private boolean isFlushed(History.Operation write, long loss) {
        for (History.Operation o : history.operations()) {
            boolean flushes = o.kind == History.Kind.FLUSH
                    && o.end == History.End.OK
                    && o.ended < loss
                    && write.ended < o.invoked;
            if (flushes && !isLostBetween(write.ended, o.invoked)) {
                return true;
            }
        }
        return false;
    }

    /** A power loss before the flush may have taken the write: there was nothing left to flush. */
    private boolean isLostBetween(long written, long flushed) {
        return history.powerLosses().stream().anyMatch(loss -> written < loss && loss < flushed);
    }

    private static String lost(long unit, List<History.Operation> operations, Set<Long> values, long loss) {
        StringBuilder b = new StringBuilder("after a power loss the values " + values
                + ", which flushed writes had replaced or which contradict each other:\n");
        for (History.Operation o : operations) {
            boolean shows = o.kind == History.Kind.READ
                    && o.end == History.End.OK
                    && o.ended > loss
                    && values.contains(o.values[(int) (unit - o.first)]);
            if (shows || (o.isWrite() && values.contains(o.stamp))) {
                b.append("  ").append(o.text(unit)).append('\n');
            }
        }
        return b.toString();
    }
}
