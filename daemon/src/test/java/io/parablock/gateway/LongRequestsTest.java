package io.parablock.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.UnpooledByteBufAllocator;
import io.parablock.blockdev.nbd.Nbd;
import io.parablock.blockdev.nbd.NbdSession;
import io.parablock.blockdev.store.AllocationRun;
import io.parablock.metrics.RequestMeters;
import io.parablock.pipeline.GroupLoop;
import io.parablock.raft.log.EntryKind;
import io.parablock.raft.message.Message;
import io.parablock.replica.PeerSender;
import io.parablock.replica.client.ClientMessage;
import io.parablock.replica.client.ClientMessage.Allocation;
import io.parablock.replica.client.ClientMessage.AllocationReply;
import io.parablock.replica.client.ClientMessage.Mutate;
import io.parablock.replica.client.ClientMessage.Prefetch;
import io.parablock.replica.client.ClientMessage.Status;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Requests of any length over several chunks, with a leader that is played by hand. */
class LongRequestsTest {
    private static final long MS = 1_000_000;
    private static final int LEADER = 2;
    private static final int STEPS = 3;
    private static final int RANGE = 1 << 20;
    private static final int ENTRY = 64 << 10;
    private static final long CHUNK = 4L << 20;
    private static final long SIZE = 10L << 20;

    private record Sent(int group, ClientMessage message) {}

    private final Map<Integer, Queue> loops = new HashMap<>();
    /** All but openings of sessions, which are answered at once. */
    private final ArrayDeque<Sent> sent = new ArrayDeque<>();

    private final List<Integer> ended = new ArrayList<>();
    private long now = 1_000 * MS;
    private final Gateway gateway = new Gateway(
            1,
            5,
            new GatewayConfig(ENTRY, RANGE, STEPS, 64, 1_000 * MS, 20 * MS, 400 * MS, 5_000 * MS, 0),
            new Peers(),
            RequestMeters.NONE,
            UnpooledByteBufAllocator.DEFAULT,
            () -> now);
    private NbdSession session;

    private final class Peers implements PeerSender {
        @Override
        public void send(int groupId, int to, Message message) {}

        @Override
        public void sendClient(int groupId, int to, ClientMessage message) {
            if (message instanceof ClientMessage.OpenSession open) {
                ClientMessage opened = new ClientMessage.SessionOpened(open.nonce(), 70 + groupId, Status.OK, LEADER);
                loops.get(groupId).execute(() -> gateway.onReply(groupId, LEADER, opened));
            } else if (!(message instanceof ClientMessage.KeepAlive)) {
                sent.add(new Sent(groupId, message));
            }
        }

        @Override
        public boolean connected(int peer) {
            return true;
        }
    }

    /** A group's thread, as far as one thread can tell: inputs do not nest. */
    private static final class Queue implements GroupLoop {
        private final ArrayDeque<Runnable> inputs = new ArrayDeque<>();
        private boolean running;

        @Override
        public void execute(Runnable input) {
            inputs.add(input);
            if (!running) {
                running = true;
                while (!inputs.isEmpty()) {
                    inputs.remove().run();
                }
                running = false;
            }
        }

        @Override
        public boolean offer(Runnable input) {
            execute(input);
            return true;
        }

        @Override
        public boolean inLoop() {
            return running;
        }

        @Override
        public void start() {}

        @Override
        public void close() {}
    }

    @BeforeEach
    void attach() {
        for (int group = 1; group <= 3; group++) {
            loops.put(group, new Queue());
            gateway.addGroup(group, loops.get(group));
        }
        gateway.addVolume("disk", SIZE, CHUNK, false, List.of(1, 2, 3));
        for (int group = 1; group <= 3; group++) {
            gateway.onLeader(group, LEADER);
        }
        session = gateway.attach(gateway.exports().get(0));
    }

    private Mutate next() {
        return (Mutate) sent.element().message();
    }

    private void answer(Status status) {
        Sent s = sent.remove();
        Mutate m = (Mutate) s.message();
        if (m.payload() != null) {
            m.payload().release();
        }
        gateway.onReply(s.group(), LEADER, new ClientMessage.MutateReply(m.session(), m.seq(), status, LEADER));
    }

