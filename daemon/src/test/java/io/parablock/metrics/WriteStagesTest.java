package io.parablock.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.Timer;
import io.netty.buffer.ByteBufAllocator;
import io.parablock.blockdev.store.MemoryBlockStore;
import io.parablock.raft.log.Entry;
import io.parablock.raft.log.EntryKind;
import io.parablock.raft.log.SlotRun;
import io.parablock.raft.message.Message;
import io.parablock.replica.ApplyStage;
import io.parablock.replica.InlineApplyStage;
import io.parablock.replica.InlineWalStage;
import io.parablock.replica.PeerSender;
import io.parablock.replica.ReplicaEvents;
import io.parablock.replica.ReplicaPorts;
import io.parablock.replica.client.ClientMessage;
import io.parablock.wal.MemoryStateStore;
import io.parablock.wal.MemoryWal;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A replica's ports, called as a leader and as a follower would; the test's own clock. */
class WriteStagesTest {
    private static final int SELF = 2;
    private static final int[] VOTERS = {1, 2, 3};
    private static final int SPAN = 16;
    private static final long TERM = 5;
    private static final long US = 1_000;

    private final NodeMeters meters = new NodeMeters();
    private long nowNs = 1;
    private final WriteStages stages = new WriteStages(meters, 1, SELF, VOTERS, SPAN, () -> nowNs);
    private final List<Long> durable = new ArrayList<>();
    private final LongConsumer onDurable = stages.durable(durable::add);
    private final List<Message> sent = new ArrayList<>();
    private final List<ClientMessage> answers = new ArrayList<>();
    private final List<Entry> applied = new ArrayList<>();
    private final ReplicaPorts ports = stages.measured(new ReplicaPorts(
            new InlineWalStage(new MemoryWal(token -> {})),
            new MemoryStateStore(),
            new MemoryBlockStore(1 << 20),
            new InlineApplyStage(new MemoryBlockStore(1 << 20)),
            new Sent(),
            new NoEvents(),
            Runnable::run,
            Runnable::run,
            () -> nowNs,
            ByteBufAllocator.DEFAULT));

    private final class Sent implements PeerSender {
        @Override
        public void send(int groupId, int to, Message message) {
            sent.add(message);
        }

        @Override
        public void sendClient(int groupId, int to, ClientMessage message) {
            answers.add(message);
        }

        @Override
        public boolean connected(int peer) {
            return true;
        }
    }

    private static final class NoEvents implements ReplicaEvents {
        @Override
        public void onLeaderChanged(int groupId, int leaderNode, boolean ready) {}

        @Override
        public void onFatal(int groupId, String line, Throwable cause) {
            throw new AssertionError(line, cause);
        }
    }

    WriteStagesTest() {
        ports.apply().listener(new ApplyStage.Listener() {
            @Override
            public void onApplied(Entry entry) {
                applied.add(entry);
            }

            @Override
            public void onApplyFailed(Entry entry, Throwable cause) {
                throw new AssertionError(cause);
            }
        });
    }

    @AfterEach
    void close() {
        meters.close();
    }

    private static Entry write(long slot) {
        return new Entry(slot, TERM, EntryKind.TRIM, 0, 512, 7, 100 + slot, 0, 0, 0, new long[0]);
    }

    private void lead() {
        ports.events().onLeaderChanged(1, SELF, false);
        ports.events().onLeaderChanged(1, SELF, true);
    }

    private void append(long slot) {
        ports.wal().append(1, write(slot), null, slot);
    }

    private void ack(int from, long first, long last) {
        stages.onMessage(new Message.AppendAck(TERM, List.of(new SlotRun(first, last)), 1, 0, Long.MAX_VALUE), from);
    }

    private void answer(long slot) {
        ports.peers().sendClient(1, 9, new ClientMessage.MutateReply(7, 100 + slot, ClientMessage.Status.OK, SELF));
    }

    private Timer stage(Stage stage) {
        return meters.registry()
                .get(Metric.WRITE_STAGE.meterName())
                .tag("stage", stage.label())
                .timer();
    }

    private void assertStage(Stage stage, long count, double totalUs) {
        assertThat(stage(stage).count()).as("count of %s", stage).isEqualTo(count);
        assertThat(stage(stage).totalTime(TimeUnit.MICROSECONDS))
                .as("time of %s", stage)
                .isEqualTo(totalUs);
    }

