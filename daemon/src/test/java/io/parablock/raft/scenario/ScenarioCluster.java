package io.parablock.raft.scenario;

import io.parablock.raft.InstallConfig;
import io.parablock.raft.LeaseConfig;
import io.parablock.raft.Mode;
import io.parablock.raft.Mutation;
import io.parablock.raft.Output;
import io.parablock.raft.ProposeResult;
import io.parablock.raft.RaftConfig;
import io.parablock.raft.RaftStatus;
import io.parablock.raft.Role;
import io.parablock.raft.log.Entry;
import io.parablock.raft.log.EntryKind;
import io.parablock.raft.message.Message;
import io.parablock.raft.state.Checkpoint;
import io.parablock.simulator.check.CheckerSuite;
import io.parablock.simulator.check.EntryView;
import io.parablock.simulator.check.WireFeed;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.IntStream;

/**
 * A few cores wired by hand. Nothing moves by itself: messages wait in a pool, appends and applies are completed by a
 * command (or at once, where the node says so), and time is what the caller says.
 */
final class ScenarioCluster {
    static final long MS = 1_000_000L;

    /** A core that still has output after so many rounds is in a loop. */
    private static final int WORK_ROUNDS_MAX = 1000;

    private static final int DELIVERIES_MAX = 20_000;
    private static final long STEP_NS = 5 * MS;
    private static final long SCAN_EVERY = 50;

    /**
     * @param retain slots kept for a lagging follower
     * @param mapped durability=mapped: a power loss takes what was not forced
     */
    record Shape(
            int nodes,
            Mode mode,
            int span,
            int retain,
            int frameEntries,
            int fetchSlots,
            int sessions,
            int window,
            boolean mapped) {
        static final long ELECTION_TIMEOUT_NS = 300 * MS;
        static final long HEARTBEAT_NS = 50 * MS;
        static final long RETRANSMIT_NS = 100 * MS;
        /** The block stores are tiny, and so are the pieces: two blocks. */
        static final InstallConfig INSTALL = new InstallConfig(12 * 4096L, 8192, 2, 1 << 20, 1 << 20);
    }

    final Shape shape;
    final long seed;
    private final Mutation mutation;
    final TreeMap<Integer, SimulatedNode> nodes = new TreeMap<>();
    final List<Packet> pool = new ArrayList<>();
    /** Every message sent since the last mark, lost or not. */
    final List<Packet> sent = new ArrayList<>();

    /** Ordered pairs that cannot talk, as from * 100 + to. */
    final Set<Integer> cuts = new HashSet<>();

    final SafetyChecker checker;
    final CheckerSuite suite;
    private final WireFeed wire;
    final ScenarioReads reads = new ScenarioReads(this);
    private final LeaseConfig lease;
    final Map<Long, Boolean> flushes = new HashMap<>();
    final List<String> transcript = new ArrayList<>();
    InstallConfig install = Shape.INSTALL;
    private final ScenarioInstalls installs = new ScenarioInstalls(this);
    final ScenarioPower power = new ScenarioPower(this);
    final ScenarioDisks disks = new ScenarioDisks(this);
    long now = 1_000_000 * MS;
    private long packets;
    private int payloads;

    ScenarioCluster(Shape shape, long seed) {
        this(shape, seed, Mutation.NONE, LeaseConfig.OFF);
    }

    ScenarioCluster(Shape shape, long seed, Mutation mutation, LeaseConfig lease) {
        this.lease = lease;
        this.mutation = mutation;
        this.shape = shape;
        this.seed = seed;
        this.checker = new SafetyChecker(shape.mode(), shape.nodes(), shape.span());
        if (mutation != Mutation.NONE) {
            checker.mute();
        }
        this.suite = new CheckerSuite(
                new io.parablock.simulator.check.Shape(
                        shape.nodes(), shape.span(), shape.mode() == Mode.STRICT, shape.mapped()),
                new SuiteView(this),
                SCAN_EVERY);
        this.wire = new WireFeed(suite);
        for (int i = 1; i <= shape.nodes(); i++) {
            SimulatedNode n = new SimulatedNode(i);
            nodes.put(i, n);
            start(n);
        }
    }

    SimulatedNode node(int id) {
        SimulatedNode n = nodes.get(id);
        if (n == null) {
            throw new IllegalArgumentException("no node " + id);
        }
        return n;
    }