    @Test
    void shouldSayWhatRequestsTake() {
        long one = NbdSession.REQUEST_COST_BYTES;
        assertThat(session.costBytes(Nbd.CMD_WRITE_ZEROES, Nbd.CMD_FLAG_NO_HOLE, SIZE))
                .isEqualTo((long) STEPS * ENTRY);
        assertThat(session.costBytes(Nbd.CMD_WRITE_ZEROES, Nbd.CMD_FLAG_NO_HOLE, 4096))
                .isEqualTo(4096);
        assertThat(session.costBytes(Nbd.CMD_WRITE_ZEROES, 0, SIZE)).isEqualTo(STEPS * one);
        assertThat(session.costBytes(Nbd.CMD_TRIM, 0, RANGE)).isEqualTo(one);
        assertThat(session.costBytes(Nbd.CMD_CACHE, 0, RANGE + 512)).isEqualTo(2 * one);
        assertThat(session.costBytes(Nbd.CMD_FLUSH, 0, 0)).as("each chunk").isEqualTo(3 * one);
    }

    @Test
    void shouldTrimInStepsOfWhichOnlySoManyAreUnderWay() {
        session.trim(512, SIZE - 512, true, ended::add);
        long covered = 512;
        while (!sent.isEmpty()) {
            assertThat(sent).hasSizeLessThanOrEqualTo(STEPS);
            assertThat(ended).isEmpty();
            Mutate m = next();
            assertThat(m.kind()).isEqualTo(EntryKind.TRIM);
            assertThat(m.fua()).isTrue();
            assertThat(m.lengthBytes()).isLessThanOrEqualTo(RANGE);
            assertThat((sent.element().group() - 1) * CHUNK + m.offsetBytes()).isEqualTo(covered);
            assertThat(m.offsetBytes() + m.lengthBytes()).isLessThanOrEqualTo(CHUNK);
            covered += m.lengthBytes();
            answer(Status.OK);
        }
        assertThat(covered).isEqualTo(SIZE);
        assertThat(ended).containsExactly(0);
    }

    @Test
    void shouldWriteTheZerosThatAreToTakeSpace() {
        session.zero(0, 5 * ENTRY + 512, true, false, ended::add);
        long covered = 0;
        while (!sent.isEmpty()) {
            assertThat(sent).hasSizeLessThanOrEqualTo(STEPS);
            Mutate m = next();
            assertThat(m.kind()).isEqualTo(EntryKind.WRITE);
            assertThat((long) m.payload().readableBytes()).isEqualTo(m.lengthBytes());
            for (int i = 0; i < m.lengthBytes(); i++) {
                assertThat(m.payload().getByte(m.payload().readerIndex() + i)).isZero();
            }
            java.util.zip.CRC32C crc = new java.util.zip.CRC32C();
            crc.update(m.payload().nioBuffer());
            assertThat(m.payloadCrc()).isEqualTo((int) crc.getValue());
            covered += m.lengthBytes();
            answer(Status.OK);
        }
        assertThat(covered).isEqualTo(5 * ENTRY + 512);
        assertThat(ended).containsExactly(0);
    }

    @Test
    void shouldBeginNoStepAfterOneHasFailed() {
        session.zero(0, SIZE, false, false, ended::add);
        assertThat(next().kind()).isEqualTo(EntryKind.ZERO);
        answer(Status.OK);
        assertThat(sent).hasSize(STEPS);
        answer(Status.IO_ERROR);
        assertThat(sent).hasSize(STEPS - 1);
        answer(Status.OK);
        assertThat(ended).isEmpty();
        answer(Status.OK);
        assertThat(sent).isEmpty();
        assertThat(ended).containsExactly(Nbd.EIO);
    }

    @Test
    void shouldEndALongRequestWhoseSessionsEnd() {
        session.trim(0, SIZE, false, ended::add);
        for (int group = 1; group <= 3; group++) {
            gateway.endSessions(group);
        }
        assertThat(ended).containsExactly(Nbd.EIO);
    }

    private final List<List<AllocationRun>> found = new ArrayList<>();

