package io.parablock.replica;

import static io.parablock.replica.ReplicaCluster.bytes;
import static org.assertj.core.api.Assertions.assertThat;

import io.parablock.raft.Mode;
import io.parablock.raft.log.EntryKind;
import io.parablock.replica.client.ClientMessage;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Three replicas of one group: core, shell, WAL, state and block store together. */
@Tag("one-jdk")
class ReplicaClusterTest {
    /** A merge over every voter may give the slot of a lost session to another one (protocol.md §11). */
    @Test
    void shouldNotTakeARequestOfALostSessionForOneOfTheSessionInItsSlot() {
        try (ReplicaCluster c = new ReplicaCluster(Mode.PARALLEL, 1)) {
            c.openSession();
            long mine = c.session;
            c.session = SessionToken.of(SessionToken.slot(mine), 6);
            c.write(1, 1, 0, bytes(4096, 1), false);
            c.advance(200);
            assertThat(c.mutateReplies).containsEntry(1L, ClientMessage.Status.UNKNOWN_SESSION);
            c.session = mine;
            c.write(1, 1, 0, bytes(4096, 2), false);
            c.advance(200);
            assertThat(c.isAnswered(1)).isTrue();
            assertThat(c.read(0, 4096)).isEqualTo(bytes(4096, 2));
        }
    }

    @ParameterizedTest
    @EnumSource(Mode.class)
    void shouldWriteReadFlushAndStayIdentical(Mode mode) {
        try (ReplicaCluster c = new ReplicaCluster(mode, 1)) {
            c.openSession();
            c.write(1, 1, 0, bytes(8192, 1), false);
            c.write(2, 1, 4096, bytes(8192, 50), false);
            c.write(3, 1, 65536, bytes(512, 9), true);
            c.zero(4, EntryKind.ZERO, 4096, 512);
            c.zero(5, EntryKind.TRIM, 65536, 512);
            c.advance(100);
            for (long seq = 1; seq <= 5; seq++) {
                assertThat(c.isAnswered(seq)).as("seq %s", seq).isTrue();
            }
            byte[] expected = new byte[12288];
            System.arraycopy(bytes(8192, 1), 0, expected, 0, 8192);
            System.arraycopy(bytes(8192, 50), 0, expected, 4096, 8192);
            Arrays.fill(expected, 4096, 4096 + 512, (byte) 0);
            assertThat(c.read(0, 12288)).isEqualTo(expected);
            assertThat(c.read(65536, 512)).isEqualTo(new byte[512]);
            assertThat(c.flush()).isEqualTo(ClientMessage.Status.OK);
            c.assertIdentical();
        }
    }

    @ParameterizedTest
    @EnumSource(Mode.class)
    void shouldQueueWhatTheWindowDoesNotTake(Mode mode) {
        try (ReplicaCluster c = new ReplicaCluster(mode, 2)) {
            c.openSession();
            for (int i = 1; i <= 100; i++) {
                c.write(i, 1, i * 4096L, bytes(4096, i), false);
            }
            assertThat(c.leader().replica.status().proposalsQueued()).isPositive();
            c.advance(200);
            for (int i = 1; i <= 100; i++) {
                assertThat(c.isAnswered(i)).isTrue();
                assertThat(c.read(i * 4096L, 4096)).isEqualTo(bytes(4096, i));
            }
            c.assertIdentical();
        }
    }

    @ParameterizedTest
    @EnumSource(Mode.class)
    void shouldCheckpointTruncateAndRestartFromItsDisk(Mode mode) {
        try (ReplicaCluster c = new ReplicaCluster(mode, 3)) {
            c.openSession();
            for (int i = 1; i <= 60; i++) {
                c.write(i, i, (i % 20) * 4096L, bytes(4096, i), false);
                c.advance(20);
            }
            c.advance(3000);
            ReplicaCluster.Node follower = c.follower();
            assertThat(follower.replica.status().checkpoints()).isPositive();
            assertThat(follower.replica.status().raft().logBase()).isGreaterThan(30);
            assertThat(follower.wal.sizeBytes()).isLessThan(40 * 4096);
            follower.crash();
            for (int i = 61; i <= 80; i++) {
                c.write(i, i, (i % 20) * 4096L, bytes(4096, i), false);
                c.advance(20);
            }
            follower.start();
            c.advance(2000);
            assertThat(c.isAnswered(80)).isTrue();
            c.assertIdentical();
        }
    }

