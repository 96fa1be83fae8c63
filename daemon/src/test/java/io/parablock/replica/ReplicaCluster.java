package io.parablock.replica;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.parablock.raft.InstallConfig;
import io.parablock.raft.Mode;
import io.parablock.raft.RaftConfig;
import io.parablock.raft.log.Entry;
import io.parablock.raft.log.EntryKind;
import io.parablock.raft.message.Message;
import io.parablock.replica.client.ClientMessage;
import io.parablock.transport.ObjectCopy;
import io.parablock.wal.MemoryWal;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.BiPredicate;
import java.util.function.BooleanSupplier;
import java.util.function.IntPredicate;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Three replicas over memory ports, a network that the test steers, and a clock that it turns. One thread, one order. */
final class ReplicaCluster implements AutoCloseable {
    static final long MS = 1_000_000L;
    static final int GROUP = 3;
    static final int STORE_BYTES = 1 << 20;
    static final int GATEWAY = 1;

    private record Packet(int from, int to, long boot, Message message) {}

    final class Node {
        final int id;
        final ForgetfulBlockStore store = new ForgetfulBlockStore(STORE_BYTES);
        final OrderCheckingStateStore state = new OrderCheckingStateStore();
        final ArrayDeque<Runnable> loop = new ArrayDeque<>();
        final List<String> events = new ArrayList<>();
        final List<String> damage = new ArrayList<>();
        WalRouter router = new WalRouter();
        MemoryWal wal = new MemoryWal(t -> router.onDurable(t));
        Replica replica;
        long boot;
        boolean up;
        String fatal = "";
        /** Nothing reaches the store, as if its disk were busy. */
        boolean holdApplies;

        Node(int id) {
            this.id = id;
        }

        void start() {
            boot = ++boots;
            router = new WalRouter();
            WalRouter r = router;
            wal = wal.crash(r);
            Identity identity = new Identity(0xabcL, GROUP, id, 1);
            Recovery.Recovered found = Recovery.recover(wal, List.of(new Recovery.Group(identity, state)), false, true)
                    .get(GROUP);
            ReplicaPorts ports = new ReplicaPorts(
                    new InlineWalStage(wal),
                    state,
                    store,
                    new HeldApplyStage(new InlineApplyStage(store), () -> holdApplies),
                    new Peers(this),
                    new Events(this),
                    loop::add,
                    background::add,
                    () -> now,
                    allocator);
            replica = new Replica(raftConfig(id), config, identity, found.state(), ports, id * 31L + boot);
            router.register(GROUP, replica::onWalDurable);
            up = true;
        }

        /** The process dies: nothing of it is left but its disk. */
        void crash() {
            up = false;
            replica.close();
            loop.clear();
            store.crash();
        }
    }

    private final class Peers implements PeerSender {
        final Node node;

        Peers(Node node) {
            this.node = node;
        }

        @Override
        public void send(int groupId, int to, Message m) {
            assertThat(groupId).isEqualTo(GROUP);
            assertThat(node.fatal).as("a stopped replica sends nothing").isEmpty();
            node.state.beforeSend(m);
            if (random.nextInt(1000) >= lossPerMille && !dropped.test(m) && !cut.test(m, to)) {
                wire.add(new Packet(node.id, to, node.boot, ObjectCopy.of(m)));
            }
        }

        @Override
        public void sendClient(int groupId, int to, ClientMessage m) {
            assertThat(node.fatal).as("a stopped replica answers nothing").isEmpty();
            assertThat(to).isEqualTo(GATEWAY);
            onReply(m);
        }

        @Override
        public boolean connected(int peer) {
            return !unreachable.test(peer);
        }
    }

    private record HeldApplyStage(ApplyStage stage, BooleanSupplier held) implements ApplyStage {
        @Override
        public void listener(Listener listener) {
            stage.listener(listener);
        }

        @Override
        public void apply(Entry entry, @Nullable ByteBuf payload) {
            stage.apply(entry, payload);
        }

        @Override
        public boolean endOfBatch() {
            return !held.getAsBoolean() && stage.endOfBatch();
        }

        @Override
        public void close() {
            stage.close();
        }
    }

    private static final class Events implements ReplicaEvents {
        final Node node;

        Events(Node node) {
            this.node = node;
        }

        @Override
        public void onLeaderChanged(int groupId, int leaderNode, boolean ready) {}

        @Override
        public void onFatal(int groupId, String line, Throwable cause) {
            node.fatal = line;
            if (!line.contains("injected")) {
                throw new AssertionError(line, cause);
            }
        }

        @Override
        public void onDamage(int groupId, String line) {
            node.damage.add(line);
        }

