package io.parablock.simulator;

import io.parablock.blockdev.nbd.NbdSession;
import io.parablock.gateway.Gateway;
import io.parablock.main.GroupPort;
import io.parablock.raft.RaftNode;
import io.parablock.raft.RaftStatus;
import io.parablock.raft.log.Entry;
import io.parablock.replica.Replica;
import io.parablock.replica.ReplicaInside;
import io.parablock.replica.client.ClientMessage;
import io.parablock.simulator.check.EntryView;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/** One machine and the process on it: production code over simulated ports, on virtual time. */
final class SimulatedNode {
    private static final int BATCH_INPUTS_MAX = 256;

    private final int id;
    private final Simulation sim;
    private final SimulationSettings settings;
    private final SimulatedCluster cluster;
    private final NodeStorage storage;
    private final Seeded random;
    private final DurableSteps steps;
    private final NodeClock clock;
    private final NodeRecord record;
    private final ArrayDeque<Runnable> inbox = new ArrayDeque<>();
    private @Nullable SimulatedProcess process;
    private long boot;
    private boolean pollQueued;
    /** The group's thread waits for a disk until then. */
    private long busyUntilNs;
    /** The whole process stands still until then. */
    private long pausedUntilNs;

    /** Read once between two pieces of work. */
    private @Nullable RaftStatus status;

    private int working;
    private boolean dying;
    private @Nullable String dyingWhy;
    /** durability=mapped: the machine lost its power, and not after an orderly stop. */
    private boolean unclean;

    private boolean stoppedCleanly = true;

    SimulatedNode(int id, Simulation sim, SimulationSettings settings, SimulatedCluster cluster, NodeStorage storage) {
        this.id = id;
        this.sim = sim;
        this.settings = settings;
        this.cluster = cluster;
        this.storage = storage;
        this.random = sim.random("node " + id);
        this.steps = new DurableSteps(this, sim.random("disk steps " + id), settings.diskNs);
        this.clock = new NodeClock(random.between(1, 1L << 50));
        this.record = new NodeRecord(id, cluster);
    }

    // ---------------------------------------------------------------- life

    /** Boots the process. */
    void start() {
        if (process != null) {
            throw new AssertionError("node " + id + " runs");
        }
        boot = cluster.nextBoot();
        dying = false;
        steps.reset();
        busyUntilNs = sim.nowNs();
        pausedUntilNs = 0;
        try {
            process = new SimulatedProcess(this, storage, unclean);
        } catch (ProcessDied e) {
            finishDying();
            return;
        }
        stoppedCleanly = false;
        status = null;
        cluster.touch(this);
        sim.note("node " + id + " starts, boot " + boot + (unclean ? ", after an unclean machine restart" : ""));
        cluster.network().onStarted(this);
        tick(boot);
    }

    /** The process is gone. */
    void stop(boolean powerLoss, String why) {
        if (process == null) {
            return;
        }
        sim.note("node " + id + " is down: " + why);
        process = null;
        inbox.clear();
        if (powerLoss) {
            unclean |= settings.mapped;
            storage.powerLoss();
        } else {
            storage.kill();
        }
        record.onStopped();
        cluster.onStopped(this);
    }

    /** The machine loses its power while the process is down: what was not flushed is lost as well. */
    void losePowerWhileDown() {
        if (process == null) {
            unclean |= settings.mapped && !stoppedCleanly;
            storage.powerLoss();
        }
    }

    /** An orderly stop: requests end, the log is written, forced and marked clean. */
    void stopCleanly() {
        SimulatedProcess p = process;
        if (p == null) {
            return;
        }
        p.group().stop();
        runInbox(p, Integer.MAX_VALUE);
        p.loop().close();
        boolean clean = !p.core().status().amnesiac();
        try {
            requireAlive();
            p.endClean();
        } catch (RuntimeException | ProcessDied e) {
            // The disk failed, or fails at the last moment.
            sim.note("node " + id + " does not stop cleanly: " + e.getMessage());
            clean = false;
        }
        stoppedCleanly = clean;
        stop(false, "orderly stop");
    }

    // ---------------------------------------------------------------- time