    @ParameterizedTest
    @EnumSource(Mode.class)
    void shouldAnswerARetryAfterALeaderCrashOnce(Mode mode) {
        try (ReplicaCluster c = new ReplicaCluster(mode, 4)) {
            c.openSession();
            c.write(1, 1, 0, bytes(4096, 1), false);
            c.advance(50);
            c.write(2, 1, 0, bytes(4096, 2), false);
            c.settle();
            assertThat(c.isAnswered(2)).isTrue();
            ReplicaCluster.Node old = c.leader();
            old.crash();
            c.mutateReplies.clear();
            long before = c.leader().replica.core().status().lastSlot();
            // The gateway did not see the answer of seq 2 and sends it again; 3 is new.
            c.write(2, 1, 0, bytes(4096, 2), false);
            c.write(3, 1, 8192, bytes(4096, 3), false);
            c.advance(500);
            assertThat(c.isAnswered(2)).isTrue();
            assertThat(c.isAnswered(3)).isTrue();
            assertThat(c.leader().replica.core().status().lastSlot()).isEqualTo(before + 1);
            old.start();
            c.advance(1000);
            assertThat(c.read(0, 4096)).isEqualTo(bytes(4096, 2));
            c.assertIdentical();
        }
    }

    @ParameterizedTest
    @EnumSource(Mode.class)
    void shouldFindEverythingAfterAllNodesCrashed(Mode mode) {
        try (ReplicaCluster c = new ReplicaCluster(mode, 5)) {
            c.openSession();
            for (int i = 1; i <= 30; i++) {
                c.write(i, 1, i * 512L, bytes(512, i), false);
            }
            c.advance(100);
            c.nodes.values().forEach(ReplicaCluster.Node::crash);
            c.nodes.values().forEach(ReplicaCluster.Node::start);
            for (int i = 1; i <= 30; i++) {
                assertThat(c.isAnswered(i)).isTrue();
                assertThat(c.read(i * 512L, 512)).isEqualTo(bytes(512, i));
            }
            c.assertIdentical();
        }
    }

    @Test
    void shouldReadPayloadsBackFromTheWalWhenTheCacheIsTiny() {
        ReplicaConfig tiny = new ReplicaConfig(1 << 30, Long.MAX_VALUE / 2, 0, 256, 256, 4);
        try (ReplicaCluster c = new ReplicaCluster(Mode.PARALLEL, 6, false, tiny)) {
            c.openSession();
            ReplicaCluster.Node follower = c.follower();
            follower.crash();
            for (int i = 1; i <= 60; i++) {
                c.write(i, i, i * 4096L, bytes(4096, i), false);
                c.advance(10);
            }
            assertThat(c.leader().replica.status().payloadCacheBytes()).isZero();
            follower.start();
            c.advance(3000);
            c.assertIdentical();
            assertThat(c.isAnswered(60)).isTrue();
        }
    }

    /** What a node misses while it is down is gone from every log: its store must come from the leader's. */
    private static ReplicaCluster.Node leaveBehind(ReplicaCluster c) {
        c.retainSlots = 16;
        c.nodes.values().forEach(ReplicaCluster.Node::crash);
        c.nodes.values().forEach(ReplicaCluster.Node::start);
        c.openSession();
        ReplicaCluster.Node away = c.follower();
        c.write(1, 1, 900 * 1024, bytes(4096, 77), false);
        c.advance(50);
        away.crash();
        // Read as zeros by the others, and data in the store of the one that is away.
        c.zero(2, EntryKind.TRIM, 900 * 1024, 4096);
        for (int i = 3; i <= 80; i++) {
            c.write(i, i, i % 40 * 8192L, bytes(4096, i), false);
            c.advance(10);
        }
        c.advance(4000);
        assertThat(c.leader().replica.core().status().logBase())
                .isGreaterThan(away.replica.core().status().lastSlot());
        return away;
    }

