package io.parablock.replica;

import static io.parablock.replica.ReplicaCluster.bytes;
import static org.assertj.core.api.Assertions.assertThat;

import io.parablock.raft.Mode;
import io.parablock.replica.client.ClientMessage.Status;
import org.junit.jupiter.api.Test;

/** Blocks that do not fit their checksums: no client and no peer gets them, and no node stops. */
class StoreDamageTest {
    private static final int BLOCK = 4096;

    /** A follower is away for longer than the logs last; the leader has a checkpoint behind everything it missed. */
    private static ReplicaCluster.Node leaveBehind(ReplicaCluster c) {
        c.retainSlots = 8;
        c.config = new ReplicaConfig(16 << 10, 200 * ReplicaCluster.MS, 64 << 10, 256, 256, 4);
        c.nodes.values().forEach(n -> {
            n.crash();
            n.start();
        });
        c.openSession();
        ReplicaCluster.Node away = c.follower();
        away.crash();
        for (int i = 1; i <= 80; i++) {
            c.write(i, i, i * 2L * BLOCK, bytes(BLOCK, i), false);
            c.advance(10);
        }
        c.advance(4000);
        return away;
    }

    @Test
    void shouldAnswerAReadOfDamageWithAnErrorAndServeTheRest() {
        try (ReplicaCluster c = new ReplicaCluster(Mode.PARALLEL, 3)) {
            c.openSession();
            c.write(1, 0, 0, bytes(4 * BLOCK, 1), false);
            c.advance(100);
            ReplicaCluster.Node leader = c.leader();
            leader.store.damage(BLOCK, 512);
            assertThat(c.readStatus(0, 2 * BLOCK)).isEqualTo(Status.IO_ERROR);
            assertThat(c.readStatus(2 * BLOCK, BLOCK)).isEqualTo(Status.OK);
            assertThat(leader.fatal).isEmpty();
            c.write(2, 0, BLOCK, bytes(BLOCK, 9), false);
            assertThat(c.read(BLOCK, BLOCK)).isEqualTo(bytes(BLOCK, 9));
            c.assertIdentical();
        }
    }

    @Test
    void shouldNotInstallFromBlocksThatRotted() {
        try (ReplicaCluster c = new ReplicaCluster(Mode.PARALLEL, 5)) {
            ReplicaCluster.Node away = leaveBehind(c);
            ReplicaCluster.Node leader = c.leader();
            leader.store.damage(10 * BLOCK, BLOCK);
            away.start();
            c.advance(3000);
            assertThat(away.events).noneMatch(l -> l.contains("install complete"));
            assertThat(leader.fatal).isEmpty();
            c.write(81, 81, 10 * BLOCK, bytes(BLOCK, 5), false);
            c.advance(12_000);
            assertThat(away.events).anyMatch(l -> l.contains("install complete"));
            c.assertIdentical();
        }
    }

    @Test
    void shouldInstallFromATornPairThatACommittedEntryOverwrites() {
        try (ReplicaCluster c = new ReplicaCluster(Mode.PARALLEL, 6)) {
            ReplicaCluster.Node away = leaveBehind(c);
            ReplicaCluster.Node leader = c.leader();
            leader.holdApplies = true;
            c.write(81, 81, 10 * BLOCK, bytes(2 * BLOCK, 5), false);
            c.advance(100);
            assertThat(c.isAnswered(81)).isTrue();
            leader.store.damage(10 * BLOCK, 2 * BLOCK);
            away.start();
            c.advance(3000);
            assertThat(c.leader()).isSameAs(leader);
            assertThat(away.events).anyMatch(l -> l.contains("install complete"));
            leader.holdApplies = false;
            c.assertIdentical();
            assertThat(c.read(10 * BLOCK, 2 * BLOCK)).isEqualTo(bytes(2 * BLOCK, 5));
        }
    }

    @Test
    void shouldNotInstallFromDamageBesideWhatACommittedEntryOverwrites() {
        try (ReplicaCluster c = new ReplicaCluster(Mode.PARALLEL, 6)) {
            ReplicaCluster.Node away = leaveBehind(c);
            ReplicaCluster.Node leader = c.leader();
            leader.holdApplies = true;
            c.write(81, 81, 10 * BLOCK, bytes(2 * BLOCK, 5), false);
            c.advance(100);
            leader.store.damage(10 * BLOCK, 2 * BLOCK + 512);
            away.start();
            c.advance(3000);
            assertThat(away.events).noneMatch(l -> l.contains("install complete"));
            leader.holdApplies = false;
            c.write(82, 82, 12 * BLOCK, bytes(BLOCK, 7), false);
            c.advance(12_000);
            assertThat(away.events).anyMatch(l -> l.contains("install complete"));
            c.assertIdentical();
        }
    }
}