    private void tick(long ofBoot) {
        SimulatedProcess p = process;
        if (p == null || boot != ofBoot) {
            return;
        }
        long freeNs = Math.max(busyUntilNs, pausedUntilNs);
        if (sim.nowNs() < freeNs) {
            sim.at(freeNs, () -> tick(ofBoot));
            return;
        }
        run(p, () -> p.group().inputs().tick());
        endOfBatch(p);
        sim.after(settings.tickNs, () -> tick(ofBoot));
    }

    /** An input of the group's thread. */
    void enqueue(Runnable input) {
        inbox.add(input);
        queuePoll(random.coin() ? 0 : random.below(50_000));
    }

    private void queuePoll(long delayNs) {
        if (!pollQueued) {
            pollQueued = true;
            long ofBoot = boot;
            long at = Math.max(sim.nowNs() + delayNs, Math.max(busyUntilNs, pausedUntilNs));
            sim.at(at, () -> {
                pollQueued = false;
                poll(ofBoot);
            });
        }
    }

    private void poll(long ofBoot) {
        SimulatedProcess p = process;
        if (p == null || inbox.isEmpty()) {
            return;
        }
        if (boot != ofBoot || sim.nowNs() < Math.max(busyUntilNs, pausedUntilNs)) {
            queuePoll(0);
            return;
        }
        runInbox(p, BATCH_INPUTS_MAX);
        endOfBatch(p);
        if (!inbox.isEmpty()) {
            queuePoll(0);
        }
    }

    private void runInbox(SimulatedProcess p, int max) {
        Runnable input = inbox.poll();
        for (int n = 0; input != null; n++) {
            run(p, input);
            input = n < max ? inbox.poll() : null;
        }
    }

    private void run(SimulatedProcess p, Runnable input) {
        if (dying) {
            return;
        }
        enter();
        try {
            input.run();
        } catch (ProcessDied e) {
            // endOfBatch ends it.
        } catch (Throwable t) {
            p.group().inputs().onError(t);
        } finally {
            working--;
        }
    }

    private void enter() {
        working++;
        status = null;
        cluster.touch(this);
    }

    private void endOfBatch(SimulatedProcess p) {
        run(p, () -> p.group().inputs().endOfBatch());
        afterEvent();
    }

    private void afterEvent() {
        if (dying) {
            finishDying();
            return;
        }
        record.afterBatch(status(), sim);
    }

    /** As the production node's clean mark. */
    void onCured() {
        unclean = false;
        sim.note("node " + id + " is cured of amnesia");
        record.onCured();
    }

    /** Work of another thread of this process, later. */
    void onDisk(long delayNs, Runnable work) {
        long ofBoot = boot;
        sim.after(delayNs, () -> {
            SimulatedProcess p = process;
            if (p == null || boot != ofBoot) {
                return;
            }
            if (sim.nowNs() < pausedUntilNs) {
                onDisk(pausedUntilNs - sim.nowNs(), work);
                return;
            }
            enter();
            try {
                work.run();
            } catch (ProcessDied e) {
                finishDying();
            } finally {
                working--;
            }
        });
    }

    /** The group's thread stands still. */
    void block(long forNs) {
        busyUntilNs = Math.max(busyUntilNs, sim.nowNs()) + forNs;
    }

    void pause(long forNs) {
        pausedUntilNs = Math.max(pausedUntilNs, sim.nowNs() + forNs);
    }

    /** The machine sleeps: the process stands still, and so does its clock. */
    void suspend(long forNs) {
        pause(forNs);
        clock.suspend(forNs, sim.nowNs());
    }

    /** The time at which what the group's thread does now is done. */
    long localNs() {
        return Math.max(sim.nowNs(), busyUntilNs);
    }

    long clockNs() {
        return clock.at(localNs());
    }

    NodeClock clock() {
        return clock;
    }

    // ---------------------------------------------------------------- messages

    void onClient(int from, ClientMessage m) {
        onClient(running().group(), from, m);
    }

    void onClient(GroupPort to, int from, ClientMessage m) {
        if (m instanceof ClientMessage.Read || m instanceof ClientMessage.Flush) {
            enqueue(() -> record.onRequest(from, m));
        }
        to.onClient(from, m);
    }