    /** What the node's clock shows: it stands still in a suspend. */
    long clock(SimulatedNode n) {
        return now - n.suspendedNs;
    }

    // ---- life of a node ----

    void start(SimulatedNode n) {
        RaftConfig config = new RaftConfig(
                        1,
                        n.id,
                        IntStream.rangeClosed(1, shape.nodes()).toArray(),
                        shape.mode(),
                        shape.span(),
                        Shape.ELECTION_TIMEOUT_NS,
                        Shape.HEARTBEAT_NS,
                        Shape.RETRANSMIT_NS,
                        shape.retain(),
                        shape.frameEntries(),
                        1 << 20,
                        shape.fetchSlots(),
                        shape.sessions(),
                        shape.window(),
                        shape.mapped())
                .withInstall(install)
                .withLease(lease)
                .withMembers(n.members(shape.nodes()), n.incarnation);
        n.boot++;
        n.startedFrom = n.disk.checkpoint.a();
        n.readableFrom = n.disk.checkpoint.e();
        // What a start finds is forced first.
        power.force(n);
        n.raft = mutation.newCore(config, n.disk.recovered(), seed * 31 + n.id * 7L + n.boot, clock(n));
        suite.onStarted(n.id, n.boot);
        if (n.disk.amnesiac) {
            suite.onAmnesia(n.id);
        }
        work(n);
    }

    void crash(SimulatedNode n, boolean keepStore) {
        note("n" + n.id + " crashes");
        suite.onCrashed(n.id);
        n.crash(keepStore);
    }

    // ---- inputs ----

    void tick(SimulatedNode n) {
        n.core().tick(clock(n));
        work(n);
    }

    void deliver(Packet p) {
        pool.remove(p);
        hand(p);
    }

    /** Delivers without taking it out of the pool: a duplicate. */
    void hand(Packet p) {
        SimulatedNode to = node(p.to());
        if (to.isUp()) {
            to.core().step(p.from(), p.disk(), p.boot(), p.message(), clock(to));
            work(to);
        }
    }

    ProposeResult propose(
            SimulatedNode n, EntryKind kind, long offset, long length, long session, long seq, long lowest) {
        int payload = kind == EntryKind.WRITE ? (int) length : 0;
        ProposeResult r =
                n.core().propose(kind, offset, length, session, seq, lowest, ++payloads, payload, null, clock(n));
        if (r == ProposeResult.ACCEPTED) {
            for (Entry e : n.core().output().appends) {
                if (e.session() == session
                        && e.seq() == seq
                        && e.origin() == n.core().status().term()) {
                    suite.onProposed(n.id, e.origin(), EntryView.of(e));
                    checker.onAssigned(n, e);
                }
            }
        }
        return r;
    }

    void read(SimulatedNode n, long readId, long offset, long length) {
        reads.start(n, readId, offset, length);
        work(n);
    }

    void durable(SimulatedNode n, Entry e) {
        n.appending.remove(e);
        written(n, e);
        note("n" + n.id + " durable " + e.slot() + "@" + e.origin());
        suite.onDurableTold(n.id, e.slot(), e.origin());
        n.core().onDurable(e.slot(), e.origin(), clock(n));
        work(n);
    }

    /** The disk has it; the node is not told yet. */
    void written(SimulatedNode n, Entry e) {
        n.disk.write(e);
        suite.onEntryDurable(n.id, EntryView.of(e));
        checker.afterDurable(n, e);
    }

    /** A record rots. */
    void damage(SimulatedNode n, long slot) {
        for (Entry e : n.disk.wal) {
            if (e.slot() == slot) {
                suite.onEntryLost(n.id, slot, e.origin(), true);
            }
        }
        n.disk.damage(slot);
    }

    void complete(SimulatedNode n, Entry e) {
        n.applying.remove(e);
        applied(n, e);
        note("n" + n.id + " applied " + e.slot());
        n.core().onApplied(e.slot(), clock(n));
        work(n);
    }