        @Override
        public void onEvent(int groupId, String line) {
            node.events.add(line);
        }
    }

    final Mode mode;
    final UnpooledByteBufAllocator allocator = new UnpooledByteBufAllocator(true);
    final Map<Integer, Node> nodes = new TreeMap<>();
    final ArrayDeque<Runnable> background = new ArrayDeque<>();
    final List<Packet> wire = new ArrayList<>();
    final Random random;
    final Map<Long, ClientMessage.Status> mutateReplies = new HashMap<>();
    final Map<Long, byte[]> readReplies = new HashMap<>();
    final Map<Long, ClientMessage.Status> readStatuses = new HashMap<>();
    final Map<Long, ClientMessage.Status> flushReplies = new HashMap<>();
    ReplicaConfig config;
    int retainSlots = 4096;
    long installBytesPerSecond = 64 << 20;
    int lossPerMille;
    Predicate<Message> dropped = m -> false;
    /** Nobody has a connection to it, as far as blocks go. */
    IntPredicate unreachable = node -> false;

    BiPredicate<Message, Integer> cut = (m, to) -> false;
    boolean shuffle;
    boolean mapped;
    long session;
    long now = 1_000 * MS;
    private long boots;
    private long requestId;

    ReplicaCluster(Mode mode, long seed) {
        this(mode, seed, false, new ReplicaConfig(64 << 10, 1_000 * MS, 64 << 10, 256, 256, 4));
    }

    ReplicaCluster(Mode mode, long seed, boolean mapped, ReplicaConfig config) {
        this.mode = mode;
        this.mapped = mapped;
        this.config = config;
        this.random = new Random(seed);
        for (int i = 1; i <= 3; i++) {
            nodes.put(i, new Node(i));
        }
        nodes.values().forEach(Node::start);
    }

    private RaftConfig raftConfig(int id) {
        return new RaftConfig(
                        GROUP,
                        id,
                        new int[] {1, 2, 3},
                        mode,
                        16,
                        300 * MS,
                        50 * MS,
                        100 * MS,
                        retainSlots,
                        8,
                        1 << 20,
                        32,
                        16,
                        256,
                        mapped)
                .withInstall(new InstallConfig(0, 16 << 10, 4, installBytesPerSecond, 1 << 20));
    }

    private static void release(Message m) {
        PeerInbox.release(m);
    }

    private void onReply(ClientMessage m) {
        if (m instanceof ClientMessage.MutateReply r) {
            mutateReplies.merge(r.seq(), r.status(), (a, b) -> a == ClientMessage.Status.OK ? a : b);
        } else if (m instanceof ClientMessage.SessionOpened r && r.status() == ClientMessage.Status.OK) {
            session = r.session();
        } else if (m instanceof ClientMessage.ReadReply r) {
            ByteBuf payload = r.payload();
            readStatuses.put(r.requestId(), r.status());
            if (payload != null) {
                byte[] bytes = new byte[payload.readableBytes()];
                payload.readBytes(bytes);
                payload.release();
                readReplies.put(r.requestId(), bytes);
            }
        } else if (m instanceof ClientMessage.FlushReply r) {
            flushReplies.put(r.requestId(), r.status());
        }
    }

    // ---------------------------------------------------------------- time

    /** Delivers until nobody has anything to do. */
    void settle() {
        for (int round = 0; round < 10_000; round++) {
            boolean busy = !background.isEmpty();
            while (!background.isEmpty()) {
                background.remove().run();
            }
            for (Node n : nodes.values()) {
                while (n.up && !n.loop.isEmpty()) {
                    n.loop.remove().run();
                    busy = true;
                }
            }
            while (!wire.isEmpty()) {
                busy = true;
                Packet p = wire.remove(shuffle ? random.nextInt(wire.size()) : 0);
                Node to = nodes.get(p.to);
                if (to.up && to.fatal.isEmpty() && nodes.get(p.from).boot == p.boot) {
                    to.replica.onPeerMessage(p.from, p.from, p.boot, p.message);
                } else {
                    release(p.message);
                }
            }
            nodes.values().stream().filter(n -> n.up).forEach(n -> n.replica.endOfBatch());
            if (!busy && wire.isEmpty() && background.isEmpty()) {
                nodes.values().stream()
                        .filter(n -> n.up)
                        .forEach(n -> n.replica.core().checkInvariants());
                return;
            }
        }
        throw new AssertionError("the cluster does not come to rest");
    }

    void advance(int ms) {
        for (int i = 0; i < ms; i += 5) {
            now += 5 * MS;
            nodes.values().stream().filter(n -> n.up).forEach(n -> n.replica.tick());
            settle();
        }
    }

