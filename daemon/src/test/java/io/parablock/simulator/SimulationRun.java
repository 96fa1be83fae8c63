package io.parablock.simulator;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import io.parablock.raft.RaftStatus;
import io.parablock.replica.ReplicaInside;
import io.parablock.simulator.check.History;
import io.parablock.simulator.check.LinearizabilityChecker;
import io.parablock.simulator.check.Violation;
import io.parablock.simulator.disk.DiskMutation;
import io.parablock.simulator.disk.FaultAtlas;
import io.parablock.simulator.disk.SectorNodeStorage;
import io.parablock.wal.Durability;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BooleanSupplier;
import org.slf4j.LoggerFactory;

/**
 * One seed from its start to its end: a safety phase with faults; a liveness phase without, on a majority at least; then
 * nothing is under way and all replicas must be the same.
 */
final class SimulationRun {
    private static final int SCAN_EVERY_EVENTS = 4096;

    static {
        // The nodes of all runs start by the ten thousand; timelines tell what they find.
        ((LoggerContext) LoggerFactory.getILoggerFactory())
                .getLogger("io.parablock.wal")
                .setLevel(Level.WARN);
    }

    private static final long LIVENESS_MAX_NS = 120 * Simulation.SECOND;
    /** Stores are compared in pieces of this many bytes. */
    private static final int COMPARE_BYTES = 64 << 10;

    private static final long EVENTS_MAX = 20_000_000;

    private final Simulation sim;
    private final SimulationSettings settings;
    private final SimulatedCluster cluster;
    private final FaultPlan plan;
    private final Watch watch;
    private final History history = new History();
    private final Seeded random;
    private long lookedAtTouch = -1;
    private boolean quiet;

    private SimulationRun(
            SimulationSettings settings,
            boolean recording,
            SimulatedCluster.StorageFactory storage,
            Mutations mutations,
            FaultAtlas atlas) {
        this.settings = settings;
        this.sim = new Simulation(settings.seed, recording);
        this.cluster = new SimulatedCluster(sim, settings, storage, mutations, atlas);
        this.plan = new FaultPlan(cluster);
        this.watch = cluster.watch();
        this.random = sim.random("phases");
    }

    /** A run on the disks that its settings ask for. */
    static Outcome of(SimulationSettings settings, boolean recording) {
        return of(settings, Mutations.NONE, recording);
    }

    static Outcome of(SimulationSettings settings, Mutations mutations, boolean recording) {
        FaultAtlas atlas = new FaultAtlas(settings.nodes);
        SimulatedCluster.StorageFactory disks = (id, random, s) -> storage(id, random, s, mutations.disk(), atlas);
        Outcome o = new SimulationRun(settings, recording, disks, mutations, atlas).run();
        MediaFaults.count(atlas, o.faults());
        return o;
    }

    private static NodeStorage storage(
            int id, Seeded random, SimulationSettings s, DiskMutation mutation, FaultAtlas atlas) {
        if (!s.sectors) {
            return new MemoryStorage(id, random, s.sizeBytes(), s.mapped, atlas);
        }
        Durability durability = s.mapped ? Durability.MAPPED : Durability.FSYNC;
        SectorNodeStorage.Config config = SectorNodeStorage.Config.ofRun(durability, s.sizeBytes(), s.sectorBytes);
        return new SectorNodeStorage(
                id, random.next(), config.withMutation(mutation).withEngines(s.engines), atlas);
    }

    Outcome run() {
        try {
            cluster.start(history);
            plan.start();
            if (runFor(settings.safetyNs)) {
                liveness();
            }
            if (watch.violation() == null) {
                new LinearizabilityChecker(history).check();
            }
        } catch (Violation e) {
            watch.fail(e.getMessage(), e);
        } catch (RuntimeException | AssertionError e) {
            watch.fail(String.valueOf(e), e);
        }
        String violation = watch.violation();
        if (violation != null) {
            sim.note("VIOLATION " + violation);
        }
        long answered =
                cluster.clients().stream().mapToLong(SimulatedClient::answered).sum();
        long failed =
                cluster.clients().stream().mapToLong(SimulatedClient::failed).sum();
        return new Outcome(
                settings,
                sim.hash(),
                sim.events(),
                sim.nowNs(),
                answered,
                failed,
                cluster.counts(),
                cluster.installs(),
                violation,
                watch.cause(),
                sim.timeline());
    }

    // ---------------------------------------------------------------- stepping

    private boolean runFor(long durationNs) {
        return runUntil(sim.nowNs() + durationNs, () -> false) || watch.violation() == null;
    }

    /** @return whether it was so before the time was over; false also if something is wrong */
    private boolean runUntil(long untilNs, BooleanSupplier done) {
        while (watch.violation() == null) {
            if (done.getAsBoolean()) {
                return true;
            }
            if (!sim.step(untilNs)) {
                return false;
            }
            if (cluster.takeTouched()) {
                watch.afterEvent();
            }
            if (sim.events() % SCAN_EVERY_EVENTS == 0) {
                scan();
            }
        }
        return false;
    }

    private void scan() {
        if (sim.events() > EVENTS_MAX) {
            watch.fail("the run does not come to an end: " + sim.events() + " events", null);
        }
        for (SimulatedNode n : cluster.nodes()) {
            if (n.isUp()) {
                n.core().checkInvariants();
            }
        }
    }

    // ---------------------------------------------------------------- liveness

