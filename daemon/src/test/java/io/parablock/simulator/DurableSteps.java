package io.parablock.simulator;

import io.parablock.blockdev.store.BlockStoreException;
import io.parablock.wal.WalException;
import io.parablock.wal.WalFullException;

/** What one node's disk does at each durable step: takes its time, fails, or sees its process die before or after it. */
final class DurableSteps {
    /** What can be durable, and what is done to a disk without being so yet. */
    enum Step {
        WAL_APPEND,
        WAL_SUBMIT,
        WAL_FORCE,
        WAL_TRUNCATE,
        META,
        SYNCREC,
        CKPT,
        STORE_WRITE,
        STORE_FSYNC,
        /** CKPT, with the flag: the block store is neither old nor new from here on. */
        INSTALL_FLAG,
        INSTALL_PIECE,
        INSTALL_FSYNC,
        /** CKPT: the install is complete. */
        INSTALL_END;

        boolean isOfInstall() {
            return ordinal() >= INSTALL_FLAG.ordinal();
        }

        boolean isOfStore() {
            return this == STORE_WRITE || this == STORE_FSYNC || this == INSTALL_PIECE || this == INSTALL_FSYNC;
        }
    }

    private enum Failure {
        NONE,
        WRITE_ERROR,
        FULL
    }

    private final SimulatedNode node;
    private final Seeded random;
    private final long latencyNs;
    /** The process dies at the n-th crash point from now; 0 for never. */
    private int crashIn;
    /** The same for the steps of installs; it waits for one, over restarts. */
    private int crashInInstall;

    private Failure failure = Failure.NONE;
    private long slowUntilNs;
    private int slowFactor = 1;

    DurableSteps(SimulatedNode node, Seeded random, long latencyNs) {
        this.node = node;
        this.random = random;
        this.latencyNs = latencyNs;
    }

    void crashIn(int steps) {
        crashIn = steps;
    }

    /** If two wait, the nearer one counts. */
    void crashInInstall(int steps) {
        crashInInstall = crashInInstall == 0 ? steps : Math.min(crashInInstall, steps);
    }

    void clear() {
        reset();
        crashInInstall = 0;
    }

    void failNextWrite() {
        failure = Failure.WRITE_ERROR;
    }

    void fill() {
        failure = Failure.FULL;
    }

    void slow(int factor, long untilNs) {
        slowFactor = factor;
        slowUntilNs = untilNs;
    }

    /** A new process, a disk that works. */
    void reset() {
        crashIn = 0;
        failure = Failure.NONE;
    }

    long latencyNs() {
        boolean slow = node.simulation().nowNs() < slowUntilNs;
        if (slow) {
            node.count(FaultKind.SLOW_DISK);
        }
        return random.exponential(latencyNs) * (slow ? slowFactor : 1);
    }

    /** @throws ProcessDied if the process is dead, or dies now */
    void before(Step step) {
        node.requireAlive();
        if (failure == Failure.FULL && step == Step.WAL_APPEND) {
            failure = Failure.NONE;
            node.count(FaultKind.FULL_DISK);
            throw new WalFullException("injected: no room");
        }
        if (failure == Failure.WRITE_ERROR) {
            failure = Failure.NONE;
            node.count(FaultKind.WRITE_ERROR);
            String what = "injected: input/output error at " + step;
            throw step.isOfStore()
                    ? new BlockStoreException(what, new java.io.IOException(what))
                    : new WalException(what);
        }
        crash("before", step);
    }

    void after(Step step) {
        crash("after", step);
    }

    private void crash(String when, Step step) {
        if (crashIn > 0 && --crashIn == 0) {
            node.count(FaultKind.CRASH_POINT);
            node.die(when + " " + step);
        }
        if (step.isOfInstall() && crashInInstall > 0 && --crashInInstall == 0) {
            node.count(FaultKind.INSTALL_CRASH);
            node.die(when + " " + step);
        }
    }
}
