package io.parablock.simulator;

import io.parablock.raft.TransferResult;
import io.parablock.simulator.disk.SectorNodeStorage;
import java.util.ArrayList;
import java.util.List;

/** What goes wrong when, in the safety phase of a run. */
final class FaultPlan {
    private final SimulatedCluster cluster;
    private final Simulation sim;
    private final SimulationSettings settings;
    private final Seeded random;
    private final List<FaultKind> kinds;
    private final MediaFaults media;
    private final Wipes wipes;
    private final long meanNs;
    private boolean stopped;
    private int loss;
    private int duplicate;
    private int reorder;
    private int delay;

    FaultPlan(SimulatedCluster cluster) {
        this.cluster = cluster;
        this.sim = cluster.simulation();
        this.settings = cluster.settings();
        this.random = sim.random("faults");
        // A run has its own character: not everything happens in each, unless it was asked for by name.
        boolean byName = settings.faults.size() < FaultKind.values().length;
        List<FaultKind> some = new ArrayList<>();
        for (FaultKind kind : settings.faults) {
            // A share of the seeds, and at moments of its own.
            if (kind == FaultKind.WIPE) {
                continue;
            }
            if ((random.perMille(600) || byName) && (settings.sectors || !kind.needsSectors())) {
                some.add(kind);
            }
        }
        this.kinds = some;
        this.media = new MediaFaults(sim);
        this.wipes = new Wipes(cluster);
        this.meanNs = random.pick(500, 2000, 6000) * Simulation.MS;
    }

    void start() {
        sim.note("faults: " + kinds);
        // Installs are rare enough: the first one is hit in every run.
        if (settings.has(FaultKind.INSTALL_CRASH)) {
            crashInInstall(sim.random("first install"));
        }
        wipes.start();
        next();
    }

    private void next() {
        sim.after(random.exponential(meanNs) + Simulation.MS, () -> {
            if (!stopped && !kinds.isEmpty()) {
                inject(kinds.get(random.below(kinds.size())));
                next();
            }
        });
    }

    /** Everything heals; nodes that are down stay down. */
    void stop() {
        stopped = true;
        wipes.stop();
        cluster.network().healAll();
        for (SimulatedNode n : cluster.nodes()) {
            if (n.disk().isFailing()) {
                n.stop(false, "its disk failed");
            }
            n.disk().heal();
            n.steps().clear();
            n.steps().slow(1, 0);
            n.clock().drift(0, sim.nowNs());
        }
    }

    private SimulatedNode anyNode() {
        return cluster.nodes().get(random.below(settings.nodes));
    }

    private int otherThan(int id) {
        return (id + random.below(settings.nodes - 1)) % settings.nodes + 1;
    }

    private long while_() {
        return random.exponential(3 * settings.electionTimeoutNs) + settings.heartbeatNs;
    }

    private void inject(FaultKind kind) {
        SimulatedNode n = anyNode();
        switch (kind) {
            case LOSS, DUPLICATE, REORDER, DELAY -> weather(kind);
            case CLOG -> {
                int to = otherThan(n.id());
                int lane = random.below(3);
                sim.note("clog lane " + lane + " of link " + n.id() + " to " + to);
                cluster.network().clog(n.id(), to, lane, sim.nowNs() + while_());
            }
            case PARTITION, ONE_WAY, ISOLATE, FLAP, RESET -> network(kind, n);
            case KILL, POWER_LOSS, BLACKOUT, STOP, CRASH_POINT, INSTALL_CRASH, PAUSE -> process(kind, n);
            case HAND_OVER -> {
                for (SimulatedNode leader : cluster.nodes()) {
                    if (leader.isUp() && leader.core().isReady()) {
                        sim.note("node " + leader.id() + " is to hand over");
                        leader.enqueue(() -> {
                            if (leader.replica().operator().handOver(0) == TransferResult.UNDER_WAY) {
                                cluster.counts().count(kind);
                            }
                        });
                    }
                }
            }
            case CLOCK_JUMP -> {
                cluster.counts().count(kind);
                long by = random.between(1, 8 * settings.electionTimeoutNs);
                if (settings.lease) {
                    // A clock that jumps while others see no time pass breaks every lease.
                    sim.note("node " + n.id() + " sleeps for " + by / Simulation.MS + " ms");
                    n.suspend(by);
                } else {
                    sim.note("the clock of node " + n.id() + " jumps by " + by / Simulation.MS + " ms");
                    n.clock().jump(by, sim.nowNs());
                }
            }
            case CLOCK_DRIFT -> {
                cluster.counts().count(kind);
                long ppm = random.between(-SimulationSettings.DRIFT_PPM, SimulationSettings.DRIFT_PPM);
                sim.note("the clock of node " + n.id() + " drifts by " + ppm + " ppm");
                n.clock().drift(ppm, sim.nowNs());
            }
            case SLOW_DISK -> {
                sim.note("the disk of node " + n.id() + " is slow");
                n.steps().slow(random.pick(5, 30, 200), sim.nowNs() + while_());
            }
            case WRITE_ERROR, FULL_DISK -> stopOfDisk(kind, n);
            case TORN_WRITE, BIT_ROT, READ_ERROR, LOST_WRITE, MISDIRECTED_WRITE -> {
                // A merge over every voter needs every voter: none may be lost for good.
                if (!settings.mayBlackOutMapped() || kind == FaultKind.TORN_WRITE) {
                    media.inject(kind, n, while_());
                }
            }
            case BLOCK_ROT -> blockRot(n);
            case WIPE -> throw new AssertionError("it has a plan of its own");
            case CLIENT_DEATH -> {
                if (cluster.clients().get(random.below(settings.clients)).die()) {
                    cluster.counts().count(kind);
                }
            }
        }
    }

