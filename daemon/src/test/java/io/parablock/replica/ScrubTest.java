package io.parablock.replica;

import static io.parablock.replica.ReplicaCluster.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import io.parablock.blockdev.store.DamagedRange;
import io.parablock.raft.Mode;
import io.parablock.raft.log.Entry;
import io.parablock.raft.message.Message;
import io.parablock.raft.state.Checkpoint;
import io.parablock.wal.StateStore;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The scrub of three replicas, on time that the test turns. */
class ScrubTest {
    private static final long SECOND_NS = 1_000 * ReplicaCluster.MS;
    private static final int BLOCK = 4096;

    /** No checkpoint by itself: the log keeps everything. */
    private static ReplicaCluster cluster(long bytesPerSecond, long intervalNs) {
        ReplicaConfig config = new ReplicaConfig(1L << 30, 3600 * SECOND_NS, 64 << 10, 256, 256, 4)
                .withScrub(new ScrubConfig(bytesPerSecond, intervalNs));
        return new ReplicaCluster(Mode.PARALLEL, 9, false, config);
    }

    private static void write(ReplicaCluster c, int count) {
        c.openSession();
        for (int i = 1; i <= count; i++) {
            c.write(i, i, (long) i * BLOCK, bytes(BLOCK, i), false);
            c.advance(10);
        }
    }