    @Test
    void shouldStandAsideWhereRequestsAreNotMeasured() {
        meters.measureRequests(false, 1);
        lead();
        append(1);
        ack(3, 1, 1);
        onDurable.accept(1);
        answer(1);
        ports.apply().apply(write(1), null);
        ports.apply().endOfBatch();
        meters.onStage(Stage.RECEIVE, US);
        meters.onRequest(RequestMeters.Operation.WRITE, 4096, US, true);
        meters.onLoopDelay(US);
        assertThat(durable).as("what the replica heard").containsExactly(1L);
        for (Metric metric : List.of(Metric.WRITE_STAGE, Metric.GATEWAY_REQUEST, Metric.LOOP_DELAY)) {
            assertThat(meters.registry().get(metric.meterName()).timers())
                    .allSatisfy(timer -> assertThat(timer.count()).isZero());
        }
    }

    @Test
    void shouldTimeTheStagesOfSomeWritesAndTheSameOnesOnEachNode() {
        int writes = 10_000;
        int perTimed = 4;
        meters.measureRequests(true, perTimed);
        NodeMeters follower = new NodeMeters();
        follower.measureRequests(true, perTimed);
        lead();
        long timed = 0;
        for (long slot = 1; slot <= writes; slot++) {
            append(slot);
            nowNs += US;
            ack(3, slot, slot);
            onDurable.accept(slot);
            answer(slot);
            ports.apply().apply(write(slot), null);
            nowNs += US;
            ports.apply().endOfBatch();
            meters.onStageOfAny(Stage.RECEIVE, US);
            meters.onRequest(RequestMeters.Operation.WRITE, 4096, US, true);
            timed += follower.times(slot) ? 1 : 0;
        }
        follower.close();
        assertThat(timed).isBetween(writes / perTimed - 200L, writes / perTimed + 200L);
        for (Stage stage : List.of(Stage.WAL_DURABLE, Stage.FIRST_ACK, Stage.QUORUM_ACK, Stage.COMMIT, Stage.APPLY)) {
            assertStage(stage, timed, (double) timed);
        }
        for (Stage stage : List.of(Stage.RECEIVE, Stage.REPLY)) {
            assertThat(stage(stage).count()).as("%s", stage).isBetween(2_000L, 3_000L);
        }
        assertThat(meters.commitOrder().count())
                .as("writes in the order of commits")
                .isEqualTo(writes);
        assertThat(meters.registry().get(Metric.GATEWAY_REQUEST.meterName()).timers().stream()
                        .mapToLong(Timer::count)
                        .sum())
                .as("requests of clients")
                .isEqualTo(writes);
    }

    @Test
    void shouldLeaveOutWhatWasUnderWayWhenMeasuringBegan() {
        lead();
        append(1);
        meters.measureRequests(false, 1);
        append(2);
        onDurable.accept(1);
        ack(3, 1, 2);
        meters.measureRequests(true, 1);
        onDurable.accept(2);
        answer(1);
        answer(2);
        append(3);
        nowNs += 10 * US;
        ack(3, 3, 3);
        onDurable.accept(3);
        nowNs += 10 * US;
        answer(3);
        assertStage(Stage.WAL_DURABLE, 1, 10);
        assertStage(Stage.FIRST_ACK, 1, 10);
        assertStage(Stage.QUORUM_ACK, 1, 10);
        assertStage(Stage.COMMIT, 1, 20);
        assertThat(meters.commitOrder().recent())
                .as("how many lower slots were uncommitted")
                .containsExactly(0);
    }

    @Test
    void shouldTimeEachStageOfALeadersWrite() {
        lead();
        append(1);
        ports.peers()
                .send(1, 3, new Message.Append(TERM, List.of(write(1)), 1, new long[0], 1, Message.CommitNotice.NONE));
        nowNs += 10 * US;
        ack(3, 1, 1);
        nowNs += 10 * US;
        onDurable.accept(1);
        nowNs += 10 * US;
        answer(1);
        nowNs += 10 * US;
        ports.apply().apply(write(1), null);
        nowNs += 10 * US;
        ports.apply().endOfBatch();
        ack(1, 1, 1);
        assertStage(Stage.FIRST_ACK, 1, 10);
        assertStage(Stage.WAL_DURABLE, 1, 20);
        assertStage(Stage.QUORUM_ACK, 1, 20);
        assertStage(Stage.COMMIT, 1, 30);
        assertStage(Stage.APPLY, 1, 10);
        Timer peer = meters.registry()
                .get(Metric.PEER_ACK.meterName())
                .tag("peer", "3")
                .timer();
        assertThat(peer.count()).isEqualTo(1);
        assertThat(peer.totalTime(TimeUnit.MICROSECONDS)).isEqualTo(10);
        assertThat(durable).containsExactly(1L);
        assertThat(sent).hasSize(1);
        assertThat(answers).hasSize(1);
        assertThat(applied).hasSize(1);
    }

