package io.parablock.replica;

import io.parablock.raft.RaftNode;
import io.parablock.raft.state.Checkpoint;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;

/** Takes checkpoints, one at a time (protocol.md §7): block store fsync, then CKPT, both off the group's thread. */
final class Checkpointer {
    private final ReplicaConfig config;
    private final ReplicaPorts ports;
    private final RaftNode core;
    private final Consumer<Checkpoint> durable;
    private final Consumer<Throwable> failed;
    private long appliedBytes;
    private boolean appliedAny;
    private long lastNs;
    private long lastSlot;
    private long lastLogBase;
    private long taken;
    private boolean running;
    private boolean installDue;
    /** The disk has lost CKPT: the next one that can be had replaces it, whether it says more or not. */
    private boolean writeAgain;

    /** @param durable and {@code failed} are told on the group's thread */
    Checkpointer(
            ReplicaConfig config,
            ReplicaPorts ports,
            RaftNode core,
            Consumer<Checkpoint> durable,
            Consumer<Throwable> failed,
            Checkpoint recovered) {
        this.config = config;
        this.ports = ports;
        this.core = core;
        this.durable = durable;
        this.failed = failed;
        this.lastSlot = recovered.a();
        this.lastLogBase = recovered.logBase();
        this.lastNs = ports.nowNs().getAsLong();
    }

    void onApplied(long bytes) {
        appliedBytes += bytes;
        appliedAny = true;
    }

    /** An install's step waits for a checkpoint under way, and comes before the next one. */
    void installDue() {
        installDue = true;
        startInstallStep();
    }

    private void startInstallStep() {
        if (installDue && !running) {
            installDue = false;
            save(core.installCheckpoint());
        }
    }

    void writeAgain() {
        writeAgain = true;
    }

    void tick(long nowNs) {
        startInstallStep();
        boolean full = appliedBytes >= config.checkpointBytes();
        // A checkpoint that the floor held back from truncating is due again although nothing was applied.
        boolean late = (appliedAny || lastLogBase < lastSlot) && nowNs - lastNs >= config.checkpointIntervalNs();
        if (!running && (full || late || writeAgain)) {
            start(nowNs);
        }
    }

    private void start(long nowNs) {
        Checkpoint c = core.checkpointImage();
        lastNs = nowNs;
        appliedBytes = 0;
        appliedAny = false;
        if (c == null || (!writeAgain && c.a() == lastSlot && c.logBase() == lastLogBase)) {
            return;
        }
        save(c);
    }

    private void save(Checkpoint c) {
        running = true;
        writeAgain = false;
        try {
            ports.background().execute(() -> write(c));
        } catch (RejectedExecutionException closed) {
            running = false;
        }
    }

    private void write(Checkpoint c) {
        Consumer<Checkpointer> outcome;
        try {
            ports.store().fsync();
            ports.state().saveCheckpoint(StateCodec.encodeCheckpoint(c));
            outcome = self -> self.finish(c);
        } catch (Exception e) {
            outcome = self -> self.failed.accept(e);
        }
        Consumer<Checkpointer> result = outcome;
        try {
            ports.loop().execute(() -> result.accept(this));
        } catch (RejectedExecutionException closed) {
            // The replica is gone; what is durable is found at the next start.
        }
    }

    private void finish(Checkpoint c) {
        running = false;
        taken++;
        lastSlot = c.a();
        lastLogBase = c.logBase();
        durable.accept(c);
    }

    long slot() {
        return lastSlot;
    }

    long taken() {
        return taken;
    }

    boolean isRunning() {
        return running;
    }
}