    private void liveness() {
        sim.note("faults stop");
        plan.stop();
        cluster.stopRestarting();
        Set<Integer> healthy = healthy();
        sim.note("healthy from here on: " + healthy);
        for (SimulatedNode n : cluster.nodes()) {
            if (!healthy.contains(n.id())) {
                n.stop(false, "left out");
            } else if (!n.isUp()) {
                n.start();
            }
        }
        runFor(2 * Simulation.SECOND);
        for (int id : healthy) {
            // A step that failed before may have been reported only now, by a slow disk.
            SimulatedNode n = cluster.nodes().get(id - 1);
            if (!n.isUp()) {
                n.start();
            }
        }
        cluster.clients().forEach(SimulatedClient::stopAsking);
        long untilNs = sim.nowNs() + LIVENESS_MAX_NS;
        if (!runUntil(untilNs, () -> outstanding() == 0)) {
            watch.fail(
                    "liveness: " + outstanding() + " requests have no answer " + LIVENESS_MAX_NS / Simulation.SECOND
                            + " s after the last fault; " + statusLine(),
                    null);
            return;
        }
        if (!runUntil(untilNs, this::isQuiet)) {
            watch.fail("liveness: the replicas do not reach the same slot; " + statusLine(), null);
            return;
        }
        sim.note("quiet: " + statusLine());
        scan();
        compare();
        watch.atQuiescence();
    }

    /** A majority at least; a node that nobody can help yet is not among those counted on. */
    private Set<Integer> healthy() {
        TreeSet<Integer> out = new TreeSet<>();
        cluster.nodes().forEach(n -> out.add(n.id()));
        int spare = settings.nodes - settings.quorum();
        for (SimulatedNode n : cluster.nodes()) {
            if (spare > 0 && n.disk().mayBeOfNoHelp()) {
                spare--;
            }
        }
        // A cluster forms once everybody was there.
        boolean hasFormed = cluster.nodes().stream()
                .allMatch(n ->
                        !n.disk().standing().members().isEmpty() || n.disk().isWiped());
        boolean someStayDown = random.perMille(250) && hasFormed;
        while (someStayDown && spare > 0) {
            spare--;
            SimulatedNode n = cluster.nodes().get(random.below(settings.nodes));
            if (!n.disk().mayBeOfNoHelp()) {
                out.remove(n.id());
            }
        }
        return out;
    }

    private int outstanding() {
        int n = 0;
        for (SimulatedClient c : cluster.clients()) {
            n += c.outstanding();
        }
        return n;
    }

    /** Every amnesia is cured, and everybody who can has applied everything. */
    private boolean isQuiet() {
        // Only what a node does can change it.
        if (cluster.touches() != lookedAtTouch) {
            lookedAtTouch = cluster.touches();
            quiet = areAllQuiet();
        }
        return quiet;
    }

    private boolean areAllQuiet() {
        long applied = -1;
        for (SimulatedNode n : cluster.nodes()) {
            if (n.isUp() && n.status().amnesiac() && !n.disk().isStateLost()) {
                return false;
            }
            if (n.isUp() && !n.door().isFormed()) {
                // It has yet to hear that it is a stranger, or to form the cluster.
                return false;
            }
        }
        for (SimulatedNode n : counted()) {
            RaftStatus s = n.status();
            boolean whole = !n.core().needsInstall()
                    && !s.installing()
                    && ReplicaInside.blocks(n.replica()).pendingBytes() == 0
                    && !n.disk().blockDamage().isVisible()
                    && !n.rawPorts().store().isAdopting()
                    // A new disk does not stay a learner.
                    && n.core().members().counts(n.id(), n.record().incarnation(n));
            if (!whole || s.appliedPrefix() != s.lastSlot() || (applied >= 0 && applied != s.appliedPrefix())) {
                return false;
            }
            applied = s.appliedPrefix();
        }
        return true;
    }

    private List<SimulatedNode> counted() {
        List<SimulatedNode> out = new ArrayList<>();
        for (SimulatedNode n : cluster.nodes()) {
            if (n.isUp() && !n.disk().isStateLost()) {
                out.add(n);
            }
        }
        return out;
    }

    private String statusLine() {
        StringBuilder out = new StringBuilder();
        for (SimulatedNode n : cluster.nodes()) {
            out.append(out.length() == 0 ? "" : "; ").append("node ").append(n.id());
            if (n.isUp()) {
                RaftStatus s = n.status();
                out.append(' ')
                        .append(s.role())
                        .append(" term ")
                        .append(s.term())
                        .append(" sync ")
                        .append(s.syncTerm());
                out.append(" last ").append(s.lastSlot()).append(" committed ").append(s.commitWatermark());
                out.append(" applied ").append(s.appliedPrefix());
                out.append(s.amnesiac() ? " amnesiac" : "").append(n.core().needsInstall() ? " needs install" : "");
                out.append(s.installing() ? " installing " + s.installDoneBytes() : "");
                out.append(n.disk().blockDamage().isVisible() ? " with damaged blocks" : "");
            } else {
                out.append(" down");
            }
        }
        return out.toString();
    }

    private void compare() {
        List<SimulatedNode> nodes = counted();
        byte[] first = new byte[COMPARE_BYTES];
        byte[] other = new byte[COMPARE_BYTES];
        for (int i = 1; i < nodes.size(); i++) {
            for (long from = 0; from < settings.sizeBytes(); from += COMPARE_BYTES) {
                int length = (int) Math.min(COMPARE_BYTES, settings.sizeBytes() - from);
                nodes.get(0).rawPorts().store().read(from, ByteBuffer.wrap(first, 0, length));
                nodes.get(i).rawPorts().store().read(from, ByteBuffer.wrap(other, 0, length));
                int at = Arrays.mismatch(first, 0, length, other, 0, length);
                if (at >= 0) {
                    String both = nodes.get(0).id() + " and " + nodes.get(i).id();
                    watch.fail("invariant 17: nodes " + both + " differ at byte " + (from + at), null);
                }
            }
        }
    }
}
