package io.parablock.simulator;

/** Unwinds a process that dies in the middle of its work. */
final class ProcessDied extends Error {
    private static final long serialVersionUID = 1L;

    ProcessDied(String where) {
        super(where, null, false, false);
    }
}