    @ParameterizedTest
    @EnumSource(Mode.class)
    void shouldInstallAReplicaThatTheLogsHaveLeftBehind(Mode mode) {
        try (ReplicaCluster c = new ReplicaCluster(mode, 21)) {
            ReplicaCluster.Node away = leaveBehind(c);
            away.start();
            for (int i = 81; i <= 120; i++) {
                c.write(i, i, i % 40 * 8192L, bytes(4096, i), false);
                c.advance(10);
            }
            c.advance(2000);
            assertThat(away.events).anyMatch(l -> l.contains("install complete"));
            assertThat(c.leader().events).anyMatch(l -> l.contains("of node " + away.id + " complete"));
            assertThat(away.replica.core().status().installing()).isFalse();
            c.assertIdentical();
            // It can lead, and what it serves is the truth.
            c.nodes.values().stream()
                    .filter(n -> n != away && n == c.leader())
                    .toList()
                    .forEach(ReplicaCluster.Node::crash);
            assertThat(c.read(900 * 1024, 4096)).isEqualTo(new byte[4096]);
            assertThat(c.read(0, 4096)).isEqualTo(bytes(4096, 120));
        }
    }

    @ParameterizedTest
    @CsvSource({"follower,31", "follower,32", "leader,33", "leader,34"})
    void shouldBeginTheInstallAnewAfterACrash(String who, long seed) {
        try (ReplicaCluster c = new ReplicaCluster(Mode.PARALLEL, seed)) {
            c.installBytesPerSecond = 256 << 10;
            ReplicaCluster.Node away = leaveBehind(c);
            away.start();
            c.advance(800);
            assertThat(away.replica.core().status().installing()).isTrue();
            assertThat(away.replica.core().status().installDoneBytes()).isBetween(1L, ReplicaCluster.STORE_BYTES - 1L);
            ReplicaCluster.Node victim = who.equals("leader") ? c.leader() : away;
            victim.crash();
            c.advance(300);
            victim.start();
            c.advance(12_000);
            assertThat(away.replica.core().status().installing()).isFalse();
            assertThat(away.events.stream().filter(l -> l.contains("install complete")))
                    .hasSize(1);
            c.write(200, 200, 0, bytes(4096, 5), false);
            c.advance(500);
            assertThat(c.read(0, 4096)).isEqualTo(bytes(4096, 5));
            c.assertIdentical();
        }
    }

    @Test
    void shouldFlushBeforeAFuaAnswerInMappedDurability() {
        ReplicaConfig config = ReplicaConfig.defaults();
        try (ReplicaCluster c = new ReplicaCluster(Mode.PARALLEL, 7, true, config)) {
            c.openSession();
            c.write(1, 1, 0, bytes(4096, 1), true);
            c.advance(300);
            assertThat(c.isAnswered(1)).isTrue();
            assertThat(c.leader().replica.status().flushes()).isEqualTo(1);
            assertThat(c.flush()).isEqualTo(ClientMessage.Status.OK);
        }
    }

    @Test
    void shouldRefuseBadRequestsAndUnknownSessions() {
        try (ReplicaCluster c = new ReplicaCluster(Mode.PARALLEL, 8)) {
            c.openSession();
            c.zero(1, EntryKind.ZERO, ReplicaCluster.STORE_BYTES, 512);
            c.zero(2, EntryKind.ZERO, 1, 512);
            c.zero(3, EntryKind.SESSION, 0, 512);
            long real = c.session;
            c.session = 999;
            c.zero(4, EntryKind.ZERO, 0, 512);
            c.session = real;
            c.settle();
            assertThat(c.mutateReplies)
                    .containsEntry(1L, ClientMessage.Status.INVALID)
                    .containsEntry(2L, ClientMessage.Status.INVALID)
                    .containsEntry(3L, ClientMessage.Status.INVALID)
                    .containsEntry(4L, ClientMessage.Status.UNKNOWN_SESSION);
            c.follower()
                    .replica
                    .onClientRequest(1, new ClientMessage.Mutate(real, 5, 0, EntryKind.ZERO, 0, 512, false, 0, null));
            c.settle();
            assertThat(c.mutateReplies).containsEntry(5L, ClientMessage.Status.NOT_LEADER);
        }
    }

