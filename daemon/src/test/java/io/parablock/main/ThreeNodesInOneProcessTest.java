package io.parablock.main;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.netty.buffer.ByteBuf;
import io.parablock.config.ConfigLoader;
import io.parablock.config.NodeConfig;
import io.parablock.raft.log.Entry;
import io.parablock.raft.message.Message;
import io.parablock.replica.client.ClientMessage;
import io.parablock.transport.Doorkeeper;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

/** Whole nodes on real files and NBD sockets; only the links between them are calls instead of sockets. */
@Timeout(60)
@Isolated("real time")
class ThreeNodesInOneProcessTest {
    private static final int ANSWER_TIMEOUT_MS = 30_000;

    private static final int VOLUME_BYTES = 8 << 20;

    @TempDir
    private Path dir;

    private final Map<Integer, Link> links = new ConcurrentHashMap<>();
    private final List<Node> nodes = new ArrayList<>();
    private final List<String> fatals = new ArrayList<>();

    /** Calls the peer's receiver; entries are copied so that nodes share nothing. */
    private final class Link implements PeerLinks {
        private final int id;
        private final long boot;
        private final Doorkeeper door;
        private final Receiver receiver;
        private volatile boolean up;

        Link(int id, Sockets sockets, Receiver receiver) {
            this.id = id;
            this.boot = sockets.boot();
            this.door = sockets.door();
            this.receiver = receiver;
        }

        @Override
        public void start() {
            up = true;
            links.put(id, this);
            links.values().forEach(l -> {
                if (l.id != id) {
                    door.onHello(l.id, l.door.standing());
                    l.door.onHello(id, door.standing());
                    l.receiver.onConnected(id, true);
                    receiver.onConnected(l.id, true);
                }
            });
        }

        private static Entry copy(Entry e) {
            Entry c = new Entry(
                    e.slot(),
                    e.origin(),
                    e.kind(),
                    e.offsetBytes(),
                    e.lengthBytes(),
                    e.session(),
                    e.seq(),
                    e.lowestOutstanding(),
                    e.payloadCrc(),
                    e.payloadLength(),
                    e.dep());
            c.payload = e.payload instanceof ByteBuf b ? b.copy() : null;
            return c;
        }

        @Override
        public void send(int groupId, int to, Message m) {
            Link peer = links.get(to);
            if (up && peer != null && peer.up) {
                Message own = m;
                if (m instanceof Message.Append a) {
                    List<Entry> entries = a.entries().stream().map(Link::copy).toList();
                    own = new Message.Append(
                            a.term(), entries, a.lookBehindFirst(), a.lookBehind(), a.round(), a.commit());
                } else if (m instanceof Message.Entries es) {
                    own = new Message.Entries(
                            es.term(), es.entries().stream().map(Link::copy).toList());
                }
                peer.receiver.onMessage(groupId, id, boot, own);
            }
        }

        @Override
        public void sendClient(int groupId, int to, ClientMessage m) {
            Link peer = links.get(to);
            if (up && peer != null && peer.up) {
                peer.receiver.onClient(groupId, id, m);
            } else {
                NodeGroup.release(m);
            }
        }

        @Override
        public boolean connected(int peer) {
            Link l = links.get(peer);
            return up && l != null && l.up;
        }

        @Override
        public void close() {
            up = false;
            links.remove(id);
            links.values().forEach(l -> l.receiver.onConnected(id, false));
        }
    }

    private Node startNode(int id, String extra) throws IOException {
        NodeConfig config = ConfigLoader.parse("""
                cluster.id = test
                node.id = %d
                node.data_dir = "%s"
                wal.write_bytes = 256KiB
                peers = [ {id=1, address="127.0.0.1:0"}, {id=2, address="127.0.0.1:0"}, {id=3, address="127.0.0.1:0"} ]
                nbd.listen = "127.0.0.1:0"
                http.listen = "127.0.0.1:0"
                volumes = [ { name = disk, size = 8MiB, chunk_size = 4MiB } ]
                %s
                """.formatted(id, dir.resolve("node" + id), extra));
        Node node = new Node(config, (c, sockets, receiver) -> new Link(c.nodeId(), sockets, receiver), line -> {
            synchronized (fatals) {
                fatals.add(line);
            }
        });
        node.start();
        return node;
    }

