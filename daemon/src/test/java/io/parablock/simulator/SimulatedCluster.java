package io.parablock.simulator;

import io.netty.buffer.ByteBufAllocator;
import io.parablock.raft.Mode;
import io.parablock.replica.Formation;
import io.parablock.simulator.check.CheckerSuite;
import io.parablock.simulator.check.History;
import io.parablock.simulator.check.Shape;
import io.parablock.simulator.disk.FaultAtlas;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The machines of a run, and what their ports share. */
final class SimulatedCluster {
    private static final int SCAN_EVERY_EVENTS = 5_000;

    /** Makes the disk of a node. */
    @FunctionalInterface
    interface StorageFactory {
        NodeStorage create(int nodeId, Seeded random, SimulationSettings settings);
    }

    private final Simulation sim;
    private final SimulationSettings settings;
    private final Mutations mutations;
    private final StorageFactory storage;
    private final FaultAtlas atlas;
    /** The first disk of each node. */
    private final TreeMap<Integer, Long> members = new TreeMap<>();

    private final FaultCounts counts = new FaultCounts();
    private final Set<Long> everyVoterTerms = new HashSet<>();
    private final InstallCounts installs = new InstallCounts();
    private @Nullable History history;
    private final Watch watch;
    private final ProposalBook book = new ProposalBook();
    private final ByteBufAllocator allocator = new SimulatedAllocator();
    private final List<SimulatedNode> nodes = new ArrayList<>();
    private final List<SimulatedClient> clients = new ArrayList<>();
    private final SimulatedNetwork network;
    private final SimulatedView view;
    private final Seeded random;
    private long boots;
    private boolean restarting = true;
    private boolean touched;
    private long touches;

    SimulatedCluster(
            Simulation sim,
            SimulationSettings settings,
            StorageFactory storage,
            Mutations mutations,
            FaultAtlas atlas) {
        this.atlas = atlas;
        this.sim = sim;
        this.settings = settings;
        this.mutations = mutations;
        this.storage = storage;
        Seeded incarnations = sim.random("incarnations");
        for (int id = 1; id <= settings.nodes; id++) {
            members.put(id, incarnations.next() | 1);
        }
        this.watch = new Watch();
        this.random = sim.random("restarts");
        for (int id = 1; id <= settings.nodes; id++) {
            NodeStorage disk = storage.create(id, sim.random("disk " + id), settings);
            nodes.add(new SimulatedNode(id, sim, settings, this, disk));
        }
        network = new SimulatedNetwork(sim, settings, counts, allocator, nodes);
        view = new SimulatedView(this);
        Shape shape = new Shape(settings.nodes, settings.span, settings.mode == Mode.STRICT, settings.mapped);
        watch.bind(new CheckerSuite(shape, view, SCAN_EVERY_EVENTS));
    }

    void start(History told) {
        history = told;
        nodes.forEach(SimulatedNode::start);
        for (int i = 1; i <= settings.clients; i++) {
            SimulatedClient c = new SimulatedClient(i, this, told);
            clients.add(c);
            c.start();
        }
    }

    /** Told by each node that takes this merged log; the first one has made it. */
    void onEveryVoterMerge(int node, long term) {
        History h = history;
        if (everyVoterTerms.add(term)) {
            installs.everyVoterMerges++;
            sim.note("node " + node + " has merged the logs of every voter in term " + term);
            watch.tell(c -> c.onAmnesiacMerge(node, term));
            if (h != null) {
                h.unflushedMayBeLost();
            }
        }
    }

    /** It votes for a merge over every voter: its clients get errors, and come back. */
    void onWritesLost(SimulatedNode node) {
        node.disk().onSuspect();
        sim.note("node " + node.id() + " votes for a merge over every voter");
        long boot = node.boot();
        sim.after(0, () -> {
            if (node.boot() == boot) {
                clients.forEach(c -> c.onWritesLost(node.id()));
            }
        });
    }

    /** A node did something. */
    void touch(SimulatedNode node) {
        touched = true;
        touches++;
        watch.touch(node.id());
    }

    /** How often a node did something. */
    long touches() {
        return touches;
    }

    boolean takeTouched() {
        boolean was = touched;
        touched = false;
        return was;
    }

    long nextBoot() {
        return ++boots;
    }

    /** A process has ended; in the safety phase it comes back after a while. */
    void onStopped(SimulatedNode node) {
        touch(node);
        network.onStopped(node);
        clients.forEach(c -> c.onNodeDown(node.id()));
        if (restarting) {
            long boot = node.boot();
            sim.after(random.exponential(2 * settings.electionTimeoutNs) + Simulation.MS, () -> {
                if (restarting && !node.isUp() && node.boot() == boot) {
                    node.start();
                }
            });
        }
    }

    /** An empty disk for a node of which the disk is lost. */
    NodeDisk anotherDisk(SimulatedNode n, Seeded of) {
        BlockDamage damage = new BlockDamage(n.id(), atlas, of);
        return new NodeDisk(storage.create(n.id(), of, settings), standing(n.id()), settings.mapped, n.steps(), damage);
    }

    /** What may go bad on the disks. */
    FaultAtlas atlas() {
        return atlas;
    }

    /** From here on nobody comes back unless {@link SimulatedNode#start} is called. */
    void stopRestarting() {
        restarting = false;
    }

    /** Whoever dies comes back: it may be one more fault. */
    boolean isRestarting() {
        return restarting;
    }

    /** durability=mapped survives the power loss of a minority only (protocol.md §11). */
    boolean mayLosePower(SimulatedNode node) {
        long lost = nodes.stream()
                .filter(n -> n.disk().isUnclean() || n.disk().isWiped())
                .count();
        return !settings.mapped
                || node.disk().isUnclean()
                || node.disk().isWiped()
                || (lost + 1 <= settings.nodes - settings.quorum()
                        && node.disk().mayLose());
    }

    /** Once all have formed; a majority keeps what it acknowledged. */
    boolean mayWipe(SimulatedNode node) {
        long lost = nodes.stream()
                .filter(n ->
                        n.disk().isUncured() || n.disk().isSuspect() || n.disk().isOutForGood())
                .count();
        return nodes.stream()
                        .allMatch(n -> n.disk().isWiped()
                                || !n.disk().standing().members().isEmpty())
                && !node.disk().isUncured()
                && !node.disk().isSuspect()
                && !node.disk().isOutForGood()
                && lost + 1 <= settings.nodes - settings.quorum()
                && node.disk().mayLose();
    }

    /** What the disk of a node says of it before the run. */
    Formation.Standing standing(int node) {
        long incarnation = members.getOrDefault(node, 0L);
        return new Formation.Standing(incarnation, settings.beginsFormed ? members : new TreeMap<>());
    }

    Mutations mutations() {
        return mutations;
    }

    Simulation simulation() {
        return sim;
    }

    SimulationSettings settings() {
        return settings;
    }

    FaultCounts counts() {
        return counts;
    }

    InstallCounts installs() {
        return installs;
    }

    Watch watch() {
        return watch;
    }

    ProposalBook book() {
        return book;
    }

    ByteBufAllocator allocator() {
        return allocator;
    }

    List<SimulatedNode> nodes() {
        return nodes;
    }

    SimulatedNode node(int id) {
        return nodes.get(id - 1);
    }

    List<SimulatedClient> clients() {
        return clients;
    }

    SimulatedNetwork network() {
        return network;
    }

    SimulatedView view() {
        return view;
    }
}