    private void blockRot(SimulatedNode n) {
        // As above; and there, nothing forced is good for ever.
        if (settings.mayBlackOutMapped() || !settings.scrubs) {
            return;
        }
        int sectors = (int) (settings.sizeBytes() / 512);
        int first =
                random.coin() ? random.below(sectors) : n.disk().blockDamage().recentSector(random);
        for (int s = first; s < Math.min(sectors, first + random.pick(1, 1, 8)); s++) {
            if (n.disk().blockDamage().rot(s)) {
                cluster.counts().count(FaultKind.BLOCK_ROT);
                sim.note("sector " + s + " of the block store of node " + n.id() + " rots");
            }
        }
    }

    /** A fault that a node must stop at: of the disk itself, or of the step that uses it. */
    private void stopOfDisk(FaultKind kind, SimulatedNode n) {
        SectorNodeStorage sectors = n.disk().sectors();
        if (sectors == null || random.coin()) {
            if (kind == FaultKind.WRITE_ERROR) {
                n.steps().failNextWrite();
            } else {
                n.steps().fill();
            }
        } else if (n.isUp()) {
            cluster.counts().count(kind);
            sim.note(kind.label() + " on the disk of node " + n.id());
            n.disk().onFailing();
            if (kind == FaultKind.WRITE_ERROR) {
                MediaFaults.failWrites(sectors);
            } else {
                media.fill(sectors);
            }
        }
    }

    private void weather(FaultKind kind) {
        int rate = random.pick(5, 50, 250);
        sim.note(kind.label() + " of " + rate + " per mille");
        turn(kind, rate);
        sim.after(while_(), () -> {
            if (!stopped) {
                turn(kind, 0);
            }
        });
    }

    private void turn(FaultKind kind, int rate) {
        loss = kind == FaultKind.LOSS ? rate : loss;
        duplicate = kind == FaultKind.DUPLICATE ? rate : duplicate;
        reorder = kind == FaultKind.REORDER ? rate : reorder;
        delay = kind == FaultKind.DELAY ? rate : delay;
        cluster.network().weather(loss, duplicate, reorder, delay);
    }

    // ---------------------------------------------------------------- network

    private void network(FaultKind kind, SimulatedNode n) {
        int other = otherThan(n.id());
        cluster.counts().count(kind);
        switch (kind) {
            case PARTITION -> {
                int side = 1 + random.below((1 << settings.nodes) - 2);
                sim.note("partition, one side is " + Integer.toBinaryString(side));
                cutFor(while_(), pairs((a, b) -> isIn(side, a) != isIn(side, b)));
            }
            case ONE_WAY -> {
                sim.note("the way from node " + n.id() + " to " + other + " is cut");
                cutFor(while_(), pairs((a, b) -> a == n.id() && b == other));
            }
            case ISOLATE -> {
                sim.note("node " + n.id() + " is isolated");
                cutFor(while_(), pairs((a, b) -> a == n.id() || b == n.id()));
            }
            case FLAP -> {
                sim.note("the link between nodes " + n.id() + " and " + other + " flaps");
                List<int[]> both = pairs((a, b) -> (a == n.id() && b == other) || (a == other && b == n.id()));
                long pulse = settings.heartbeatNs;
                for (int i = 0; i < 8; i++) {
                    sim.after(2L * i * pulse, () -> cutFor(pulse, both));
                }
            }
            default -> {
                sim.note("the connection from node " + n.id() + " to " + other + " is reset");
                cluster.network().reset(n.id(), other);
            }
        }
    }