    private static ScrubStatus scrub(ReplicaCluster.Node n) {
        return n.replica.status().scrub();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void shouldHaveADamagedRecordFetchedAndWrittenAgain(boolean ofLeader) {
        try (ReplicaCluster c = cluster(8 << 20, SECOND_NS)) {
            write(c, 20);
            ReplicaCluster.Node leader = c.leader();
            ReplicaCluster.Node n = ofLeader ? leader : c.follower();
            Entry e = n.replica.core().entry(10);
            assertThat(e).isNotNull();
            long position = e.walPosition;
            n.wal.damagePayload(position);
            c.advance(3000);
            assertThat(scrub(n).damagedRecords()).isEqualTo(1);
            assertThat(n.damage).containsExactly("the record of slot 10 in the log is damaged");
            assertThat(n.replica.core().isDurable(10)).isTrue();
            Entry again = n.replica.core().entry(10);
            assertThat(again).isNotNull();
            assertThat(again.walPosition).isNotEqualTo(position);
            assertThatCode(() -> n.wal.read(again.walPosition, (at, record, payload) -> {}))
                    .doesNotThrowAnyException();
            assertThat(c.leader()).isSameAs(leader);
            long rounds = scrub(n).rounds();
            c.advance(3000);
            assertThat(scrub(n).rounds()).isGreaterThan(rounds + 1);
            assertThat(scrub(n).damagedRecords()).isEqualTo(1);
            c.assertIdentical();
        }
    }

    @Test
    void shouldHaveDamagedBlocksMendedAndTellOfThem() {
        try (ReplicaCluster c = cluster(8 << 20, SECOND_NS)) {
            write(c, 20);
            ReplicaCluster.Node n = c.follower();
            n.store.damage(3 * BLOCK, 1024);
            n.store.damage(700 * 1024, 512);
            c.advance(5000);
            assertThat(n.store.isDamaged()).isFalse();
            assertThat(n.replica.status().blocks().mendedBytes()).isEqualTo(1536);
            assertThat(n.damage).hasSize(1);
            assertThat(n.damage.get(0)).contains("1024 bytes of the block store are damaged, at [12288+1024]");
            assertThat(n.fatal).isEmpty();
            assertThat(scrub(n).damagedBytes()).as("as of the last round").isZero();
            c.assertIdentical();
        }
    }

    @Test
    void shouldFindWhatNobodyCanMendInEachRound() {
        try (ReplicaCluster c = cluster(8 << 20, SECOND_NS)) {
            write(c, 20);
            c.nodes.values().forEach(each -> each.store.damage(3 * BLOCK, 1024));
            c.advance(5000);
            ReplicaCluster.Node n = c.follower();
            assertThat(scrub(n).damagedBytes()).isEqualTo(1024);
            assertThat(n.replica.status().blocks().lostBytes()).isEqualTo(1024);
            c.write(21, 21, 3 * BLOCK, bytes(BLOCK, 1), false);
            c.advance(3000);
            assertThat(scrub(n).damagedBytes()).isZero();
            c.assertIdentical();
        }
    }

    @Test
    void shouldBeginARoundWhenSomebodyAsks() {
        try (ReplicaCluster c = cluster(8 << 20, 3600 * SECOND_NS)) {
            write(c, 20);
            c.advance(3000);
            ReplicaCluster.Node n = c.follower();
            assertThat(scrub(n).rounds()).isEqualTo(1);
            assertThat(n.replica.operator().startScrub()).isEqualTo(ScrubStart.STARTED);
            assertThat(n.replica.operator().startScrub()).isEqualTo(ScrubStart.UNDER_WAY);
            c.advance(100);
            assertThat(n.replica.operator().startScrub()).isEqualTo(ScrubStart.UNDER_WAY);
            c.advance(3000);
            assertThat(scrub(n).rounds()).isEqualTo(2);
            assertThat(scrub(c.leader()).rounds()).isEqualTo(1);
            assertThat(n.replica.operator().startScrub()).isEqualTo(ScrubStart.STARTED);
        }
        try (ReplicaCluster c = cluster(0, SECOND_NS)) {
            assertThat(c.leader().replica.operator().startScrub()).isEqualTo(ScrubStart.OFF);
        }
    }

    @Test
    void shouldReadNoFasterThanItMay() {
        long rate = 64 << 10;
        try (ReplicaCluster c = cluster(rate, 3600 * SECOND_NS)) {
            write(c, 1);
            ReplicaCluster.Node n = c.follower();
            long before = scrub(n).bytes();
            c.advance(8000);
            assertThat(scrub(n).bytes() - before).isBetween(7 * rate, 9 * rate);
            assertThat(scrub(n).progressPercent()).isBetween(40, 70);
            assertThat(scrub(n).rounds()).isZero();
            c.advance(10_000);
            assertThat(scrub(n).rounds()).isEqualTo(1);
            assertThat(scrub(n).progressPercent()).isZero();
        }
    }

    @Test
    void shouldBeginARoundPerIntervalAndStopInBetween() {
        try (ReplicaCluster c = cluster(64 << 20, 10 * SECOND_NS)) {
            write(c, 1);
            ReplicaCluster.Node n = c.follower();
            c.advance(34_000);
            assertThat(scrub(n).rounds()).isEqualTo(4);
            assertThat(scrub(n).bytes()).isBetween(4L * ReplicaCluster.STORE_BYTES, 5L * ReplicaCluster.STORE_BYTES);
        }
    }

    @Test
    void shouldReadNothingWhenOff() {
        try (ReplicaCluster c = cluster(0, SECOND_NS)) {
            write(c, 5);
            ReplicaCluster.Node n = c.follower();
            n.store.damage(BLOCK, 512);
            c.advance(5000);
            assertThat(scrub(n)).isEqualTo(new ScrubStatus(0, 0, 0, 0, 0, 0, 0));
        }
    }

    /** What a crash tore is no damage: replay writes it again. */
    @Test
    void shouldWaitForReplayAfterARestart() {
        try (ReplicaCluster c = cluster(8 << 20, SECOND_NS)) {
            write(c, 20);
            ReplicaCluster.Node n = c.follower();
            c.nodes.values().forEach(ReplicaCluster.Node::crash);
            n.store.damage(3 * BLOCK, 10 * BLOCK);
            n.start();
            c.advance(5000);
            assertThat(scrub(n).bytes()).as("nothing can be applied yet").isZero();
            c.nodes.values().stream().filter(other -> other != n).forEach(ReplicaCluster.Node::start);
            c.advance(5000);
            assertThat(scrub(n).rounds()).isPositive();
            assertThat(scrub(n).damagedBytes()).isZero();
            assertThat(n.damage).isEmpty();
            c.assertIdentical();
        }
    }

    /** A record below the checkpoint is still there for a peer that catches up. */
    @Test
    void shouldLookAtTheWholeLogAlsoBelowTheCheckpoint() {
        ReplicaConfig config = new ReplicaConfig(16 << 10, 100 * ReplicaCluster.MS, 64 << 10, 256, 256, 4)
                .withScrub(new ScrubConfig(8 << 20, SECOND_NS));
        try (ReplicaCluster c = new ReplicaCluster(Mode.PARALLEL, 9, false, config)) {
            c.openSession();
            ReplicaCluster.Node away = c.follower();
            away.crash();
            for (int i = 1; i <= 30; i++) {
                c.write(i, i, (long) i * BLOCK, bytes(BLOCK, i), false);
                c.advance(10);
            }
            c.advance(1000);
            ReplicaCluster.Node n = c.leader();
            assertThat(n.replica.core().status().checkpoint()).isGreaterThan(20);
            assertThat(n.replica.core().status().logBase()).isLessThan(10);
            Entry e = n.replica.core().entry(15);
            assertThat(e).isNotNull();
            n.wal.damagePayload(e.walPosition);
            c.advance(3000);
            assertThat(scrub(n).damagedRecords()).isEqualTo(1);
            assertThat(n.replica.core().isDurable(15))
                    .as("fetched from the other one")
                    .isTrue();
            away.start();
            c.advance(3000);
            c.assertIdentical();
        }
    }

    /** Memory has what is in force; a restart that finds none would be the end of this node. */
    @ParameterizedTest
    @EnumSource(StateStore.Part.class)
    void shouldWriteStateAgainThatWasLostUnderTheRunningNode(StateStore.Part part) {
        try (ReplicaCluster c = cluster(8 << 20, SECOND_NS)) {
            write(c, 20);
            c.advance(1000);
            ReplicaCluster.Node n = c.follower();
            if (part == StateStore.Part.CHECKPOINT) {
                assertThat(n.state.loadCheckpoint()).as("none was ever taken").isNull();
                n.state.saveCheckpoint(StateCodec.encodeCheckpoint(Checkpoint.EMPTY));
            }
            n.state.lose(part);
            assertThat(n.state.damagedCopies(part)).isEqualTo(part.copies());
            c.advance(3000);
            assertThat(n.state.damagedCopies(part)).isZero();
            assertThat(scrub(n).damagedState()).isEqualTo(part.copies());
            assertThat(scrub(n).lostState()).isEqualTo(1);
            assertThat(n.damage)
                    .hasSize(1)
                    .allMatch(line -> line.contains("damaged in every copy, and is written again from memory"));
            n.crash();
            n.start();
            c.advance(2000);
            assertThat(n.replica.status().raft().amnesiac()).isFalse();
            assertThat(n.fatal).isEmpty();
            c.assertIdentical();
        }
    }

    /** Of the damage that an earlier process knew of, nobody knows any more where it is. */
    @Test
    void shouldReadAllBlocksAfterARestartIfSomeWereDamagedThoughItIsOff() {
        try (ReplicaCluster c = cluster(0, SECOND_NS)) {
            write(c, 20);
            ReplicaCluster.Node n = c.follower();
            c.dropped = m -> m instanceof Message.BlockReply;
            n.store.damage(3 * BLOCK, 512);
            n.store.damage(700 * 1024, 512);
            n.replica.damaged(List.of(new DamagedRange(3 * BLOCK, 512)));
            c.advance(100);
            n.crash();
            n.start();
            c.dropped = m -> false;
            c.advance(5000);
            assertThat(n.store.isDamaged()).isFalse();
            assertThat(n.store.isUnderRepair()).isFalse();
            assertThat(scrub(n).rounds()).isZero();
            assertThat(scrub(n).bytes()).isEqualTo(ReplicaCluster.STORE_BYTES);
            n.crash();
            n.start();
            c.advance(5000);
            assertThat(scrub(n).bytes()).as("no note, no recheck").isZero();
        }
    }

    /** An install takes the store away in the middle of it. */
    @Test
    void shouldBeginARecheckAnewThatAnInstallHasCutOff() {
        ReplicaConfig config = new ReplicaConfig(16 << 10, 100 * ReplicaCluster.MS, 64 << 10, 256, 256, 4)
                .withScrub(new ScrubConfig(0, SECOND_NS, SECOND_NS, 256 << 10));
        try (ReplicaCluster c = new ReplicaCluster(Mode.PARALLEL, 9, false, config)) {
            c.retainSlots = 16;
            c.restartAll();
            write(c, 20);
            c.advance(1000);
            ReplicaCluster.Node n = c.follower();
            c.dropped = m -> m instanceof Message.BlockReply;
            n.store.damage(3 * BLOCK, 512);
            n.replica.damaged(List.of(new DamagedRange(3 * BLOCK, 512)));
            c.advance(1000);
            n.crash();
            for (int i = 21; i <= 100; i++) {
                c.write(i, i, (long) i * BLOCK, bytes(BLOCK, i), false);
                c.advance(10);
            }
            c.advance(1000);
            n.start();
            c.advance(10_000);
            assertThat(n.events).anyMatch(e -> e.contains("install complete"));
            assertThat(n.store.isUnderRepair())
                    .as("all of it is written anew, and checked")
                    .isFalse();
            assertThat(scrub(n).bytes()).isGreaterThanOrEqualTo(ReplicaCluster.STORE_BYTES);
            c.assertIdentical();
        }
    }
}
