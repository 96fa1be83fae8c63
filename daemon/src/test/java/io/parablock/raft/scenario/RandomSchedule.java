package io.parablock.raft.scenario;

import io.parablock.raft.LeaseConfig;
import io.parablock.raft.Mode;
import io.parablock.raft.Mutation;
import io.parablock.raft.ProposeResult;
import io.parablock.raft.Role;
import io.parablock.raft.log.Entry;
import io.parablock.raft.log.EntryKind;
import io.parablock.raft.message.Message;
import io.parablock.raft.scenario.SimulatedNode.CrashPoint;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** One random history of a small cluster, and its healing. The checkers look on all the time. */
final class RandomSchedule {
    private record Request(long session, long seq, EntryKind kind, long offset, long length) {}

    private static final int EVENTS = 350;
    private static final int HEAL_STEPS_MAX = 150;
    private static final long HEAL_STEP_MS = 100;
    private static final int SESSIONS_MAX = 64;
    private static final int BLOCKS = 5;
    private static final long BOOT_MS = 1200;

    private final Random random;
    private final PowerLosses power;
    private final Absences absences;
    final Replacements replacements;

    final ScenarioCluster cluster;
    private final List<Request> requests = new ArrayList<>();
    private long nextSeq;
    private long nextRead;
    private long nonce;
    private int crashes;
    private int damages;
    private boolean holdTransfers;

    /** Cures that were completed. */
    long cures() {
        return cluster.transcript.stream()
                .filter(line -> line.endsWith(" is cured"))
                .count();
    }

    /** Installs that were completed. */
    long installs() {
        return cluster.transcript.stream()
                .filter(line -> line.contains(" installed "))
                .count();
    }

    RandomSchedule(long seed) {
        this(seed, Mutation.NONE);
    }

    RandomSchedule(long seed, Mutation mutation) {
        random = new Random(seed);
        random.nextInt();
        power = new PowerLosses(this, seed);
        absences = new Absences(this, seed);
        int span = random.nextBoolean() ? 4 : 8;
        ScenarioCluster.Shape shape = new ScenarioCluster.Shape(
                random.nextInt(3) == 0 ? 5 : 3,
                random.nextInt(3) == 0 ? Mode.STRICT : Mode.PARALLEL,
                span,
                random.nextInt(2) == 0 ? 4 : 64,
                1 + random.nextInt(4),
                1 + random.nextInt(4),
                SESSIONS_MAX,
                32,
                power.isMapped());
        LeaseConfig lease = seed % 2 == 0 ? ScenarioReads.LEASE : LeaseConfig.OFF;
        cluster = new ScenarioCluster(shape, seed, mutation, lease);
        replacements = new Replacements(this, seed, mutation == Mutation.NONE && !shape.mapped());
        damages = replacements.isEnabled() ? 1 : 0;
    }

    void run() {
        if (random.nextInt(4) > 0) {
            cluster.run(BOOT_MS, p -> true);
            leaders().forEach(n -> openSession(n));
            cluster.run(20, p -> true);
        }
        boolean slow = random.nextBoolean();
        for (SimulatedNode n : cluster.nodes.values()) {
            n.autoDurable = !slow;
            n.autoApply = !slow && random.nextBoolean();
        }
        for (int i = 0; i < EVENTS; i++) {
            event();
            if (absences.isNext()) {
                absences.event();
            } else if (replacements.isNext()) {
                replacements.event();
            } else if (power.isDue()) {
                power.event();
            }
        }
        heal();
    }

    List<SimulatedNode> up() {
        return cluster.nodes.values().stream().filter(SimulatedNode::isUp).toList();
    }

    List<SimulatedNode> leaders() {
        return up().stream()
                .filter(n -> n.core().status().role() == Role.LEADER)
                .toList();
    }

    <T> T pick(List<T> list) {
        return list.get(random.nextInt(list.size()));
    }