    @AfterEach
    void stop() {
        nodes.forEach(Node::close);
        assertThat(fatals).isEmpty();
    }

    @Test
    void shouldServeOneVolumeThroughEveryNode() throws Exception {
        run("pipeline = inline");
    }

    @Test
    void shouldDoTheSameWithThreads() throws Exception {
        run("pipeline = threads");
    }

    /** The groups hear of what is late from another thread than the WAL's. */
    @Test
    void shouldDoTheSameWithThreadsAndASlowLog() throws Exception {
        run("pipeline = threads\nimpairment { wal_delay = 5ms, wal_delay_probability = 0.2 }");
    }

    @Test
    void shouldDoTheSameInStrictMode() throws Exception {
        run("mode = strict");
    }

    /** A group that was not handed over would be without a leader for an election timeout at least. */
    @Test
    void shouldHandOverEveryGroupBeforeAStop() throws Exception {
        long electionTimeoutMs = 5_000;
        String extra = """
                raft.election_timeout = %dms
                raft.handover_timeout = 20s
                volumes = [ { name = disk, size = 8MiB, chunk_size = 1MiB } ]
                """.formatted(electionTimeoutMs);
        for (int id = 1; id <= 3; id++) {
            nodes.add(startNode(id, extra));
        }
        for (int stopped = 0; stopped < 3; stopped++) {
            try (Client c = new Client(nodes.get((stopped + 1) % 3).nbdAddress())) {
                writeEveryChunk(c);
                nodes.get(stopped).close();
                long beganNs = System.nanoTime();
                writeEveryChunk(c);
                assertThat((System.nanoTime() - beganNs) / 1_000_000)
                        .as("ms that 8 groups took after node %d had stopped", stopped + 1)
                        .isLessThan(electionTimeoutMs);
            }
            nodes.set(stopped, startNode(stopped + 1, extra));
        }
    }

    private static void writeEveryChunk(Client c) throws IOException {
        for (int offset = 0; offset < VOLUME_BYTES; offset += 1 << 20) {
            c.write(offset, new byte[4096]);
        }
    }

    /** Each of them costs the cluster something only when it writes. */
    @Test
    void shouldServeMoreReadersThanThereMayBeSessions() throws Exception {
        for (int id = 1; id <= 3; id++) {
            nodes.add(startNode(id, "raft.sessions_max = 2"));
        }
        List<Client> readers = new ArrayList<>();
        try {
            for (int i = 0; i < 12; i++) {
                Client c = new Client(nodes.get(i % 3).nbdAddress());
                readers.add(c);
                assertThat(c.read(0, 4096)).isEqualTo(new byte[4096]);
                c.command(3, 0, 0);
            }
            byte[] content = new byte[4096];
            new Random(2).nextBytes(content);
            readers.get(11).write(0, content);
            readers.get(6).write(4 << 20, content);
            for (Client c : readers) {
                assertThat(c.read(0, 4096)).isEqualTo(content);
            }
        } finally {
            for (Client c : readers) {
                c.close();
            }
        }
    }

    @Test
    void shouldReadByLease() throws Exception {
        assumeTrue(Files.isReadable(Path.of("/proc/uptime")), "this system does not tell its uptime");
        run("reads = lease");
        long deadlineNs = System.nanoTime() + 30_000_000_000L;
        try (Client c = new Client(nodes.get(1).nbdAddress())) {
            long byLease = 0;
            while (byLease == 0 && System.nanoTime() < deadlineNs) {
                c.read(0, 4096);
                for (Node node : nodes) {
                    Matcher m = Pattern.compile("\"lease_reads\" *: *(\\d+)").matcher(status(node));
                    while (m.find()) {
                        byLease += Long.parseLong(m.group(1));
                    }
                }
            }
            assertThat(byLease).isPositive();
        }
    }

