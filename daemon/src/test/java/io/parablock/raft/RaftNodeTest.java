package io.parablock.raft;

import static org.assertj.core.api.Assertions.assertThat;

import io.parablock.raft.log.Entry;
import io.parablock.raft.log.EntryKind;
import io.parablock.raft.message.Message;
import io.parablock.raft.state.Checkpoint;
import io.parablock.raft.state.HardState;
import io.parablock.raft.state.RecoveredState;
import io.parablock.raft.state.SyncRecord;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The core with a perfect network and disk: the shortest paths through its life. */
class RaftNodeTest {
    private static final long MS = 1_000_000L;

    private record Packet(int from, int to, Message message) {}

    private static final class Disk {
        HardState hard = HardState.FRESH;
        SyncRecord sync;
        Checkpoint checkpoint = Checkpoint.EMPTY;
        final List<Entry> entries = new ArrayList<>();
    }

    private static final class Cluster {
        final Mode mode;
        final Map<Integer, RaftNode> nodes = new HashMap<>();
        final Map<Integer, Disk> disks = new HashMap<>();
        final Map<Integer, List<Long>> applied = new HashMap<>();
        final ArrayDeque<Packet> wire = new ArrayDeque<>();
        final Set<Integer> cut = new HashSet<>();
        final List<Entry> committed = new ArrayList<>();
        final List<Output.ReadResult> reads = new ArrayList<>();
        long now = 1_000 * MS;

        Cluster(Mode mode, int n) {
            this.mode = mode;
            for (int i = 1; i <= n; i++) {
                disks.put(i, new Disk());
                start(i, n);
            }
        }

        void start(int id, int n) {
            Disk d = disks.get(id);
            int[] voters = new int[n];
            for (int i = 0; i < n; i++) {
                voters[i] = i + 1;
            }
            RaftConfig c = new RaftConfig(
                    1, id, voters, mode, 8, 300 * MS, 50 * MS, 100 * MS, 64, 4, 1 << 20, 8, 16, 64, false);
            List<Entry> copies = new ArrayList<>();
            for (Entry e : d.entries) {
                copies.add(e.withDep(e.dep()));
            }
            nodes.put(
                    id,
                    new RaftNode(
                            c, new RecoveredState(d.hard, d.sync, d.checkpoint, copies, List.of(), false), id, now));
            applied.put(id, new ArrayList<>());
        }

        void work(int id) {
            RaftNode node = nodes.get(id);
            node.endOfBatch(now);
            Output o = node.output();
            while (!o.isEmpty()) {
                Disk d = disks.get(id);
                if (o.syncRecord != null) {
                    d.sync = o.syncRecord;
                }
                if (o.hardState != null) {
                    d.hard = o.hardState;
                }
                d.entries.addAll(o.appends);
                for (Output.Outgoing m : o.messages) {
                    wire.add(new Packet(id, m.to(), m.message()));
                }
                committed.addAll(o.committed);
                reads.addAll(o.reads);
                List<Entry> appends = List.copyOf(o.appends);
                List<Entry> applies = List.copyOf(o.applies);
                o.clear();
                for (Entry e : appends) {
                    node.onDurable(e.slot(), e.origin(), now);
                }
                for (Entry e : applies) {
                    applied.get(id).add(e.slot());
                    node.onApplied(e.slot(), now);
                }
                node.endOfBatch(now);
            }
            node.checkInvariants();
        }

        void run(long ms) {
            for (long end = now + ms * MS; now < end; now += 5 * MS) {
                for (int id : List.copyOf(nodes.keySet())) {
                    nodes.get(id).tick(now);
                    work(id);
                }
                while (!wire.isEmpty()) {
                    Packet p = wire.poll();
                    if (nodes.containsKey(p.to) && !cut.contains(p.to) && !cut.contains(p.from)) {
                        nodes.get(p.to).step(p.from, 1, p.message, now);
                        work(p.to);
                    }
                }
            }
        }

        int leader() {
            for (Map.Entry<Integer, RaftNode> e : nodes.entrySet()) {
                if (e.getValue().isReady() && !cut.contains(e.getKey())) {
                    return e.getKey();
                }
            }
            return 0;
        }

        long open() {
            RaftNode l = nodes.get(leader());
            assertThat(l.proposeOpenSession(1, 7, 99, now)).isEqualTo(ProposeResult.ACCEPTED);
            work(leader());
            run(20);
            long id = l.sessionOf(1, 7, 99);
            assertThat(committed).anyMatch(e -> e.slot() == id);
            return id;
        }

        ProposeResult write(long session, long seq, long block) {
            ProposeResult r = nodes.get(leader())
                    .propose(EntryKind.WRITE, block * 4096, 4096, session, seq, seq, 5, 4096, null, now);
            work(leader());
            return r;
        }
    }