    private void event() {
        int dice = random.nextInt(1000);
        if (dice < 400) {
            message();
        } else if (dice < 560) {
            completeSomething();
        } else if (dice < 680) {
            cluster.now += (1 + random.nextInt(40)) * ScenarioCluster.MS;
            up().forEach(n -> {
                if (random.nextInt(3) > 0) {
                    cluster.tick(n);
                }
            });
        } else if (dice < 850) {
            request();
        } else if (dice < 880) {
            checkpointOrRead();
        } else if (dice < 900) {
            long loss = random.nextInt(10);
            cluster.run(20 + random.nextInt(300), p -> passes(p) && (p.number() * 31) % 10 >= loss);
        } else if (dice < 925) {
            start();
        } else if (dice < 940) {
            stop();
        } else if (dice < 960) {
            cutOrMend();
        } else if (dice < 970) {
            cluster.pool.removeIf(p -> random.nextBoolean());
        } else if (dice < 978) {
            handOver();
        } else if (cluster.shape.mapped() && power.isNext()) {
            power.event();
        } else {
            leaveLeaderBehind();
        }
    }

    /** TimeoutNow may come late. */
    private boolean passes(Packet p) {
        return !(holdTransfers && p.message() instanceof Message.TimeoutNow);
    }

    private void handOver() {
        holdTransfers = random.nextBoolean();
        List<SimulatedNode> leaders = leaders();
        if (!leaders.isEmpty()) {
            SimulatedNode n = pick(leaders);
            boolean unused = n.core().handOver(cluster.clock(n));
            cluster.work(n);
        }
    }

    /**
     * A leader hears nothing for a while, perhaps because its machine sleeps; the others may replace it and go on. Then
     * somebody reads from it.
     */
    private void leaveLeaderBehind() {
        List<SimulatedNode> leaders = leaders();
        if (leaders.isEmpty()) {
            return;
        }
        SimulatedNode n = pick(leaders);
        if (random.nextBoolean()) {
            cutOneFollower(n);
        }
        if (random.nextInt(4) == 0 && n.isUp()) {
            boolean unused = n.core().handOver(cluster.clock(n));
            cluster.work(n);
        }
        boolean asleep = random.nextInt(3) == 0;
        cluster.cuts.removeIf(c -> c / 100 != n.id && c % 100 != n.id);
        long began = cluster.now;
        long forNs = (1 + random.nextInt(random.nextBoolean() ? 280 : 1500)) * ScenarioCluster.MS;
        while (cluster.now - began < forNs) {
            cluster.now += 5 * ScenarioCluster.MS;
            n.suspendedNs += asleep ? 5 * ScenarioCluster.MS : 0;
            up().stream().filter(o -> o != n).forEach(cluster::tick);
            cluster.settle(p -> p.to() != n.id);
        }
        leaders().stream().filter(o -> o != n).findFirst().ifPresent(fresh -> {
            request(fresh);
            cluster.settle(p -> p.to() != n.id);
        });
        for (int i = 0; i < 3 && n.isUp(); i++) {
            cluster.read(n, ++nextRead, i * 8192L, 8192);
        }
    }

    /** Until it asks for votes; then the others forget, by a restart, whom they heard. */
    private void cutOneFollower(SimulatedNode leader) {
        SimulatedNode c = pick(List.copyOf(cluster.nodes.values()));
        if (c != leader) {
            cluster.cuts.add(c.id * 100 + leader.id);
            cluster.cuts.add(leader.id * 100 + c.id);
            cluster.run(200 + random.nextInt(400), this::passes);
            for (SimulatedNode o : up()) {
                if (o != leader && o != c && random.nextBoolean()) {
                    cluster.crash(o, true);
                    start(o);
                }
            }
        }
    }

    private void message() {
        if (cluster.pool.isEmpty()) {
            return;
        }
        Packet p = random.nextBoolean() ? cluster.pool.get(0) : pick(cluster.pool);
        int fate = random.nextInt(20);
        if (fate == 0) {
            cluster.pool.remove(p);
        } else if (fate == 1) {
            cluster.hand(p);
        } else {
            cluster.deliver(p);
        }
    }

    private void completeSomething() {
        List<SimulatedNode> live = up();
        if (live.isEmpty()) {
            return;
        }
        SimulatedNode n = pick(live);
        if (!n.appending.isEmpty() && random.nextInt(3) > 0) {
            cluster.durable(n, pick(n.appending));
        } else if (!n.forcing.isEmpty()) {
            cluster.power.forced(n, n.forcing.get(0));
        } else if (!n.installWrites.isEmpty()) {
            cluster.installWrite(n);
        } else if (n.installStepDue && n.applying.isEmpty()) {
            cluster.installStep(n);
        } else if (!n.applying.isEmpty()) {
            Entry e = pick(n.applying);
            // The store takes entries in the order given; only disjoint ones may pass each other.
            cluster.complete(n, cluster.shape.mode() == Mode.PARALLEL ? n.firstOverlapping(e) : n.applying.get(0));
        }
    }