    private static String status(Node node) throws Exception {
        try (InputStream in = new URI("http://127.0.0.1:" + node.httpAddress().getPort() + "/status")
                .toURL()
                .openStream()) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private void run(String extra) throws Exception {
        for (int id = 1; id <= 3; id++) {
            nodes.add(startNode(id, extra));
        }
        byte[] content = new byte[3 << 20];
        new Random(1).nextBytes(content);
        int offset = (4 << 20) - (1 << 20) - 512;
        try (Client c = new Client(nodes.get(0).nbdAddress())) {
            assertThat(c.size).isEqualTo(VOLUME_BYTES);
            c.write(offset, content);
            c.command(3, 0, 0);
        }
        for (Node node : nodes) {
            try (Client c = new Client(node.nbdAddress())) {
                assertThat(c.read(offset, content.length)).isEqualTo(content);
            }
        }
        for (Node node : nodes) {
            node.close();
        }
        nodes.clear();
        for (int id = 1; id <= 3; id++) {
            nodes.add(startNode(id, extra));
        }
        try (Client c = new Client(nodes.get(2).nbdAddress())) {
            assertThat(c.read(offset, content.length)).isEqualTo(content);
            c.command(4, offset, 4096 * 4);
            assertThat(c.read(offset, 4096)).isEqualTo(new byte[4096]);
        }
        String status = new String(
                new java.net.URI(
                                "http://127.0.0.1:" + nodes.get(0).httpAddress().getPort() + "/status")
                        .toURL()
                        .openStream()
                        .readAllBytes(),
                StandardCharsets.UTF_8);
        assertThat(status).contains("\"wal_engine\":\"direct/", "\"groups\":[");
        String metrics = new String(
                new java.net.URI(
                                "http://127.0.0.1:" + nodes.get(2).httpAddress().getPort() + "/metrics")
                        .toURL()
                        .openStream()
                        .readAllBytes(),
                StandardCharsets.UTF_8);
        assertThat(metrics).contains("parablock_gateway_request_seconds");
    }

    /** The least NBD client: EXPORT_NAME, one request at a time. */
    static final class Client implements AutoCloseable {
        private final Socket socket;
        private final DataInputStream in;
        private final DataOutputStream out;
        private final long size;

        Client(InetSocketAddress address) throws IOException {
            socket = new Socket(InetAddress.getLoopbackAddress(), address.getPort());
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(ANSWER_TIMEOUT_MS);
            in = new DataInputStream(socket.getInputStream());
            out = new DataOutputStream(new java.io.BufferedOutputStream(socket.getOutputStream()));
            in.readFully(new byte[18]);
            out.writeInt(3);
            out.writeLong(0x49484156454F5054L);
            out.writeInt(1);
            out.writeInt(4);
            out.write("disk".getBytes(StandardCharsets.US_ASCII));
            out.flush();
            size = in.readLong();
            int unused = in.readUnsignedShort();
        }

        private void request(int type, long offset, int length) throws IOException {
            out.writeInt(0x25609513);
            out.writeShort(0);
            out.writeShort(type);
            out.writeLong(7);
            out.writeLong(offset);
            out.writeInt(length);
        }

        private void reply() throws IOException {
            out.flush();
            assertThat(in.readInt()).isEqualTo(0x67446698);
            assertThat(in.readInt()).isZero();
            assertThat(in.readLong()).isEqualTo(7);
        }

        void write(long offset, byte[] content) throws IOException {
            request(1, offset, content.length);
            out.write(content);
            reply();
        }

        void command(int type, long offset, int length) throws IOException {
            request(type, offset, length);
            reply();
        }

        byte[] read(long offset, int length) throws IOException {
            request(0, offset, length);
            reply();
            byte[] content = new byte[length];
            in.readFully(content);
            return content;
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }
}