    Node leader() {
        for (int i = 0; i < 1000; i++) {
            for (Node n : nodes.values()) {
                // A leader that is cut off may still think so.
                if (n.up && n.replica.core().isReady() && n.fatal.isEmpty()) {
                    return n;
                }
            }
            advance(5);
        }
        throw new AssertionError("no leader");
    }

    /** All but this one. */
    List<Node> others(Node one) {
        return nodes.values().stream().filter(n -> n != one).toList();
    }

    /** All processes die and start again, on what is configured now. */
    void restartAll() {
        nodes.values().forEach(Node::crash);
        nodes.values().forEach(Node::start);
    }

    Node follower() {
        Node l = leader();
        return nodes.values().stream().filter(n -> n.up && n != l).findFirst().orElseThrow();
    }

    // ---------------------------------------------------------------- client

    void openSession() {
        session = 0;
        for (int i = 0; i < 100 && session == 0; i++) {
            leader().replica.onClientRequest(GATEWAY, new ClientMessage.OpenSession(77, 5));
            settle();
            advance(10);
        }
        assertThat(session).isPositive();
    }

    /** Sends, does not wait. */
    void write(long seq, long lowest, long offset, byte[] data, boolean fua) {
        ByteBuf payload = allocator.directBuffer().writeBytes(data);
        leader().replica
                .onClientRequest(
                        GATEWAY,
                        new ClientMessage.Mutate(
                                session,
                                seq,
                                lowest,
                                EntryKind.WRITE,
                                offset,
                                data.length,
                                fua,
                                LogReader.crc(payload),
                                payload));
    }

    void zero(long seq, EntryKind kind, long offset, long length) {
        leader().replica
                .onClientRequest(
                        GATEWAY, new ClientMessage.Mutate(session, seq, 0, kind, offset, length, false, 0, null));
    }

    boolean isAnswered(long seq) {
        return mutateReplies.get(seq) == ClientMessage.Status.OK;
    }

    /** One read, for so long. Returns its status, null for none yet. */
    ClientMessage.@Nullable Status readOnce(long offset, int length, int waitMs) {
        long id = ++requestId;
        leader().replica.onClientRequest(GATEWAY, new ClientMessage.Read(id, offset, length));
        settle();
        for (int ms = 0; ms < waitMs && !readStatuses.containsKey(id); ms += 10) {
            advance(10);
        }
        return readStatuses.get(id);
    }

    byte[] read(long offset, int length) {
        for (int i = 0; i < 200; i++) {
            long id = ++requestId;
            leader().replica.onClientRequest(GATEWAY, new ClientMessage.Read(id, offset, length));
            settle();
            advance(10);
            if (readReplies.containsKey(id)) {
                return readReplies.get(id);
            }
        }
        throw new AssertionError("a read is not answered");
    }

    /** What a read is answered with. */
    ClientMessage.Status readStatus(long offset, int length) {
        long id = ++requestId;
        leader().replica.onClientRequest(GATEWAY, new ClientMessage.Read(id, offset, length));
        settle();
        advance(200);
        return readStatuses.get(id);
    }

    ClientMessage.Status flush() {
        long id = ++requestId;
        leader().replica.onClientRequest(GATEWAY, new ClientMessage.Flush(id));
        settle();
        advance(200);
        return flushReplies.get(id);
    }

    static byte[] bytes(int length, int fill) {
        byte[] b = new byte[length];
        for (int i = 0; i < length; i++) {
            b[i] = (byte) (fill + i / 512);
        }
        return b;
    }

    /** Everyone up, everything sent: all devices are byte-identical. */
    void assertIdentical() {
        advance(1500);
        byte[] first = nodes.get(1).store.content();
        for (Node n : nodes.values()) {
            assertThat(n.replica.core().status().appliedPrefix())
                    .as("applied on node %s", n.id)
                    .isEqualTo(leader().replica.core().status().appliedPrefix());
            assertThat(java.util.Arrays.mismatch(first, n.store.content()))
                    .as("first difference between node 1 and node %s", n.id)
                    .isEqualTo(-1);
        }
    }

    /** Ends everything and checks that no payload is left. */
    @Override
    public void close() {
        for (Node n : nodes.values()) {
            if (n.up) {
                n.replica.close();
                n.up = false;
            }
        }
        wire.forEach(p -> release(p.message));
        wire.clear();
        while (!background.isEmpty()) {
            background.remove().run();
        }
        for (Node n : nodes.values()) {
            while (!n.loop.isEmpty()) {
                n.loop.remove().run();
            }
        }
        assertThat(allocator.metric().usedDirectMemory())
                .as("leaked payload bytes")
                .isZero();
    }
}
