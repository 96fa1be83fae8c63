package io.parablock.simulator;

/** Unwinds a process that dies in the middle of its work. Nothing may catch it but the simulation. */
public class ProcessDied extends Error {
    private static final long serialVersionUID = 1L;

    public ProcessDied(String where) {
        super(where, null, false, false);
    }
}
