package io.parablock.simulator;

import io.parablock.blockdev.nbd.NbdSession;
import io.parablock.gateway.Gateway;
import io.parablock.main.GroupPort;
import io.parablock.raft.RaftNode;
import io.parablock.raft.RaftStatus;
import io.parablock.raft.log.Entry;
import io.parablock.replica.Replica;
import io.parablock.replica.client.ClientMessage;
import io.parablock.simulator.disk.SimulatedCrash;
import io.parablock.wal.StateLostException;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/** One machine and the process on it: production code over simulated ports, on virtual time. */
final class SimulatedNode {
    private static final int BATCH_INPUTS_MAX = 256;

    private final int id;
    private final Simulation sim;
    private final SimulationSettings settings;
    private final SimulatedCluster cluster;
    private NodeDisk disk;
    private final Seeded random;
    private final DurableSteps steps;
    private final NodeClock clock;
    private NodeRecord record;
    private final SimulatedDoor door;
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
    private boolean stoppedCleanly = true;

    SimulatedNode(int id, Simulation sim, SimulationSettings settings, SimulatedCluster cluster, NodeStorage storage) {
        this.id = id;
        this.sim = sim;
        this.settings = settings;
        this.cluster = cluster;
        this.random = sim.random("node " + id);
        this.steps = new DurableSteps(this, sim.random("disk steps " + id), settings.diskNs);
        this.disk = new NodeDisk(
                storage,
                cluster.standing(id),
                settings.mapped,
                steps,
                new BlockDamage(id, cluster.atlas(), sim.random("block damage " + id)));
        this.clock = new NodeClock(random.between(1, 1L << 50));
        this.record = new NodeRecord(id, cluster, cluster.watch());
        this.door = new SimulatedDoor(this);
    }

    // ---------------------------------------------------------------- life

    /** Boots the process. */
    void start() {
        if (process != null) {
            throw new AssertionError("node " + id + " runs");
        }
        if (disk.staysOut()) {
            return;
        }
        boot = cluster.nextBoot();
        dying = false;
        disk.heal();
        busyUntilNs = sim.nowNs();
        pausedUntilNs = 0;
        try {
            process = new SimulatedProcess(this, disk, disk.isUncured());
        } catch (ProcessDied e) {
            onDied(e);
            finishDying();
            return;
        } catch (StateLostException e) {
            refuse(e);
            return;
        }
        stoppedCleanly = false;
        status = null;
        cluster.touch(this);
        complain(disk.onStarted(process.stateLost(), record.isSuspect(), status().amnesiac()));
        sim.note("node " + id + " starts, boot " + boot
                + (disk.isUnclean() ? ", after an unclean machine restart" : ""));
        door.onStarted();
        cluster.network().onStarted(this);
        tick(boot);
    }

    /** A start that says what is unreadable: nobody replaces the node in this run. */
    private void refuse(StateLostException e) {
        complain(disk.onRefused(String.valueOf(e.getMessage())));
        sim.note("node " + id + " refuses to start: " + e.getMessage());
        disk.kill();
        cluster.onStopped(this);
    }

    private void complain(@Nullable String wrong) {
        if (wrong != null) {
            cluster.watch().fail("node " + id + " " + wrong, null);
        }
    }

    /** While it is down. */
    void put(NodeDisk d, NodeRecord r) {
        disk = d;
        record = r;
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
            disk.powerLoss(true);
        } else {
            disk.kill();
        }
        record.onStopped();
        cluster.onStopped(this);
    }

    /** The machine loses its power while the process is down: what was not flushed is lost as well. */
    void losePowerWhileDown() {
        if (process == null) {
            disk.powerLoss(!stoppedCleanly);
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
            onDied(e);
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
        disk.onCured();
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
                onDied(e);
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

    /** The process died by itself, or inside of its disk. */
    private void onDied(ProcessDied e) {
        if (e instanceof SimulatedCrash && !dying) {
            count(FaultKind.CRASH_POINT);
            dying = true;
            dyingWhy = e.getMessage();
        }
    }

    void requireAlive() {
        if (dying) {
            throw new ProcessDied("dead");
        }
    }

    /** The production node halts its process. */
    void onFatal(String line, Throwable cause) {
        if (cause instanceof ProcessDied died) {
            onDied(died);
        }
        if (!dying) {
            if (!disk.isInjected(cause)) {
                cluster.watch().fail("node " + id + " stopped: " + line, cause);
            }
            dying = true;
            dyingWhy = line;
        }
    }

    private void finishDying() {
        boolean wanted = settings.has(FaultKind.POWER_LOSS) && random.coin();
        boolean powerLoss = (disk.takePowerLossNext() || wanted) && cluster.mayLosePower(this);
        if (process == null) {
            // It died while it started.
            if (powerLoss) {
                losePowerWhileDown();
            } else {
                disk.kill();
            }
            cluster.onStopped(this);
        } else {
            stop(powerLoss, (powerLoss ? "power loss " : "killed ") + dyingWhy);
        }
    }

    void onError(Throwable t) {
        if (process != null) {
            process.group().inputs().onError(t);
        }
    }

    // ---------------------------------------------------------------- what the ports tell

    void onHandedToWal(Entry e) {
        record.onHandedToWal(e, isLeading());
    }

    private boolean isLeading() {
        return process != null && process.core().isReady();
    }

    void onDurableTold(long slot, long origin) {
        record.onDurableTold(slot, origin, isLeading());
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

    NodeDisk disk() {
        return disk;
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

    SimulatedDoor door() {
        return door;
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