    private static boolean isIn(int side, int node) {
        return ((side >> (node - 1)) & 1) != 0;
    }

    private interface Pair {
        boolean is(int from, int to);
    }

    private List<int[]> pairs(Pair wanted) {
        List<int[]> out = new ArrayList<>();
        for (int a = 1; a <= settings.nodes; a++) {
            for (int b = 1; b <= settings.nodes; b++) {
                if (a != b && wanted.is(a, b)) {
                    out.add(new int[] {a, b});
                }
            }
        }
        return out;
    }

    /** What is on the way waits, as TCP does; or the connections break. */
    private void cutFor(long durationNs, List<int[]> pairs) {
        if (stopped) {
            return;
        }
        boolean breaks = random.coin();
        for (int[] p : pairs) {
            cluster.network().cut(p[0], p[1]);
            if (breaks) {
                cluster.network().reset(p[0], p[1]);
            }
        }
        sim.after(durationNs, () -> {
            if (!stopped) {
                pairs.forEach(p -> cluster.network().heal(p[0], p[1]));
            }
        });
    }

    // ---------------------------------------------------------------- processes

    private void process(FaultKind kind, SimulatedNode n) {
        switch (kind) {
            case CRASH_POINT -> {
                SectorNodeStorage sectors = n.disk().sectors();
                if (sectors != null && n.isUp() && random.coin()) {
                    media.crash(sectors);
                } else {
                    n.steps().crashIn(1 + random.below(random.pick(3, 30, 300)));
                }
            }
            case INSTALL_CRASH -> crashInInstall(random);
            case BLACKOUT -> {
                boolean all = !settings.mapped
                        || cluster.nodes().stream().allMatch(o -> o.disk().mayBlackOut());
                if (all && (!settings.mapped || settings.mayBlackOutMapped())) {
                    cluster.counts().count(kind);
                    sim.note("blackout");
                    // With durability=mapped also of some machines only: those that live through it have much to
                    // forget.
                    boolean some = settings.mapped && random.coin();
                    for (SimulatedNode o : cluster.nodes()) {
                        if (!some || random.perMille(600)) {
                            cutPower(o);
                        }
                    }
                }
            }
            case POWER_LOSS -> {
                if (cluster.mayLosePower(n)) {
                    cluster.counts().count(kind);
                    cutPower(n);
                }
            }
            default -> {
                if (n.isUp()) {
                    cluster.counts().count(kind);
                    if (kind == FaultKind.KILL) {
                        n.stop(false, "killed");
                    } else if (kind == FaultKind.STOP) {
                        handOverAndStop(n, 3 * settings.electionTimeoutNs);
                    } else {
                        long pause = settings.electionTimeoutNs + while_();
                        sim.note("node " + n.id() + " stands still for " + pause / Simulation.MS + " ms");
                        n.pause(pause);
                    }
                }
            }
        }
    }

    /** Whoever installs next. */
    private void crashInInstall(Seeded steps) {
        cluster.nodes().forEach(n -> n.steps().crashInInstall(1 + steps.below(steps.pick(3, 8, 24))));
    }

    /** As the production node: a leader's orderly stop begins with a handover. */
    private void handOverAndStop(SimulatedNode n, long patienceNs) {
        if (patienceNs <= 0) {
            n.stopCleanly();
            return;
        }
        long boot = n.boot();
        boolean[] underWay = new boolean[1];
        n.enqueue(() -> underWay[0] = n.replica().operator().handOver(0) == TransferResult.UNDER_WAY);
        long stepNs = 2 * settings.tickNs;
        sim.after(stepNs, () -> {
            // Nobody starts it again once the faults are over.
            if (!stopped && n.isRunning(boot)) {
                handOverAndStop(n, underWay[0] ? patienceNs - stepNs : 0);
            }
        });
    }

    private void cutPower(SimulatedNode n) {
        if (n.isUp()) {
            n.stop(true, "power loss");
        } else {
            n.losePowerWhileDown();
        }
    }
}
