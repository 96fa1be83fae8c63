package io.parablock.simulator.check;

import java.util.function.Supplier;

/** An invariant does not hold. */
public final class Violation extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int invariant;
    private final String checker;

    /**
     * @param invariant the number in protocol.md §14; 0 for what clients see (linearizability)
     * @param what one line
     */
    public Violation(int invariant, String checker, String what) {
        super("invariant " + invariant + " (" + checker + "): " + what);
        this.invariant = invariant;
        this.checker = checker;
    }

    static void require(boolean holds, int invariant, Checker checker, Supplier<String> what) {
        if (!holds) {
            throw new Violation(invariant, checker.name(), what.get());
        }
    }

    public int invariant() {
        return invariant;
    }

    public String checker() {
        return checker;
    }
}
