package io.parablock.replica;

import static io.parablock.replica.ReplicaCluster.bytes;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.parablock.blockdev.store.DamagedRange;
import io.parablock.raft.Mode;
import io.parablock.raft.StorePoint;
import io.parablock.raft.message.Message;
import io.parablock.replica.client.ClientMessage.Status;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Blocks that are damaged on one node are mended with another one's (docs/protocol.md, "Repair of blocks"). */
class BlockRepairTest {
    private static ReplicaCluster written() {
        return written(Mode.PARALLEL);
    }

    private static ReplicaCluster written(Mode mode) {
        ReplicaCluster c = new ReplicaCluster(mode, 11);
        c.openSession();
        for (int i = 1; i <= 20; i++) {
            c.write(i, i, i * 4096L, bytes(4096, i), false);
            c.advance(10);
        }
        c.advance(500);
        return c;
    }

    /** No question about blocks reaches it, and so no answer of it anybody. */
    private static void cutOff(ReplicaCluster c, ReplicaCluster.Node n) {
        int id = n.id;
        c.cut = (m, to) -> to == id && m instanceof Message.BlockFetch;
    }

    private static void cutNobodyOff(ReplicaCluster c) {
        c.cut = (m, to) -> false;
    }

    private static boolean isDamaged(ReplicaCluster c) {
        return c.nodes.values().stream().anyMatch(n -> n.store.isDamaged());
    }

    @ParameterizedTest
    @EnumSource(Mode.class)
    void shouldAnswerAReadThatMeetsDamageWithThePeersContent(Mode mode) {
        try (ReplicaCluster c = written(mode)) {
            c.leader().store.damage(5 * 4096 + 512, 512);
            c.leader().store.damage(5 * 4096 + 3 * 512, 512);
            assertThat(c.read(5 * 4096, 4096)).isEqualTo(bytes(4096, 5));
            assertThat(c.leader().store.isDamaged()).isFalse();
            assertThat(c.leader().replica.status().blocks().mendedBytes()).isGreaterThanOrEqualTo(1024);
            assertThat(c.leader().replica.status().blocks().pendingBytes()).isZero();
            c.assertIdentical();
        }
    }

    @Test
    void shouldMendAlsoThePeerThatWasAskedAndHasDamageOfItsOwn() {
        try (ReplicaCluster c = written()) {
            ReplicaCluster.Node leader = c.leader();
            List<ReplicaCluster.Node> others = c.others(leader);
            leader.store.damage(7 * 4096, 512);
            others.get(0).store.damage(7 * 4096, 512);
            cutOff(c, others.get(1));
            assertThat(c.readOnce(7 * 4096, 4096, 1200))
                    .as("the good copy is not heard")
                    .isNull();
            assertThat(others.get(0).replica.status().blocks().damagedBytes()).isEqualTo(512);
            cutNobodyOff(c);
            c.advance(2000);
            assertThat(isDamaged(c)).isFalse();
            c.assertIdentical();
        }
    }

    @Test
    void shouldFailAReadOfWhatIsDamagedEverywhereUntilItIsWritten() {
        try (ReplicaCluster c = written()) {
            c.nodes.values().forEach(n -> n.store.damage(9 * 4096, 512));
            assertThat(c.readOnce(9 * 4096, 4096, 3000)).isEqualTo(Status.IO_ERROR);
            assertThat(c.leader().replica.status().blocks().lostBytes()).isEqualTo(512);
            assertThat(c.readOnce(9 * 4096, 512, 100)).as("known by now").isEqualTo(Status.IO_ERROR);
            assertThat(c.readOnce(9 * 4096 + 512, 512, 100))
                    .as("the sector beside it")
                    .isEqualTo(Status.OK);
            c.write(21, 21, 9 * 4096, bytes(4096, 99), false);
            c.advance(200);
            assertThat(c.read(9 * 4096, 4096)).isEqualTo(bytes(4096, 99));
            c.assertIdentical();
        }
    }

    @Test
    void shouldFailAReadThatWaitedTooLong() {
        try (ReplicaCluster c = written()) {
            c.dropped = m -> m instanceof Message.BlockReply;
            c.leader().store.damage(3 * 4096, 512);
            assertThat(c.readOnce(3 * 4096, 4096, 9000)).as("not yet").isNull();
            c.advance(1500);
            assertThat(c.readStatuses).containsValue(Status.IO_ERROR);
            c.dropped = m -> false;
            c.advance(1000);
            assertThat(c.readOnce(3 * 4096, 4096, 100)).as("mended meanwhile").isEqualTo(Status.OK);
        }
    }