    /** Nothing while an install forbids it. */
    void checkpoint(SimulatedNode n) {
        Checkpoint image = n.core().checkpointImage();
        if (image == null) {
            note("n" + n.id + " may take no checkpoint");
            return;
        }
        checker.insist(
                !n.disk.checkpoint.installing() && image.a() >= n.readableFrom,
                "node " + n.id + " takes a checkpoint of a store that is not readable");
        for (long s = n.startedFrom + 1; s <= image.a(); s++) {
            Entry e = checker.committedEntry(s);
            SafetyChecker.require(
                    e != null && (e.lengthBytes() == 0 || n.hasApplied(s)),
                    "node " + n.id + ": checkpoint " + image.a() + " covers slot " + s + ", which is not applied");
        }
        n.fsyncedDevice.clear();
        n.fsyncedDevice.putAll(n.device);
        n.disk.checkpoint = image;
        suite.onCheckpointDurable(n.id, image, false);
        note("n" + n.id + " checkpoint " + image.a() + " base " + image.logBase());
        n.core().onCheckpointDurable(image, clock(n));
        work(n);
    }

    /** The durable steps of an install. */
    void installStep(SimulatedNode n) {
        installs.step(n);
    }

    /** The store takes the next piece; pieces keep their order. */
    void installWrite(SimulatedNode n) {
        installs.write(n);
    }

    // ---- output ----

    void work(SimulatedNode n) {
        if (n.raft != null) {
            n.raft.endOfBatch(clock(n));
            drain(n);
        }
    }

    void drain(SimulatedNode n) {
        for (int round = 0; n.raft != null && !n.raft.output().isEmpty(); round++) {
            SafetyChecker.require(round < WORK_ROUNDS_MAX, "node " + n.id + " never comes to rest");
            observeRole(n);
            if (!persist(n, n.raft.output())) {
                return;
            }
            takeOutput(n, n.raft.output());
            while (n.raft != null && n.autoDurable && !n.appending.isEmpty()) {
                finishAppend(n);
            }
            while (n.raft != null && n.autoDurable && !n.forcing.isEmpty()) {
                power.finishFirst(n);
            }
            while (n.raft != null && n.autoApply && !n.applying.isEmpty()) {
                finishApply(n);
            }
            while (n.raft != null && n.autoApply && !n.installWrites.isEmpty()) {
                installWrite(n);
            }
            if (n.raft != null && n.autoApply && n.installStepDue) {
                installStep(n);
            }
            if (n.raft != null) {
                n.raft.endOfBatch(clock(n));
            }
        }
        if (n.raft != null) {
            observeRole(n);
            suite.afterEvent();
            if (mutation == Mutation.NONE) {
                n.raft.checkInvariants();
            }
        }
    }

    /** Delivers what the filter lets pass, and what that causes, until nothing more comes. */
    void settle(Predicate<Packet> passes) {
        for (int i = 0; i < DELIVERIES_MAX; i++) {
            Packet next = null;
            for (Packet p : pool) {
                if (passes.test(p)) {
                    next = p;
                    break;
                }
            }
            if (next == null) {
                return;
            }
            deliver(next);
        }
        throw new AssertionError("the nodes never stop talking");
    }

    /** Time passes for all nodes that run; messages flow without delay where the filter lets them. */
    void run(long ms, Predicate<Packet> passes) {
        for (long end = now + ms * MS; now < end; ) {
            now += STEP_NS;
            nodes.values().stream().filter(SimulatedNode::isUp).forEach(this::tick);
            settle(passes);
        }
    }

    private void finishAppend(SimulatedNode n) {
        Entry e = n.appending.remove(0);
        written(n, e);
        suite.onDurableTold(n.id, e.slot(), e.origin());
        n.core().onDurable(e.slot(), e.origin(), clock(n));
    }

    private void applied(SimulatedNode n, Entry e) {
        n.write(e);
        n.applied.put(e.slot(), e);
        suite.onApplied(n.id, EntryView.of(e));
    }

    private void finishApply(SimulatedNode n) {
        Entry e = n.applying.remove(0);
        applied(n, e);
        note("n" + n.id + " applied " + e.slot());
        n.core().onApplied(e.slot(), clock(n));
    }

    private void observeRole(SimulatedNode n) {
        RaftStatus s = n.core().status();
        checker.onRole(n, s.role(), s.term());
        if (s.role() == Role.LEADER || s.role() == Role.LEADER_CANDIDATE) {
            suite.onLeader(n.id, s.term());
        }
        if (s.role() != n.lastRole) {
            n.lastRole = s.role();
            if (s.role() != Role.PRE_CANDIDATE) {
                note("n" + n.id + " " + s.role() + " term " + s.term());
            }
        }
    }