    private void blockStatus(long offset, long length, boolean one) {
        session.blockStatus(offset, length, one, (error, runs) -> {
            ended.add(error);
            if (runs != null) {
                found.add(List.copyOf(runs));
            }
        });
    }

    private Allocation asked(int group) {
        assertThat(sent).hasSize(1);
        assertThat(sent.element().group()).isEqualTo(group);
        return (Allocation) sent.remove().message();
    }

    private void tell(int group, Allocation asked, AllocationRun... runs) {
        gateway.onReply(group, LEADER, new AllocationReply(asked.requestId(), Status.OK, LEADER, List.of(runs)));
    }

    private static AllocationRun hole(long length) {
        return new AllocationRun(length, true);
    }

    private static AllocationRun taken(long length) {
        return new AllocationRun(length, false);
    }

    @Test
    void shouldPutTheAllocationOfSeveralChunksTogether() {
        blockStatus(CHUNK - 8192, CHUNK + 16384, false);
        Allocation first = asked(1);
        assertThat(List.of(first.offsetBytes(), first.lengthBytes())).containsExactly(CHUNK - 8192, 8192L);
        tell(1, first, taken(4096), hole(4096));
        tell(2, asked(2), hole(CHUNK));
        Allocation last = asked(3);
        assertThat(List.of(last.offsetBytes(), last.lengthBytes())).containsExactly(0L, 8192L);
        tell(3, last, taken(8192));
        assertThat(ended).containsExactly(0);
        assertThat(found).containsExactly(List.of(taken(4096), hole(4096 + CHUNK), taken(8192)));
    }

    @Test
    void shouldAnswerWithWhatItHasWhenAChunkTellsOnlyItsBeginning() {
        blockStatus(0, 2 * CHUNK, false);
        tell(1, asked(1), taken(4096), hole(4096));
        assertThat(sent).isEmpty();
        assertThat(found).containsExactly(List.of(taken(4096), hole(4096)));
    }

    @Test
    void shouldAskOneChunkForOneRun() {
        blockStatus(0, 2 * CHUNK, true);
        tell(1, asked(1), hole(4096), taken(CHUNK - 4096));
        assertThat(sent).isEmpty();
        assertThat(found).containsExactly(List.of(hole(4096)));
    }

    @Test
    void shouldTakeNoAllocationThatLeavesTheExtent() {
        blockStatus(0, 8192, false);
        tell(1, asked(1), hole(4096), taken(8192));
        blockStatus(0, 8192, false);
        tell(1, asked(1));
        assertThat(ended).containsExactly(Nbd.EIO, Nbd.EIO);
        assertThat(found).isEmpty();
    }

    @Test
    void shouldAskTheNextLeaderForTheAllocation() {
        blockStatus(0, 8192, false);
        Allocation asked = asked(1);
        now += 21 * MS;
        gateway.onReply(1, LEADER, new AllocationReply(asked.requestId(), Status.NOT_LEADER, 3, List.of()));
        assertThat(asked(1)).isEqualTo(asked);
        gateway.onReply(1, 3, new AllocationReply(asked.requestId(), Status.OK, 3, List.of(hole(8192))));
        assertThat(found).containsExactly(List.of(hole(8192)));
    }

    @Test
    void shouldPrefetchInSteps() {
        session.prefetch(0, SIZE, ended::add);
        int steps = 0;
        while (!sent.isEmpty()) {
            assertThat(sent).hasSizeLessThanOrEqualTo(STEPS);
            Sent s = sent.remove();
            Prefetch p = (Prefetch) s.message();
            gateway.onReply(s.group(), LEADER, new ClientMessage.PrefetchReply(p.requestId(), Status.OK, LEADER));
            steps++;
        }
        assertThat(steps).isEqualTo((int) (SIZE / RANGE));
        assertThat(ended).containsExactly(0);
    }

    @Test
    void shouldOfferAReadOnlyVolumeAsThat() {
        gateway.addVolume("archive", SIZE, CHUNK, true, List.of(1, 2, 3));
        assertThat(gateway.exports())
                .extracting(e -> e.name() + e.readOnly())
                .containsExactly("archivetrue", "diskfalse");
    }
}