    // ---------------------------------------------------------------- death

    /** @throws ProcessDied always */
    void die(String where) {
        dying = true;
        dyingWhy = where;
        throw new ProcessDied(where);
    }

    void requireAlive() {
        if (dying) {
            throw new ProcessDied("dead");
        }
    }

    /** The production node halts its process. */
    void onFatal(String line, Throwable cause) {
        if (!dying) {
            if (!String.valueOf(cause.getMessage()).contains("injected")) {
                cluster.watch().fail("node " + id + " stopped: " + line, cause);
            }
            dying = true;
            dyingWhy = line;
        }
    }

    private void finishDying() {
        boolean powerLoss = settings.has(FaultKind.POWER_LOSS) && cluster.mayLosePower(this) && random.coin();
        if (process == null) {
            // It died while it started.
            if (powerLoss) {
                losePowerWhileDown();
            } else {
                storage.kill();
            }
            cluster.onStopped(this);
        } else {
            stop(powerLoss, (powerLoss ? "power loss " : "killed ") + dyingWhy);
        }
    }

    void onError(Throwable t) {
        SimulatedProcess p = process;
        if (p != null) {
            p.group().inputs().onError(t);
        }
    }

    // ---------------------------------------------------------------- what the ports tell

    void onHandedToWal(Entry e) {
        record.onHandedToWal(e, isLeading());
    }

    private boolean isLeading() {
        SimulatedProcess p = process;
        return p != null && p.core().isReady();
    }

    void onEntryDurable(EntryView e) {
        record.onEntryDurable(e);
    }

    void onDurableTold(long slot, long origin) {
        record.onDurableTold(slot, origin, isLeading());
    }

    long onForceBegun() {
        return record.onForceBegun();
    }

    void onForceEnded(long force) {
        record.onForceEnded(force);
    }

    void onTruncated(long slot) {
        record.onTruncated(slot);
    }

    void onMeta(byte[] meta) {
        record.onMeta(meta);
    }

    void onSyncRecord(byte[] bytes) {
        record.onSyncRecord(bytes);
    }

    void onCheckpoint(byte[] bytes) {
        record.onCheckpoint(bytes);
    }

    void onApplyStarted(Entry e) {
        if (ReplicaInside.isPiece(e)) {
            record.onPiece(e);
        } else {
            record.onApplyStarted(e);
        }
    }

    void onApplied(Entry e) {
        if (ReplicaInside.isPiece(e)) {
            record.onPieceWritten(e);
        } else {
            record.onApplied(e);
        }
    }

    void count(FaultKind kind) {
        cluster.counts().count(kind);
    }

    // ---------------------------------------------------------------- readings

    int id() {
        return id;
    }

    long boot() {
        return boot;
    }

    boolean isUp() {
        return process != null && !dying;
    }

    boolean isRunning(long ofBoot) {
        return process != null && boot == ofBoot;
    }

    boolean isPaused() {
        return sim.nowNs() < pausedUntilNs;
    }

    boolean stoppedCleanly() {
        return stoppedCleanly;
    }

    /** A power loss made it forget, and nobody has cured it. */
    boolean isUnclean() {
        return unclean;
    }

    SimulatedCluster cluster() {
        return cluster;
    }

    Seeded random() {
        return random;
    }

    Simulation simulation() {
        return sim;
    }

    DurableSteps steps() {
        return steps;
    }

    NodeRecord record() {
        return record;
    }

    private SimulatedProcess running() {
        SimulatedProcess p = process;
        if (p == null) {
            throw new IllegalStateException("node " + id + " is down");
        }
        return p;
    }

    GroupPort group() {
        return running().group();
    }

    RaftNode core() {
        return running().core();
    }

    RaftStatus status() {
        RaftStatus s = working > 0 ? null : status;
        if (s == null) {
            s = running().core().status();
            status = s;
        }
        return s;
    }

    Replica replica() {
        return running().replica();
    }

    NodeStorage.Ports rawPorts() {
        return running().raw();
    }

    /** A client connects to this node's gateway. */
    NbdSession attach() {
        Gateway g = running().gateway();
        return g.attach(g.exports().get(0));
    }
}