    @ParameterizedTest
    @EnumSource(Mode.class)
    void shouldElectCommitAndApplyEverywhere(Mode mode) {
        Cluster c = new Cluster(mode, 3);
        c.run(1500);
        assertThat(c.leader()).isNotZero();
        long session = c.open();
        for (int i = 0; i < 100; i++) {
            assertThat(c.write(session, i, i % 5)).isEqualTo(ProposeResult.ACCEPTED);
            c.run(5);
        }
        c.run(200);
        assertThat(c.applied.get(1)).hasSize(100).isEqualTo(c.applied.get(2)).isEqualTo(c.applied.get(3));
        assertThat(c.write(session, 99, 4)).isEqualTo(ProposeResult.ALREADY_COMMITTED);
        assertThat(c.write(session, 3, 4)).isEqualTo(ProposeResult.SEQ_STALE);
    }

    @ParameterizedTest
    @EnumSource(Mode.class)
    void shouldBeQuietOnlyWhileNothingButHeartbeatsIsUnderWay(Mode mode) {
        Cluster c = new Cluster(mode, 3);
        assertThat(c.nodes.values()).noneMatch(RaftNode::isQuiet);
        c.run(1500);
        assertThat(c.nodes.values()).allMatch(RaftNode::isQuiet);
        long session = c.open();
        assertThat(c.write(session, 0, 0)).isEqualTo(ProposeResult.ACCEPTED);
        assertThat(c.nodes.get(c.leader()).isQuiet()).isFalse();
        c.run(200);
        assertThat(c.nodes.values()).allMatch(RaftNode::isQuiet);
        int old = c.leader();
        c.cut.add(old);
        c.run(150);
        // Whoever misses heartbeats counts the time to the election.
        assertThat(c.nodes.entrySet())
                .allMatch(node -> node.getKey() == old || !node.getValue().isQuiet());
        c.cut.clear();
        c.run(500);
        assertThat(c.nodes.values()).allMatch(RaftNode::isQuiet);
    }

    @ParameterizedTest
    @EnumSource(Mode.class)
    void shouldGoOnWithoutItsLeaderAndTakeItBack(Mode mode) {
        Cluster c = new Cluster(mode, 3);
        c.run(1500);
        long session = c.open();
        for (int i = 0; i < 10; i++) {
            c.write(session, i, i);
            c.run(5);
        }
        int old = c.leader();
        c.cut.add(old);
        c.run(2000);
        assertThat(c.leader()).isNotZero().isNotEqualTo(old);
        assertThat(c.nodes.get(old).status().role()).isNotEqualTo(Role.LEADER);
        assertThat(c.write(session, 9, 9)).isEqualTo(ProposeResult.ALREADY_COMMITTED);
        for (int i = 10; i < 60; i++) {
            assertThat(c.write(session, i, i)).isEqualTo(ProposeResult.ACCEPTED);
            c.run(5);
        }
        c.cut.clear();
        c.run(2000);
        assertThat(c.applied.get(old)).hasSize(60);
    }

    @Test
    void shouldRestartFromWhatIsDurable() {
        Cluster c = new Cluster(Mode.PARALLEL, 3);
        c.run(1500);
        long session = c.open();
        for (int i = 0; i < 20; i++) {
            c.write(session, i, i);
            c.run(5);
        }
        for (int id = 1; id <= 3; id++) {
            Checkpoint image = c.nodes.get(id).checkpointImage();
            c.disks.get(id).checkpoint = image;
            c.nodes.get(id).onCheckpointDurable(image, c.now);
        }
        for (int i = 20; i < 30; i++) {
            c.write(session, i, i);
            c.run(5);
        }
        for (int id = 1; id <= 3; id++) {
            c.start(id, 3);
        }
        c.wire.clear();
        c.run(2000);
        assertThat(c.leader()).isNotZero();
        assertThat(c.write(session, 29, 29)).isEqualTo(ProposeResult.ALREADY_COMMITTED);
        assertThat(c.write(session, 30, 30)).isEqualTo(ProposeResult.ACCEPTED);
        c.run(300);
        for (int id = 1; id <= 3; id++) {
            assertThat(c.applied.get(id)).contains(32L);
        }
    }

    @Test
    void shouldServeReadsAfterAConfirmedRound() {
        Cluster c = new Cluster(Mode.PARALLEL, 3);
        c.run(1500);
        long session = c.open();
        c.write(session, 0, 3);
        c.run(20);
        c.nodes.get(c.leader()).readIndex(77, 0, 4096 * 8, c.now);
        c.work(c.leader());
        assertThat(c.reads).isEmpty();
        c.run(10);
        assertThat(c.reads).containsExactly(new Output.ReadResult(77, true, false));
    }

    @Test
    void shouldLeadAloneAtItsFirstTick() {
        Cluster c = new Cluster(Mode.PARALLEL, 1);
        c.run(5);
        long session = c.open();
        c.write(session, 0, 3);
        c.run(20);
        assertThat(c.applied.get(1)).hasSize(1);
    }
}