    private void openSession(SimulatedNode n) {
        n.core().proposeOpenSession(1 + random.nextInt(2), 1 + random.nextInt(2), ++nonce, cluster.clock(n));
        cluster.work(n);
    }

    private void request() {
        List<SimulatedNode> leaders = leaders();
        if (leaders.isEmpty()) {
            return;
        }
        request(pick(leaders));
    }

    void request(SimulatedNode n) {
        long session = cluster.checker.lastSession();
        if (session == 0 || random.nextInt(60) == 0) {
            openSession(n);
            return;
        }
        if (random.nextInt(150) == 0) {
            n.core().proposeCloseSession(session, cluster.clock(n));
            cluster.work(n);
            return;
        }
        int burst = 1 + random.nextInt(3);
        for (int i = 0; i < burst && n.isUp(); i++) {
            Request r = !requests.isEmpty() && random.nextInt(4) == 0 ? pick(requests) : newRequest(session);
            submit(n, r);
            if (random.nextBoolean()) {
                cluster.work(n);
            } else {
                cluster.drain(n);
            }
        }
        cluster.work(n);
    }

    private Request newRequest(long session) {
        long offset = random.nextInt(BLOCKS) * 4096L + random.nextInt(4) * 512L;
        long length = random.nextInt(4) == 0 ? 4096 + random.nextInt(3) * 1024L : 512;
        EntryKind kind = random.nextInt(8) == 0 ? EntryKind.TRIM : EntryKind.WRITE;
        Request r = new Request(session, nextSeq++, kind, offset, length);
        requests.add(r);
        return r;
    }

    private ProposeResult submit(SimulatedNode n, Request r) {
        long lowest = r.seq();
        for (Request other : requests) {
            if (other.session() == r.session() && !cluster.checker.isAnswered(other.session(), other.seq())) {
                lowest = Math.min(lowest, other.seq());
            }
        }
        ProposeResult result = cluster.propose(n, r.kind(), r.offset(), r.length(), r.session(), r.seq(), lowest);
        SafetyChecker.require(
                result != ProposeResult.ALREADY_COMMITTED || cluster.checker.isCommitted(r.session(), r.seq()),
                "node " + n.id + " says " + r + " is committed");
        return result;
    }

    private void checkpointOrRead() {
        List<SimulatedNode> live = up();
        if (live.isEmpty()) {
            return;
        }
        if (random.nextBoolean()) {
            cluster.checkpoint(pick(live));
        } else {
            cluster.read(pick(live), ++nextRead, random.nextInt(BLOCKS) * 4096L, 8192);
        }
    }

    private void stop() {
        List<SimulatedNode> live = up();
        if (live.isEmpty()) {
            return;
        }
        SimulatedNode n = pick(live);
        crashes++;
        if (random.nextInt(4) == 0) {
            n.crashAt = pick(List.of(
                    CrashPoint.BEFORE_SYNC_RECORD,
                    CrashPoint.AFTER_SYNC_RECORD,
                    CrashPoint.BEFORE_HARD_STATE,
                    CrashPoint.BEFORE_MESSAGES));
            return;
        }
        for (Entry e : List.copyOf(n.appending)) {
            if (random.nextBoolean()) {
                cluster.written(n, e);
            }
        }
        cluster.crash(n, random.nextBoolean());
    }

    private void start() {
        List<SimulatedNode> down =
                cluster.nodes.values().stream().filter(n -> !n.isUp()).toList();
        if (!down.isEmpty()) {
            if (random.nextBoolean()) {
                // Whoever was away finds the logs cut.
                up().forEach(cluster::checkpoint);
            }
            start(pick(down));
        }
    }

    void start(SimulatedNode n) {
        if (replacements.startsItself(n)) {
            return;
        }
        if (damages == 0 && random.nextInt(20) == 0 && !n.disk.wal.isEmpty()) {
            damages++;
            cluster.damage(n, pick(n.disk.wal).slot());
        }
        cluster.start(n);
        for (SimulatedNode other : up()) {
            if (other != n) {
                other.core().onPeerConnected(n.id, false, cluster.clock(other));
                other.core().onPeerConnected(n.id, true, cluster.clock(other));
                cluster.work(other);
            }
        }
    }

