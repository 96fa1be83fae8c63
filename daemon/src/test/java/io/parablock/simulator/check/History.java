package io.parablock.simulator.check;

import java.util.ArrayList;
import java.util.List;

/**
 * What clients asked of one disk and what they were told, in the order of the simulation's events. The disk is cut into units
 * (a sector or a block); a write of several units is not atomic across them, as on any disk. Single-threaded.
 */
public final class History {
    /** TRIM and WRITE_ZEROES both leave zeros: {@link #ZERO}. */
    public enum Kind {
        WRITE,
        ZERO,
        READ,
        FLUSH
    }

    /** How an operation ended. */
    enum End {
        /** No answer, or an error: it may have taken effect, may yet do so, or never. */
        OPEN,
        OK,
        /** It surely had no effect. */
        REFUSED
    }

    /** One request. */
    static final class Operation {
        final int number;
        final int client;
        final Kind kind;
        final long first;
        final int units;
        final long stamp;
        final long invoked;
        final long invokedNs;
        End end = End.OPEN;
        long ended = Long.MAX_VALUE;
        long endedNs = -1;
        long[] values = new long[0];

        Operation(int number, int client, Kind kind, long first, int units, long stamp, long invoked, long invokedNs) {
            this.number = number;
            this.client = client;
            this.kind = kind;
            this.first = first;
            this.units = units;
            this.stamp = stamp;
            this.invoked = invoked;
            this.invokedNs = invokedNs;
        }

        boolean isWrite() {
            return kind == Kind.WRITE || kind == Kind.ZERO;
        }

        boolean covers(long unit) {
            return first <= unit && unit < first + units;
        }

        String text(long unit) {
            String what = kind == Kind.READ
                    ? "read " + (end == End.OK ? values[(int) (unit - first)] : "?")
                    : kind == Kind.WRITE ? "write " + stamp : kind == Kind.ZERO ? "write 0 (zeros)" : "flush";
            return "op " + number + ", client " + client + ": " + what + " [" + invokedNs + " ns .. "
                    + (end == End.OK ? endedNs + " ns]" : "no answer]");
        }
    }

    private final List<Operation> operations = new ArrayList<>();
    private final List<Long> powerLosses = new ArrayList<>();
    private long events;
    private long lastUnit = -1;

    /**
     * A client sends a request.
     *
     * @param first first unit; {@code units} may be 0 for a FLUSH
     * @param stamp WRITE: the value that every unit gets, not 0, used by no other WRITE; else 0
     * @return the operation, for its answer
     */
    public int invoke(int client, Kind kind, long first, int units, long stamp, long nowNs) {
        if ((kind == Kind.WRITE) != (stamp != 0)) {
            throw new IllegalArgumentException(kind + " with stamp " + stamp);
        }
        operations.add(new Operation(operations.size(), client, kind, first, units, stamp, ++events, nowNs));
        if (units > 0) {
            lastUnit = Math.max(lastUnit, first + units - 1);
        }
        return operations.size() - 1;
    }

    /** A WRITE, ZERO or FLUSH is done. */
    public void ok(int operation, long nowNs) {
        Operation o = operations.get(operation);
        o.end = End.OK;
        o.ended = ++events;
        o.endedNs = nowNs;
    }

    /** A READ is answered with the stamps of its units, 0 for zeros. */
    public void okRead(int operation, long[] values, long nowNs) {
        Operation o = operations.get(operation);
        if (values.length != o.units) {
            throw new IllegalArgumentException(values.length + " values for " + o.units + " units");
        }
        o.values = values.clone();
        ok(operation, nowNs);
    }

    /** The request surely had no effect and never will. An error after which it may have one is no answer at all. */
    public void refused(int operation) {
        operations.get(operation).end = End.REFUSED;
    }

    /** {@code durability=mapped}: every machine lost power at once; what was answered and not flushed may be gone. */
    public void unflushedMayBeLost() {
        powerLosses.add(++events);
    }

    List<Operation> operations() {
        return operations;
    }

    List<Long> powerLosses() {
        return powerLosses;
    }

    long lastUnit() {
        return lastUnit;
    }

    public int size() {
        return operations.size();
    }
}
