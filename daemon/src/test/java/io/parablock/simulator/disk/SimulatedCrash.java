package io.parablock.simulator.disk;

/** Unwinds the production code at the point where its process dies; nothing may catch it but the simulation. */
public final class SimulatedCrash extends Error {
    private static final long serialVersionUID = 1L;

    SimulatedCrash(String where) {
        super(where);
    }
}
