package io.parablock.simulator.disk;

import io.parablock.simulator.ProcessDied;

/** The process dies inside a durable operation, between two of the steps that its disk knows. */
public final class SimulatedCrash extends ProcessDied {
    private static final long serialVersionUID = 1L;

    SimulatedCrash(String where) {
        super(where);
    }
}