    @Test
    void shouldStopAndStaySilentWhenItsStoreFails() {
        try (ReplicaCluster c = new ReplicaCluster(Mode.PARALLEL, 9)) {
            c.openSession();
            ReplicaCluster.Node broken = c.leader();
            broken.store.failing = true;
            c.write(1, 1, 0, bytes(4096, 1), false);
            c.advance(50);
            assertThat(broken.fatal).contains("injected");
            // The peers of the fixture assert that it sends nothing any more; the others go on.
            assertThat(c.leader()).isNotSameAs(broken);
            c.write(1, 1, 0, bytes(4096, 1), false);
            c.advance(500);
            assertThat(c.read(0, 4096)).isEqualTo(bytes(4096, 1));
        }
    }

    @ParameterizedTest
    @CsvSource({"PARALLEL,11", "PARALLEL,12", "PARALLEL,13", "PARALLEL,14", "STRICT,15", "STRICT,16"})
    void shouldLoseNothingInAStorm(Mode mode, long seed) {
        try (ReplicaCluster c = new ReplicaCluster(mode, seed)) {
            c.openSession();
            c.lossPerMille = 20;
            c.shuffle = true;
            Map<Integer, Integer> expected = new HashMap<>();
            // seq -> {block, fill}
            NavigableMap<Long, int[]> outstanding = new TreeMap<>();
            long seq = 0;
            for (int step = 0; step < 250; step++) {
                while (outstanding.size() < 12) {
                    int block = c.random.nextInt(64);
                    if (outstanding.values().stream().noneMatch(o -> o[0] == block)) {
                        int fill = c.random.nextInt(100) + 1;
                        outstanding.put(++seq, new int[] {block, fill});
                        send(c, seq, outstanding);
                    }
                }
                c.advance(5);
                disturb(c);
                if (step % 10 == 9) {
                    outstanding.keySet().forEach(s -> send(c, s, outstanding));
                }
                takeAnswers(c, outstanding, expected);
            }
            c.lossPerMille = 0;
            c.nodes.values().stream().filter(n -> !n.up).forEach(ReplicaCluster.Node::start);
            for (int i = 0; i < 50 && !outstanding.isEmpty(); i++) {
                outstanding.keySet().forEach(s -> send(c, s, outstanding));
                c.advance(100);
                takeAnswers(c, outstanding, expected);
            }
            assertThat(outstanding).isEmpty();
            expected.forEach((block, fill) -> assertThat(c.read(block * 4096L, 4096))
                    .as("block %s", block)
                    .isEqualTo(bytes(4096, fill)));
            c.assertIdentical();
        }
    }

    private static void send(ReplicaCluster c, long seq, NavigableMap<Long, int[]> outstanding) {
        int[] o = outstanding.get(seq);
        c.write(seq, outstanding.firstKey(), o[0] * 4096L, bytes(4096, o[1]), false);
    }

    private static void disturb(ReplicaCluster c) {
        if (c.random.nextInt(25) == 0) {
            int id = 1 + c.random.nextInt(3);
            ReplicaCluster.Node n = c.nodes.get(id);
            if (!n.up) {
                n.start();
            } else if (c.nodes.values().stream().allMatch(x -> x.up)) {
                n.crash();
            }
        }
    }

    private static void takeAnswers(
            ReplicaCluster c, NavigableMap<Long, int[]> outstanding, Map<Integer, Integer> expected) {
        outstanding.entrySet().removeIf(e -> {
            if (c.isAnswered(e.getKey())) {
                expected.put(e.getValue()[0], e.getValue()[1]);
                return true;
            }
            return false;
        });
    }
}
