package io.parablock.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.util.concurrent.DefaultEventExecutor;
import io.netty.util.concurrent.EventExecutor;
import io.parablock.blockdev.store.BlockStore;
import io.parablock.blockdev.store.DamagedRange;
import io.parablock.raft.Mode;
import io.parablock.raft.RaftConfig;
import io.parablock.raft.log.EntryKind;
import io.parablock.raft.message.Message;
import io.parablock.raft.state.RecoveredState;
import io.parablock.replica.Identity;
import io.parablock.replica.InlineApplyStage;
import io.parablock.replica.InlineWalStage;
import io.parablock.replica.PeerSender;
import io.parablock.replica.Replica;
import io.parablock.replica.ReplicaConfig;
import io.parablock.replica.ReplicaEvents;
import io.parablock.replica.ReplicaPorts;
import io.parablock.replica.WalRouter;
import io.parablock.replica.client.ClientMessage;
import io.parablock.wal.MemoryStateStore;
import io.parablock.wal.MemoryWal;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** One replica, a group of one, behind each pipeline: real threads, tiny rings. */
@Timeout(60)
class ThreadedPipelineTest {
    private static final int WRITES = 2_000;
    private static final int BLOCKS = 64;
    private static final int IN_FLIGHT = 48;

    private final UnpooledByteBufAllocator allocator = new UnpooledByteBufAllocator(true);
    private final BlockingQueue<Long> sessions = new LinkedBlockingQueue<>();
    private final BlockingQueue<byte[]> reads = new LinkedBlockingQueue<>();
    private final Map<Long, ClientMessage.Status> answers = new ConcurrentHashMap<>();
    private final Semaphore room = new Semaphore(IN_FLIGHT);
    private final byte[] device = new byte[BLOCKS * 4096];
    private volatile Replica replica;
    private volatile Throwable fatal;

    private final class Gateway implements PeerSender, ReplicaEvents {
        @Override
        public void send(int groupId, int to, Message m) {}

        @Override
        public void sendClient(int groupId, int to, ClientMessage m) {
            if (m instanceof ClientMessage.SessionOpened r && r.status() == ClientMessage.Status.OK) {
                sessions.add(r.session());
            } else if (m instanceof ClientMessage.MutateReply r) {
                answers.put(r.seq(), r.status());
                room.release();
            } else if (m instanceof ClientMessage.ReadReply r) {
                ByteBuf payload = r.payload();
                byte[] bytes = new byte[payload == null ? 0 : payload.readableBytes()];
                if (payload != null) {
                    payload.readBytes(bytes);
                    payload.release();
                }
                reads.add(bytes);
            }
        }

        @Override
        public boolean connected(int peer) {
            return true;
        }

        @Override
        public void onLeaderChanged(int groupId, int leaderNode, boolean ready) {}

        @Override
        public void onFatal(int groupId, String line, Throwable cause) {
            fatal = cause;
        }
    }

    private final class Store implements BlockStore {
        @Override
        public long sizeBytes() {
            return device.length;
        }

        @Override
        public void write(long offsetBytes, ByteBuffer source) {
            synchronized (device) {
                source.get(device, (int) offsetBytes, source.remaining());
            }
        }

        @Override
        public void zero(long offsetBytes, long lengthBytes) {
            synchronized (device) {
                Arrays.fill(device, (int) offsetBytes, (int) (offsetBytes + lengthBytes), (byte) 0);
            }
        }

        @Override
        public void trim(long offsetBytes, long lengthBytes) {
            zero(offsetBytes, lengthBytes);
        }

        @Override
        public void read(long offsetBytes, ByteBuffer target) {
            synchronized (device) {
                target.put(device, (int) offsetBytes, target.remaining());
            }
        }

        @Override
        public List<DamagedRange> verify(long offsetBytes, long lengthBytes) {
            return List.of();
        }

        @Override
        public void fsync() {}

        @Override
        public long allocatedBytes() {
            return sizeBytes();
        }

        @Override
        public void close() {}
    }

    /** The loop calls the replica, and the replica needs the loop. */
    private final class Inputs implements GroupInputs {
        @Override
        public boolean tick() {
            return replica.tick();
        }

        @Override
        public void endOfBatch() {
            replica.endOfBatch();
        }

