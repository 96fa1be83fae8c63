package io.parablock.replica;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.parablock.raft.Mode;
import io.parablock.raft.RaftConfig;
import io.parablock.raft.log.Entry;
import io.parablock.raft.log.EntryKind;
import io.parablock.raft.log.OriginRun;
import io.parablock.raft.message.Message;
import io.parablock.raft.state.Checkpoint;
import io.parablock.raft.state.HardState;
import io.parablock.raft.state.RecoveredState;
import io.parablock.raft.state.SyncRecord;
import io.parablock.replica.client.ClientMessage;
import io.parablock.wal.MemoryStateStore;
import io.parablock.wal.MemoryWal;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * An amnesiac node that also has a damaged record under its checkpoint (protocol.md §11, §12): one frame of the leader serves
 * the cure, which takes its slots first, and the repair, which takes the one before them.
 */
class CureBesideRepairTest {
    private static final long MS = 1_000_000L;
    private static final int GROUP = 3;
    private static final int NODE = 1;
    private static final int LEADER = 2;
    private static final long TERM = 5;
    private static final long ORIGIN = 4;
    private static final long CHECKPOINT = 2;
    private static final long LAST = 4;
    private static final int STORE_BYTES = 1 << 20;
    private static final int LENGTH_BYTES = 4096;

    private final UnpooledByteBufAllocator allocator = new UnpooledByteBufAllocator(true);
    private final WalRouter router = new WalRouter();
    private final MemoryWal wal = new MemoryWal(router);
    private final List<Message> sent = new ArrayList<>();
    private final ArrayDeque<Runnable> background = new ArrayDeque<>();
    private final List<String> fatal = new ArrayList<>();
    private boolean cured;
    private long now = 1_000 * MS;

    private final class Peers implements PeerSender {
        @Override
        public void send(int groupId, int to, Message m) {
            sent.add(m);
        }

        @Override
        public void sendClient(int groupId, int to, ClientMessage m) {}

        @Override
        public boolean connected(int peer) {
            return true;
        }
    }

    private final class Events implements ReplicaEvents {
        @Override
        public void onLeaderChanged(int groupId, int leaderNode, boolean ready) {}

        @Override
        public void onFatal(int groupId, String line, Throwable cause) {
            fatal.add(line);
        }

        @Override
        public void onCured(int groupId) {
            cured = true;
        }
    }

    /** Slot 2 is damaged, slots 3 and 4 are not there; all three are of the merged log. */
    private Replica amnesiac() {
        RaftConfig raft = new RaftConfig(
                GROUP,
                NODE,
                new int[] {1, 2, 3},
                Mode.STRICT,
                8,
                300 * MS,
                50 * MS,
                100 * MS,
                64,
                4,
                1 << 20,
                8,
                16,
                64,
                false);
        ForgetfulBlockStore store = new ForgetfulBlockStore(STORE_BYTES);
        ReplicaPorts ports = new ReplicaPorts(
                new InlineWalStage(wal),
                new MemoryStateStore(),
                store,
                new InlineApplyStage(store),
                new Peers(),
                new Events(),
                Runnable::run,
                background::add,
                () -> now,
                allocator);
        RecoveredState found = new RecoveredState(
                new HardState(TERM, 0, TERM, LAST),
                new SyncRecord(TERM, LAST, List.of(new OriginRun(1, LAST, ORIGIN)), List.of()),
                new Checkpoint(CHECKPOINT, List.of(new OriginRun(1, CHECKPOINT, ORIGIN)), List.of(), CHECKPOINT - 1),
                List.of(),
                List.of(CHECKPOINT),
                true);
        ReplicaConfig config = new ReplicaConfig(64 << 10, 1_000 * MS, 64 << 10, 256, 256, 4);
        Replica replica = new Replica(raft, config, new Identity(0xabcL, GROUP, NODE, 1), found, ports, 7);
        router.register(GROUP, replica::onWalDurable);
        return replica;
    }

    private Entry write(long slot) {
        ByteBuf payload = allocator.directBuffer().writeBytes(ReplicaCluster.bytes(LENGTH_BYTES, (int) slot));
        int crc = LogReader.crc(payload);
        Entry e = new Entry(
                slot,
                ORIGIN,
                EntryKind.WRITE,
                slot * LENGTH_BYTES,
                LENGTH_BYTES,
                9,
                slot,
                0,
                crc,
                LENGTH_BYTES,
                new long[0]);
        e.payload = payload;
        return e;
    }

    private void hear(Replica replica, Message m) {
        replica.onPeerMessage(LEADER, LEADER, 1, m);
        replica.endOfBatch();
        while (!background.isEmpty()) {
            background.remove().run();
        }
    }

    private List<Long> slotsInWal() {
        List<Long> slots = new ArrayList<>();
        wal.scan((position, record, payload) -> slots.add(record.slot()));
        return slots;
    }

    @Test
    void shouldTakeOneFrameForBoth() {
        Replica replica = amnesiac();
        hear(replica, new Message.Heartbeat(TERM, 1, Message.CommitNotice.NONE));
        Message.CureRequest asked = sent.stream()
                .filter(Message.CureRequest.class::isInstance)
                .map(Message.CureRequest.class::cast)
                .findFirst()
                .orElseThrow();
        hear(replica, new Message.Cure(TERM, asked.mark(), 0, LAST));
        hear(replica, new Message.Entries(TERM, List.of(write(2), write(3), write(4))));
        assertThat(fatal).isEmpty();
        assertThat(slotsInWal()).containsExactlyInAnyOrder(2L, 3L, 4L);
        assertThat(replica.core().status().contigPrefix()).isEqualTo(LAST);
        assertThat(cured).isTrue();

        replica.close();
        assertThat(allocator.metric().usedDirectMemory())
                .as("leaked payload bytes")
                .isZero();
    }
}