    private void cutOrMend() {
        if (!cluster.cuts.isEmpty() && random.nextBoolean()) {
            cluster.cuts.clear();
            return;
        }
        int a = 1 + random.nextInt(cluster.shape.nodes());
        boolean oneWay = random.nextInt(3) == 0;
        for (int b = 1; b <= cluster.shape.nodes(); b++) {
            if (b != a && random.nextInt(3) > 0) {
                cluster.cuts.add(a * 100 + b);
                if (!oneWay) {
                    cluster.cuts.add(b * 100 + a);
                }
            }
        }
    }

    /** Everything works again: the cluster must, within a bounded time, take a write and agree on every block. */
    private void heal() {
        cluster.cuts.clear();
        cluster.pool.removeIf(p -> random.nextInt(3) == 0);
        for (SimulatedNode n : cluster.nodes.values()) {
            n.crashAt = CrashPoint.NONE;
            n.autoDurable = true;
            n.autoApply = true;
            if (!n.isUp()) {
                start(n);
            }
            while (!n.appending.isEmpty()) {
                cluster.durable(n, n.appending.get(0));
            }
            while (!n.forcing.isEmpty()) {
                cluster.power.forced(n, n.forcing.get(0));
            }
            while (!n.applying.isEmpty()) {
                cluster.complete(n, n.applying.get(0));
            }
            while (!n.installWrites.isEmpty()) {
                cluster.installWrite(n);
            }
            if (n.installStepDue) {
                cluster.installStep(n);
            }
        }
        long last = 0;
        for (int i = 0; i < HEAL_STEPS_MAX; i++) {
            cluster.run(HEAL_STEP_MS, p -> true);
            replacements.heal();
            last = last == 0 ? lastWrite() : last;
            if (last > 0 && isConverged(last)) {
                cluster.suite.atQuiescence();
                return;
            }
        }
        if (damages > 0 && !replacements.isEnabled()) {
            return; // One rotten record may rightly stop a cluster for an operator (protocol.md §12); safety was
            // checked.
        }
        throw new AssertionError("no convergence after " + HEAL_STEPS_MAX * HEAL_STEP_MS + " ms: last write " + last
                + ", uncommitted " + cluster.checker.uncommittedBelow(last) + ", " + describe());
    }

    /** Asks for a session and then for one write, as a patient client would; its slot once it is answered, or 0. */
    private long lastWrite() {
        List<SimulatedNode> leaders = leaders();
        if (leaders.size() != 1) {
            return 0;
        }
        SimulatedNode n = leaders.get(0);
        if (n.core().sessionOf(3, 99, 99) == 0
                || cluster.checker.committedEntry(n.core().sessionOf(3, 99, 99)) == null) {
            n.core().proposeOpenSession(3, 99, 99, cluster.clock(n));
            cluster.work(n);
            return 0;
        }
        long session = n.core().sessionOf(3, 99, 99);
        submit(n, new Request(session, 0, EntryKind.WRITE, 0, BLOCKS * 4096L));
        cluster.work(n);
        return cluster.checker.isAnswered(session, 0) ? cluster.checker.answered.last() : 0;
    }

    private boolean isConverged(long last) {
        Map<Long, Long> expected = cluster.checker.deviceAt(Long.MAX_VALUE);
        for (SimulatedNode n : cluster.nodes.values()) {
            if (!n.isUp()
                    || !replacements.isAtRest()
                    || n.core().status().amnesiac()
                    || n.core().status().appliedPrefix() < last
                    || !n.device.equals(expected)) {
                return false;
            }
        }
        return true;
    }

    String describe() {
        StringBuilder b = new StringBuilder();
        for (SimulatedNode n : cluster.nodes.values()) {
            b.append("\n  n")
                    .append(n.id)
                    .append(' ')
                    .append(n.isUp() ? n.core().status() : "down");
            b.append(" needsInstall ").append(n.isUp() && n.core().needsInstall());
            b.append(" disk ").append(n.disk.hard).append(' ').append(n.disk.sync);
            b.append(" damaged ").append(n.disk.damaged);
        }
        return b + "\n  crashes " + crashes + ", power losses " + power.losses() + ", events at the end: "
                + cluster.transcript.subList(Math.max(0, cluster.transcript.size() - 60), cluster.transcript.size());
    }
}