        @Override
        public void onError(Throwable cause) {
            replica.onError(cause);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = PipelineConfig.Kind.class,
            names = {"INLINE", "THREADS"})
    void shouldAnswerEveryWriteAndReadItBack(PipelineConfig.Kind kind) throws Exception {
        PipelineConfig config = new PipelineConfig(kind, PipelineConfig.Waiting.BLOCKING, 8);
        boolean threads = kind == PipelineConfig.Kind.THREADS;
        EventExecutor eventLoop = new DefaultEventExecutor();
        ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
        ExecutorService background = Executors.newSingleThreadExecutor();
        WalRouter router = new WalRouter();
        MemoryWal wal = new MemoryWal(router);
        Store store = new Store();
        Gateway gateway = new Gateway();
        GroupLoop loop = threads
                ? new ThreadedGroupLoop("group", config, timer, new Inputs())
                : new InlineGroupLoop(eventLoop, config, new Inputs());
        ThreadedWalStage walThread = threads ? new ThreadedWalStage("wal", wal, router, config) : null;
        ThreadedWalStage.GroupWal groupWal = threads ? walThread.group(1, loop) : null;
        ThreadedApplyStage applyThread = threads ? new ThreadedApplyStage("apply", store, loop, config) : null;
        ReplicaPorts ports = new ReplicaPorts(
                threads ? groupWal : new InlineWalStage(wal),
                new MemoryStateStore(),
                store,
                threads ? applyThread : new InlineApplyStage(store),
                gateway,
                gateway,
                loop::execute,
                background,
                System::nanoTime,
                allocator);
        replica = new Replica(
                new RaftConfig(
                        1,
                        1,
                        new int[] {1},
                        Mode.PARALLEL,
                        16,
                        20_000_000L,
                        5_000_000L,
                        10_000_000L,
                        4096,
                        8,
                        1 << 20,
                        32,
                        16,
                        4096,
                        false),
                new ReplicaConfig(1 << 20, 50_000_000L, 16 << 10, 256, 256, 4),
                new Identity(1, 1, 1, 1),
                RecoveredState.fresh(),
                ports,
                1);
        if (threads) {
            groupWal.bind(replica);
            walThread.start();
            applyThread.start();
        } else {
            router.register(1, replica::onWalDurable);
        }
        loop.start();
        byte[] expected = run(loop);
        loop.close();
        if (threads) {
            walThread.close();
        }
        replica.close();
        background.shutdown();
        assertThat(background.awaitTermination(5, TimeUnit.SECONDS)).isTrue();
        timer.shutdownNow();
        eventLoop.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
        assertThat(fatal).isNull();
        assertThat(answers)
                .hasSize(WRITES)
                .allSatisfy((seq, status) -> assertThat(status).isEqualTo(ClientMessage.Status.OK));
        assertThat(Arrays.mismatch(device, expected)).isEqualTo(-1);
        assertThat(allocator.metric().usedDirectMemory())
                .as("leaked payload bytes")
                .isZero();
    }

    private byte[] run(GroupLoop loop) throws InterruptedException {
        Long session = null;
        for (int i = 0; i < 200 && session == null; i++) {
            loop.execute(() -> replica.onClientRequest(1, new ClientMessage.OpenSession(1, 1)));
            session = sessions.poll(50, TimeUnit.MILLISECONDS);
        }
        assertThat(session).isNotNull();
        long id = session;
        byte[] expected = new byte[device.length];
        for (int i = 1; i <= WRITES; i++) {
            assertThat(room.tryAcquire(3, TimeUnit.SECONDS))
                    .as("answer before write %s, fatal %s, %s", i, fatal, replica.status())
                    .isTrue();
            // Steps of half a block: neighbours overlap, so the order of applies shows.
            int offset = (i * 7 % (2 * BLOCKS - 1)) * 2048;
            Arrays.fill(expected, offset, offset + 4096, (byte) i);
            // In one call: the leak detector records every access.
            byte[] bytes = new byte[4096];
            Arrays.fill(bytes, (byte) i);
            ByteBuf payload = allocator.directBuffer().writeBytes(bytes);
            CRC32C crc = new CRC32C();
            crc.update(payload.nioBuffer());
            ClientMessage.Mutate m = new ClientMessage.Mutate(
                    id,
                    i,
                    Math.max(1, i - IN_FLIGHT),
                    EntryKind.WRITE,
                    offset,
                    4096,
                    false,
                    (int) crc.getValue(),
                    payload);
            loop.execute(() -> replica.onClientRequest(1, m));
        }
        assertThat(room.tryAcquire(IN_FLIGHT, 20, TimeUnit.SECONDS)).isTrue();
        loop.execute(() -> replica.onClientRequest(1, new ClientMessage.Read(1, 0, device.length)));
        assertThat(reads.poll(10, TimeUnit.SECONDS)).isEqualTo(expected);
        return expected;
    }
}