    @Test
    void shouldTimeLogAndApplyOnAFollowerOnly() {
        ports.events().onLeaderChanged(1, 3, false);
        append(1);
        nowNs += 5 * US;
        onDurable.accept(1);
        ports.apply().apply(write(1), null);
        nowNs += 5 * US;
        ports.apply().endOfBatch();
        ack(1, 1, 1);
        assertStage(Stage.WAL_DURABLE, 1, 5);
        assertStage(Stage.APPLY, 1, 5);
        assertStage(Stage.FIRST_ACK, 0, 0);
        assertStage(Stage.QUORUM_ACK, 0, 0);
        assertStage(Stage.COMMIT, 0, 0);
        assertThat(meters.commitOrder().recent()).isEmpty();
    }

    @Test
    void shouldTellHowFarCommitsOvertookEachOther() {
        lead();
        for (long slot = 1; slot <= 6; slot++) {
            append(slot);
        }
        for (long slot : new long[] {2, 6, 1, 4, 3, 5}) {
            answer(slot);
        }
        assertThat(meters.commitOrder().recent()).containsExactly(1, 4, 0, 1, 0, 0);
        assertThat(meters.commitOrder().count()).isEqualTo(6);
    }

    @Test
    void shouldRememberTheLatestCommitsOnly() {
        lead();
        int writes = CommitOrder.WRITES_MAX + 100;
        for (long slot = 1; slot <= writes; slot += 2) {
            append(slot);
            append(slot + 1);
            answer(slot + 1);
            answer(slot);
        }
        int[] recent = meters.commitOrder().recent();
        assertThat(recent).hasSize(CommitOrder.WRITES_MAX);
        for (int i = 0; i < recent.length; i++) {
            assertThat(recent[i]).isEqualTo((i + 1) % 2);
        }
        assertStage(Stage.COMMIT, writes, 0);
    }

    /** An acknowledgement that was lost is made good by the prefix of a later one. */
    @Test
    void shouldTakeThePrefixForAnAcknowledgement() {
        lead();
        append(1);
        append(2);
        onDurable.accept(1);
        onDurable.accept(2);
        nowNs += 7 * US;
        stages.onMessage(new Message.HeartbeatAck(TERM, 1, TERM, 2, 0, Long.MAX_VALUE, false), 3);
        assertStage(Stage.FIRST_ACK, 2, 14);
        assertStage(Stage.QUORUM_ACK, 2, 14);
    }

    /** With FUA on a mapped log the answer waits for a flush: the hand-over to the block store comes first. */
    @Test
    void shouldTakeTheApplyForTheCommit() {
        lead();
        append(1);
        nowNs += 3 * US;
        ports.apply().apply(write(1), null);
        nowNs += 100 * US;
        answer(1);
        assertStage(Stage.COMMIT, 1, 3);
    }

    @Test
    void shouldForgetWhatWasUnderWayWithTheLeader() {
        lead();
        append(1);
        ports.events().onLeaderChanged(1, 3, false);
        lead();
        ack(3, 1, 1);
        answer(1);
        assertStage(Stage.FIRST_ACK, 0, 0);
        assertStage(Stage.COMMIT, 0, 0);
    }

    private void voted(int from, long term, boolean granted) {
        stages.onMessage(
                new Message.VoteReply(term, granted, 0, 0, 0, 0, 0, List.of(), List.of(), List.of(), List.of()), from);
    }

    private Timer timer(Metric metric) {
        return meters.registry().get(metric.meterName()).timer();
    }

    @Test
    void shouldTimeElectionMergeAndTheTimeWithoutALeader() {
        ports.events().onLeaderChanged(1, 3, false);
        nowNs += 50 * US;
        ports.events().onLeaderChanged(1, 0, false);
        nowNs += 20 * US;
        ports.peers().send(1, 1, new Message.Vote(8, 7, 0, false, false));
        ports.peers().send(1, 3, new Message.Vote(8, 7, 0, false, false));
        nowNs += 3 * US;
        voted(1, 8, false);
        voted(3, 7, true);
        nowNs += 4 * US;
        voted(3, 8, true);
        nowNs += 5 * US;
        voted(1, 8, true);
        ports.events().onLeaderChanged(1, SELF, true);
        assertThat(timer(Metric.ELECTION).count()).isEqualTo(1);
        assertThat(timer(Metric.ELECTION).totalTime(TimeUnit.MICROSECONDS)).isEqualTo(7);
        assertThat(timer(Metric.MERGE).count()).isEqualTo(1);
        assertThat(timer(Metric.MERGE).totalTime(TimeUnit.MICROSECONDS)).isEqualTo(5);
        assertThat(timer(Metric.LEADERLESS).count()).isEqualTo(1);
        assertThat(timer(Metric.LEADERLESS).totalTime(TimeUnit.MICROSECONDS)).isEqualTo(32);
        assertThat(meters.registry()
                        .get(Metric.LEADER_CHANGES.meterName())
                        .counter()
                        .count())
                .isEqualTo(2);
    }
}
