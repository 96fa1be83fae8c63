package io.parablock.main;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.parablock.config.ConfigLoader;
import io.parablock.config.NodeConfig;
import io.parablock.events.EventLog;
import io.parablock.raft.log.Entry;
import io.parablock.raft.message.Message;
import io.parablock.replica.client.ClientMessage;
import io.parablock.transport.Doorkeeper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiPredicate;

/** Nodes of one cluster in this process, on real files and sockets; only the links between them are calls. */
final class NodesInOneProcess implements AutoCloseable {
    final List<Node> nodes = new ArrayList<>();

    /** Of a message to this node: whether it arrives. Asked on the senders' threads. */
    volatile BiPredicate<Integer, Message> passes = (to, m) -> true;

    /** Of each node, since its last start. */
    final Map<Integer, EventLog> events = new ConcurrentHashMap<>();

    private final Path dir;
    private final Map<Integer, Link> links = new ConcurrentHashMap<>();
    /** Why nodes said that they have to stop; a process would have halted. */
    final List<String> fatals = Collections.synchronizedList(new ArrayList<>());

    NodesInOneProcess(Path dir) {
        this.dir = dir;
    }

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
            if (up && peer != null && peer.up && passes.test(to, m)) {
                Message own = m;
                if (m instanceof Message.Append a) {
                    List<Entry> entries = a.entries().stream().map(Link::copy).toList();
                    own = new Message.Append(
                            a.term(), entries, a.lookBehindFirst(), a.lookBehind(), a.round(), a.commit());
                } else if (m instanceof Message.Entries es) {
                    own = new Message.Entries(
                            es.term(), es.entries().stream().map(Link::copy).toList());
                } else if (m instanceof Message.InstallExtent x && x.payload() instanceof ByteBuf piece) {
                    own = new Message.InstallExtent(
                            x.term(),
                            x.installId(),
                            x.offsetBytes(),
                            x.lengthBytes(),
                            x.crc(),
                            piece.copy(),
                            x.damaged());
                }
                peer.receiver.onMessage(groupId, id, door.standing().incarnation(), boot, own);
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

    /** @param extra lines of its configuration, which win */
    Node start(int id, String extra) throws IOException {
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
        PeerLinks.Factory links = (c, sockets, receiver) -> new Link(c.nodeId(), sockets, receiver);
        EventLog told = new EventLog(1_024);
        events.put(id, told);
        Node node = new Node(config, links, told, fatals::add);
        node.start();
        return node;
    }

    /** Three of them, of the same configuration. */
    void startThree(String extra) throws IOException {
        for (int id = 1; id <= 3; id++) {
            nodes.add(start(id, extra));
        }
    }

    static String get(Node node, String path) throws Exception {
        return HttpClient.newHttpClient()
                .send(HttpRequest.newBuilder(uri(node, path)).build(), HttpResponse.BodyHandlers.ofString())
                .body();
    }

    static HttpResponse<String> post(Node node, String path) throws Exception {
        return HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(uri(node, path))
                                .POST(HttpRequest.BodyPublishers.noBody())
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
    }

    private static URI uri(Node node, String path) {
        return URI.create("http://127.0.0.1:" + node.httpAddress().getPort() + path);
    }

    @Override
    public void close() {
        nodes.forEach(Node::close);
        assertThat(fatals).isEmpty();
    }
}