    /** The repair must not undo a write that the peer that was asked has not applied yet. */
    @Test
    void shouldNotGoBackBehindAWriteThatThePeerLacks() {
        try (ReplicaCluster c = written()) {
            ReplicaCluster.Node leader = c.leader();
            List<ReplicaCluster.Node> others = c.others(leader);
            // One of the two falls behind; it goes on answering questions about blocks.
            int behind = others.get(0).id;
            c.cut = (m, to) -> to == behind && !(m instanceof Message.Block) && !(m instanceof Message.Heartbeat);
            for (int i = 21; i <= 24; i++) {
                c.write(i, i, 6 * 4096L, bytes(4096, i), false);
                c.advance(20);
            }
            leader.store.damage(6 * 4096 + 1024, 512);
            assertThat(c.read(6 * 4096, 4096)).isEqualTo(bytes(4096, 24));
            cutNobodyOff(c);
            c.assertIdentical();
        }
    }

    /** Its quorum may need the very node that is installed from it. */
    @Test
    void shouldInstallANodeFromADamagedStoreAndMendBothWithTheThird() {
        try (ReplicaCluster c = written()) {
            c.retainSlots = 64;
            c.restartAll();
            c.advance(3000);
            ReplicaCluster.Node leader = c.leader();
            List<ReplicaCluster.Node> others = c.others(leader);
            ReplicaCluster.Node empty = others.get(0);
            empty.crash();
            write(c, 21, 120);
            c.advance(3000);
            assertThat(c.leader()).isSameAs(leader);
            leader.store.damage(8 * 4096, 1024);
            cutOff(c, others.get(1));
            empty.start();
            c.advance(3000);
            assertThat(empty.events).anyMatch(e -> e.contains("install complete"));
            assertThat(leader.store.isDamaged()).isTrue();
            assertThat(empty.store.isDamaged())
                    .as("it does not take zeros for content")
                    .isTrue();
            assertThat(empty.store.isUnderRepair())
                    .as("and knows that over a restart")
                    .isTrue();
            cutNobodyOff(c);
            c.advance(2000);
            assertThat(isDamaged(c)).isFalse();
            assertThat(c.read(8 * 4096, 4096)).isEqualTo(bytes(4096, 8));
            c.assertIdentical();
        }
    }

    /** Ids of questions begin anew with each process. */
    @Test
    void shouldNotTakeAnAnswerToAnEarlierProcessForOneToItsOwnQuestion() {
        try (ReplicaCluster c = written()) {
            ReplicaCluster.Node node = c.follower();
            List<ReplicaCluster.Node> others = c.others(node);
            node.store.damage(4 * 4096, 512);
            // What this process asks for stays without an answer; the answer to another range comes instead.
            c.dropped = m -> m instanceof Message.BlockReply;
            node.replica.damaged(List.of(new DamagedRange(4 * 4096, 512)));
            c.advance(100);
            for (ReplicaCluster.Node other : others) {
                for (long id = 1; id < 8; id++) {
                    StorePoint point = other.replica.core().storePoint();
                    assertThat(point).isNotNull();
                    ByteBuf wrong = c.allocator.directBuffer().writeBytes(bytes(512, 77));
                    node.replica.onPeerMessage(
                            other.id,
                            other.id,
                            other.boot,
                            new Message.BlockReply(
                                    point.syncTerm(),
                                    id,
                                    9 * 4096,
                                    512,
                                    Message.BlockOutcome.CONTENT,
                                    point.applied(),
                                    point.reach(),
                                    LogReader.crc(wrong),
                                    wrong));
                }
            }
            c.settle();
            assertThat(node.store.isDamaged()).isTrue();
            c.dropped = m -> false;
            c.advance(3000);
            assertThat(node.store.isDamaged()).isFalse();
            c.assertIdentical();
        }
    }

    /** One voter is away, another one's copy of one range is bad: its good copy of another one is enough for that. */
    @Test
    void shouldMendWhatItCanWhileSomeRangeHasToWait() {
        try (ReplicaCluster c = written()) {
            ReplicaCluster.Node leader = c.leader();
            List<ReplicaCluster.Node> others = c.others(leader);
            cutOff(c, others.get(1));
            leader.store.damage(4 * 4096, 512);
            others.get(0).store.damage(4 * 4096, 512);
            leader.store.damage(12 * 4096, 1024);
            assertThat(c.readOnce(4 * 4096, 512, 1000))
                    .as("nobody who answers has it")
                    .isNull();
            assertThat(c.readOnce(12 * 4096, 4096, 3000)).isEqualTo(Status.OK);
            cutNobodyOff(c);
            c.advance(3000);
            assertThat(c.readOnce(4 * 4096, 512, 1000)).isEqualTo(Status.OK);
        }
    }