    /** False if the node crashed on the way. */
    private boolean persist(SimulatedNode n, Output o) {
        if (o.syncRecord != null) {
            if (n.crashAt == SimulatedNode.CrashPoint.BEFORE_SYNC_RECORD) {
                crash(n, false);
                return false;
            }
            power.force(n);
            power.observeMerge(n, o.syncRecord);
            checker.onSyncRecord(n, o.syncRecord);
            n.disk.sync = o.syncRecord;
            suite.onSyncRecordDurable(n.id, o.syncRecord);
            checker.afterSyncRecord(n, o.syncRecord.term());
            note("n" + n.id + " syncrec term " + o.syncRecord.term() + " m " + o.syncRecord.m());
            if (n.crashAt == SimulatedNode.CrashPoint.AFTER_SYNC_RECORD) {
                crash(n, false);
                return false;
            }
        }
        if (o.hardState != null) {
            if (n.crashAt == SimulatedNode.CrashPoint.BEFORE_HARD_STATE) {
                crash(n, false);
                return false;
            }
            checker.onHardState(n, o.hardState);
            n.disk.hard = o.hardState;
            suite.onHardStateDurable(n.id, o.hardState);
            note("n" + n.id + " meta term " + o.hardState.term() + " voted " + o.hardState.votedFor() + " sync "
                    + o.hardState.syncTerm());
        }
        if (!o.messages.isEmpty() && n.crashAt == SimulatedNode.CrashPoint.BEFORE_MESSAGES) {
            crash(n, false);
            return false;
        }
        return true;
    }

    private void takeOutput(SimulatedNode n, Output o) {
        for (Output.ForceRequest f : o.forces) {
            n.forcing.add(power.begin(n, f.from(), f.id()));
        }
        if (o.cured) {
            n.disk.amnesiac = false;
            note("n" + n.id + " is cured");
            suite.onCured(n.id);
        }
        for (Entry e : o.appends) {
            disks.onAppend(n, e);
            n.appending.add(e);
        }
        for (Output.Outgoing m : o.messages) {
            send(n, m.to(), m.message());
        }
        for (Entry e : o.committed) {
            suite.onAnswered(n.id, EntryView.of(e));
            checker.onAnswered(n, e);
            note("n" + n.id + " answers " + e.slot());
        }
        for (Entry e : o.applies) {
            suite.onApplyStarted(n.id, EntryView.of(e));
            checker.onApply(n, e);
            n.applying.add(e);
        }
        for (Output.FlushResult f : o.flushes) {
            if (f.ok()) {
                suite.onFlushAnswered(n.id, f.flushId());
            }
            flushes.put(f.flushId(), f.ok());
            note("n" + n.id + " flush " + f.flushId() + (f.ok() ? " ok" : " failed"));
        }
        if (o.truncateTo > 0) {
            checker.onTruncate(n, o.truncateTo, nodes.values());
            n.disk.truncate(o.truncateTo);
            suite.onTruncated(n.id, o.truncateTo);
            note("n" + n.id + " truncates to " + o.truncateTo);
        }
        List<Output.InstallRead> pieces = List.copyOf(o.installReads);
        o.installWrites.forEach(m -> installs.take(n, m));
        n.installStepDue |= o.installCheckpointDue;
        List<Output.ReadResult> readResults = List.copyOf(o.reads);
        o.clear();
        reads.take(n, readResults);
        pieces.forEach(r -> installs.read(n, r));
    }

    void send(SimulatedNode n, int to, Message message) {
        Packet p = new Packet(++packets, n.id, n.incarnation, n.boot, to, message);
        wire.onSent(n.id, to, message);
        checker.onSend(n, to, message);
        sent.add(p);
        boolean chatter = message instanceof Message.Heartbeat || message instanceof Message.HeartbeatAck;
        if (!chatter) {
            note("  " + p.summary());
        }
        if (!cuts.contains(n.id * 100 + to)) {
            pool.add(p);
        }
    }

    /** A message as a peer might have sent it. */
    Packet forge(int from, int to, Message message) {
        return new Packet(++packets, from, node(from).incarnation, node(from).boot, to, message);
    }

    void note(String line) {
        if (transcript.size() < 10_000) {
            transcript.add(line);
        }
    }
}
