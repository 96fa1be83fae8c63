package io.parablock.simulator.check;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Linearizability of one register by search (Wing and Gong, with Lowe's memory of what was tried). Reads that fit are taken
 * at once and an open write only right before a read that needs it, so that only answered, concurrent writes branch.
 */
final class RegisterSearch {
    /** States after which the search gives up loudly. */
    private static final int STATES_MAX = 3_000_000;

    /** @param taken operations below {@code base} are all taken, of the others these */
    private record State(int base, BitSet taken, long value) {}

    private final List<RegisterOperation> operations;
    private final Set<State> tried = new HashSet<>();
    private final ArrayDeque<State> open = new ArrayDeque<>();
    private State furthest;

    private RegisterSearch(long initial, List<RegisterOperation> all) {
        Set<Long> read = new HashSet<>();
        all.forEach(o -> {
            if (!o.isWrite()) {
                read.add(o.value());
            }
        });
        this.operations = new ArrayList<>(all);
        // What never got an answer and was never seen may be thought away.
        operations.removeIf(o -> o.isOpen() && !read.contains(o.value()));
        operations.sort(Comparator.comparingLong(RegisterOperation::invoked));
        this.furthest = new State(0, new BitSet(), initial);
        push(furthest);
    }

    static @Nullable String check(long initial, List<RegisterOperation> operations, IntFunction<String> text) {
        RegisterSearch search = new RegisterSearch(initial, operations);
        return search.run() ? null : search.explain(text);
    }

    private void push(State s) {
        if (tried.add(s)) {
            if (tried.size() > STATES_MAX) {
                throw new IllegalStateException("linearizability undecided after " + STATES_MAX + " states of "
                        + operations.size() + " operations");
            }
            open.push(s);
        }
    }

    private boolean run() {
        while (!open.isEmpty()) {
            State s = takeReads(open.pop());
            if (s.base() + s.taken().cardinality()
                    > furthest.base() + furthest.taken().cardinality()) {
                furthest = s;
            }
            if (!branch(s)) {
                return true;
            }
        }
        return false;
    }

    /** Nothing that was invoked after this may come next: an operation not taken yet has its answer by then. */
    private long limit(State s) {
        long limit = Long.MAX_VALUE;
        for (int i = s.base(); i < operations.size() && operations.get(i).invoked() < limit; i++) {
            if (!s.taken().get(i)) {
                limit = Math.min(limit, operations.get(i).answered());
            }
        }
        return limit;
    }

    /** A read of the present value that may come next may as well come now. */
    private State takeReads(State from) {
        State s = from;
        boolean again = true;
        while (again) {
            again = false;
            long limit = limit(s);
            BitSet taken = (BitSet) s.taken().clone();
            for (int i = s.base(); i < operations.size() && operations.get(i).invoked() < limit; i++) {
                RegisterOperation o = operations.get(i);
                if (!taken.get(i) && !o.isWrite() && o.value() == s.value()) {
                    taken.set(i);
                    again = true;
                }
            }
            s = normal(s.base(), taken, s.value());
        }
        return s;
    }

    private static State normal(int base, BitSet taken, long value) {
        int next = taken.nextClearBit(base);
        taken.clear(0, next);
        return new State(next, taken, value);
    }

    /** @return false if all is taken: a linearization is found */
    private boolean branch(State s) {
        long limit = limit(s);
        boolean answeredLeft = false;
        for (int i = s.base(); i < operations.size(); i++) {
            RegisterOperation o = operations.get(i);
            if (s.taken().get(i)) {
                continue;
            }
            answeredLeft |= !o.isOpen();
            if (o.invoked() > limit) {
                break;
            }
            if (o.isWrite() && (!o.isOpen() || isWanted(s, o, limit))) {
                BitSet taken = (BitSet) s.taken().clone();
                taken.set(i);
                push(normal(s.base(), taken, o.value()));
            }
        }
        return answeredLeft;
    }

    /** A read of the open write's value may come next, and the register does not have it; the oldest of its like goes first. */
    private boolean isWanted(State s, RegisterOperation open, long limit) {
        boolean wanted = false;
        for (int i = s.base(); i < operations.size() && operations.get(i).invoked() < limit; i++) {
            RegisterOperation o = operations.get(i);
            if (s.taken().get(i) || o.value() != open.value()) {
                continue;
            }
            if (o.isWrite() && o.isOpen() && o.invoked() < open.invoked()) {
                return false;
            }
            wanted |= !o.isWrite();
        }
        return wanted;
    }

    private String explain(IntFunction<String> text) {
        StringBuilder b = new StringBuilder("no order explains it; after "
                + (furthest.base() + furthest.taken().cardinality()) + " operations the value is " + furthest.value()
                + ", and next may come:\n");
        long limit = limit(furthest);
        for (int i = furthest.base(); i < operations.size() && operations.get(i).invoked() < limit; i++) {
            if (!furthest.taken().get(i)) {
                b.append("  ").append(text.apply(operations.get(i).id())).append('\n');
            }
        }
        return b.toString();
    }
}