    /** A part of a piece that is bad at the peer does not keep the rest from being mended. */
    @Test
    void shouldMendTheGoodPartOfAPieceThatIsBadAtThePeer() {
        try (ReplicaCluster c = written()) {
            ReplicaCluster.Node leader = c.leader();
            List<ReplicaCluster.Node> others = c.others(leader);
            int away = others.get(1).id;
            c.unreachable = node -> node == away;
            leader.store.damage(4 * 4096, 8 * 512);
            others.get(0).store.damage(4 * 4096 + 512, 512);
            leader.replica.damaged(List.of(new DamagedRange(4 * 4096, 8 * 512)));
            c.advance(3000);
            assertThat(leader.replica.status().blocks().pendingBytes()).isEqualTo(512);
            assertThat(c.readOnce(4 * 4096 + 1024, 512, 3000)).isEqualTo(Status.OK);
        }
    }

    /**
     * Of the three one is away. As long as a second one has damage, the floor stays where the log of the one that is away ends,
     * whatever process the second one is.
     */
    @Test
    void shouldHoldNothingForTheFloorOverARestartUntilAllDamageIsMended() {
        try (ReplicaCluster c = written()) {
            c.retainSlots = 4;
            c.restartAll();
            c.advance(3000);
            ReplicaCluster.Node leader = c.leader();
            ReplicaCluster.Node damaged = c.others(leader).get(0);
            c.others(leader).get(1).crash();
            c.dropped = m -> m instanceof Message.BlockReply;
            damaged.store.damage(15 * 4096, 512);
            damaged.replica.damaged(List.of(new DamagedRange(15 * 4096, 512)));
            c.settle();
            assertThat(damaged.store.isUnderRepair()).isTrue();
            c.advance(500);
            long floor = leader.replica.core().status().floor();
            write(c, 21, 60);
            damaged.crash();
            damaged.start();
            write(c, 61, 100);
            c.advance(5000);
            assertThat(c.leader()).isSameAs(leader);
            assertThat(leader.replica.core().status().floor()).isEqualTo(floor);
            assertThat(damaged.replica.status().blocks().underRepair()).isTrue();
            c.dropped = m -> false;
            c.advance(4000);
            assertThat(damaged.store.isDamaged()).isFalse();
            assertThat(damaged.store.isUnderRepair()).isFalse();
            assertThat(damaged.events).contains("no damaged block is left in the store");
            assertThat(leader.replica.core().status().floor()).isGreaterThan(90);
            assertThat(damaged.store.repairs).as("notes written").isEqualTo(1);
        }
    }

    private static void write(ReplicaCluster c, int from, int to) {
        for (int i = from; i <= to; i++) {
            c.write(i, i, (40 + i % 20) * 4096L, bytes(4096, i), false);
            c.advance(20);
        }
    }

    @Test
    void shouldNoteAStreamOfDamageOnce() {
        try (ReplicaCluster c = written()) {
            ReplicaCluster.Node leader = c.leader();
            for (int i = 1; i <= 10; i++) {
                leader.store.damage(i * 4096, 512);
                assertThat(c.readOnce(i * 4096L, 4096, 1000)).isEqualTo(Status.OK);
                c.advance(300);
            }
            assertThat(leader.store.isUnderRepair()).isTrue();
            assertThat(leader.store.repairs).isEqualTo(1);
            c.advance(2000);
            assertThat(leader.store.isUnderRepair()).isFalse();
        }
    }

    /** What is lost everywhere is asked for again each minute. */
    @Test
    void shouldKeepTheNoteOfWhatIsLostAndYetHoldTheRestForTheFloor() {
        try (ReplicaCluster c = written()) {
            c.nodes.values().forEach(n -> n.store.damage(9 * 4096, 512));
            assertThat(c.readOnce(9 * 4096, 4096, 3000)).isEqualTo(Status.IO_ERROR);
            ReplicaCluster.Node leader = c.leader();
            long floor = leader.replica.core().status().floor();
            write(c, 21, 40);
            c.advance(130_000);
            assertThat(leader.store.isUnderRepair()).isTrue();
            assertThat(leader.store.repairs).isEqualTo(1);
            assertThat(leader.replica.core().status().floor()).isGreaterThan(floor);
            c.openSession(); // the first one has expired
            c.write(1, 1, 9 * 4096, bytes(4096, 99), false);
            c.advance(3000);
            assertThat(leader.store.isUnderRepair()).isFalse();
            assertThat(leader.store.stableWithoutNote(9 * 4096, 4096))
                    .as("what took the damage away is on the disk before the note goes")
                    .satisfies(stable ->
                            assertThat(Arrays.equals(stable, bytes(4096, 99))).isTrue());
        }
    }
}
