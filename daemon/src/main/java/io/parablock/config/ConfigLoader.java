package io.parablock.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigValue;
import io.parablock.config.NodeConfig.Peer;
import io.parablock.config.NodeConfig.Volume;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** Reads a node's file, puts the overrides over it, and checks every key. */
public final class ConfigLoader {
    private static final int PEERS_MAX = 7;
    /** One gateway may hold this part of what all may. */
    private static final long GATEWAY_SHARES = 4;

    private static final int GROUPS_MAX = 1024;
    /** A lease is shorter than the election timeout: below this nothing would be left of it (docs/operating.md, "Reads"). */
    private static final long LEASE_ELECTION_TIMEOUT_MS_MIN = 50;

    private ConfigLoader() {}

    /** @throws ConfigException with one line that names the place or the key */
    public static NodeConfig load(Path file) {
        return load(file, System.getenv(), System.getProperties());
    }

    public static NodeConfig load(Path file, Map<String, String> environment, Properties properties) {
        Config config = ConfigLayers.read(file, environment, properties, Role.NODE);
        return ConfigLayers.placed(file.toString(), () -> read(config));
    }

    /** The text of a file. */
    public static NodeConfig parse(String text) {
        return ConfigLayers.placed(
                "",
                () -> read(
                        ConfigLayers.merged(ConfigFactory.parseString(text), Map.of(), new Properties(), Role.NODE)));
    }

    /** The documented defaults. */
    public static Config reference() {
        return ReferenceFile.config();
    }

    static NodeConfig read(Config config) {
        KeyReader r = new KeyReader(config);
        String cluster = r.text("cluster.id");
        List<Peer> peers = peers(config);
        int nodeId = r.number("node.id");
        Peer self = peers.stream()
                .filter(p -> p.id() == nodeId)
                .findFirst()
                .orElseThrow(() -> r.error("node.id", nodeId + " is not among peers"));
        NodeConfig.DurabilityMode durability = r.choice("durability", NodeConfig.DurabilityMode.class);
        NodeConfig.NbdKeys nbd = nbd(r);
        InetSocketAddress http = r.address("http.listen");
        requireOwnAddresses(r, self, nbd.listen(), http);
        NodeConfig.ReadMode reads = r.choice("reads", NodeConfig.ReadMode.class);
        return new NodeConfig(
                cluster,
                nodeId,
                Path.of(r.text("node.data_dir")),
                peers,
                nbd,
                http,
                volumes(config),
                r.choice("mode", NodeConfig.ReplicationMode.class),
                durability,
                reads,
                wal(r, durability),
                pipeline(r),
                transport(r),
                raft(r, reads),
                new NodeConfig.CheckpointKeys(r.bytes("checkpoint.bytes"), r.time("checkpoint.interval")),
                new NodeConfig.StoreKeys(r.bytes("store.sums_cache_bytes")),
                new NodeConfig.InstallKeys(r.bytes("install.bytes_per_second"), r.number("install.pin_slots_max")),
                scrub(r),
                new NodeConfig.HealthKeys(
                        r.bytes("health.disk_free"), r.bytes("health.wal_bytes"), r.time("health.clock_jump")),
                gateway(r, r.number("raft.session_window")),
                limits(r),
                log(r),
                new NodeConfig.MetricsKeys(r.flag("metrics.requests"), r.number("metrics.writes_per_timed")),
                ImpairmentReader.read(r, peers));
    }

    private static NodeConfig.WalKeys wal(KeyReader r, NodeConfig.DurabilityMode durability) {
        NodeConfig.WalKeys wal = new NodeConfig.WalKeys(
                r.choice("wal.engine", NodeConfig.WalEngine.class),
                r.bytes("wal.segment_bytes"),
                r.bytes("wal.reserve_bytes"),
                r.number("wal.writes_in_flight"),
                (int) r.bytes("wal.write_bytes"));
        if (wal.engine() == NodeConfig.WalEngine.DIRECT && durability == NodeConfig.DurabilityMode.MAPPED) {
            throw r.error("wal.engine", "direct is for durability fsync; use chronicle for mapped");
        }
        return wal;
    }

    /** A node that listens twice at one place would not start, and say less about why. */
    private static void requireOwnAddresses(KeyReader r, Peer self, List<SocketAddress> nbd, InetSocketAddress http) {
        Map<SocketAddress, String> taken = new HashMap<>();
        take(r, taken, InetSocketAddress.createUnresolved(self.host(), self.port()), "peers");
        for (SocketAddress address : nbd) {
            take(r, taken, address, "nbd.listen");
        }
        take(r, taken, http, "http.listen");
    }

    /** Port 0 takes a free one each time. */
    private static void take(KeyReader r, Map<SocketAddress, String> taken, SocketAddress address, String key) {
        boolean free = address instanceof InetSocketAddress tcp && tcp.getPort() == 0;
        String other = free ? null : taken.putIfAbsent(address, key);
        if (other != null) {
            String text = address instanceof InetSocketAddress tcp
                    ? tcp.getHostString() + ":" + tcp.getPort()
                    : "unix:" + address;
            throw r.error(key, "has " + text + (other.equals(key) ? " twice" : ", which is in " + other + " too"));
        }
    }

    static NodeConfig.PipelineKeys pipeline(KeyReader r) {
        return new NodeConfig.PipelineKeys(
                r.choice("pipeline.kind", NodeConfig.PipelineKind.class),
                r.choice("pipeline.wait", NodeConfig.PipelineWait.class),
                r.number("pipeline.ring_size"));
    }

    static NodeConfig.TransportKeys transport(KeyReader r) {
        return new NodeConfig.TransportKeys(
                r.choice("transport.kind", NodeConfig.NetworkKind.class),
                r.number("transport.lanes"),
                r.number("strict.lanes"),
                transportLimits(r));
    }

    static NodeConfig.LogKeys log(KeyReader r) {
        return new NodeConfig.LogKeys(
                r.text("log.target"),
                r.choice("log.level", NodeConfig.LogLevel.class),
                r.choice("log.format", NodeConfig.LogFormat.class),
                r.number("log.events_max"),
                r.number("log.queue_lines"),
                r.time("log.flush_timeout"));
    }

    static NodeConfig.NbdKeys nbd(KeyReader r) {
        return new NodeConfig.NbdKeys(
                r.listeners("nbd.listen"),
                r.time("nbd.handshake_timeout"),
                r.time("nbd.keep_alive"),
                r.time("nbd.client_stall"),
                r.time("nbd.stop_grace"),
                r.choice("nbd.stop_reply", NodeConfig.StopReply.class),
                r.number("nbd.accepts_per_second"),
                r.number("nbd.accept_backlog"));
    }

    private static NodeConfig.TransportLimits transportLimits(KeyReader r) {
        NodeConfig.TransportLimits limits = new NodeConfig.TransportLimits(
                (int) r.bytes("transport.frame_bytes_max"),
                r.bytes("transport.queue_bytes_max"),
                r.bytes("transport.queue_bytes_hard"),
                r.time("transport.reconnect_min"),
                r.time("transport.reconnect_max"),
                (int) r.bytes("transport.hello_bytes_max"),
                r.time("transport.hello_timeout"),
                r.number("transport.gateways_max"),
                r.bytes("transport.gateway_reply_bytes_max"),
                r.time("transport.gateway_keep_alive"));
        r.require(
                limits.queueBytesHard() >= 2 * limits.queueBytesMax(),
                "transport.queue_bytes_hard",
                "must be at least twice",
                "transport.queue_bytes_max");
        r.require(
                limits.gatewayReplyBytesMax() >= GATEWAY_SHARES * limits.frameBytesMax(),
                "transport.gateway_reply_bytes_max",
                "must be at least four times",
                "transport.frame_bytes_max");
        r.require(
                limits.reconnectMinNs() <= limits.reconnectMaxNs(),
                "transport.reconnect_min",
                "must be at most",
                "transport.reconnect_max");
        return limits;
    }

    private static NodeConfig.RaftKeys raft(KeyReader r, NodeConfig.ReadMode reads) {
        NodeConfig.RaftKeys raft = new NodeConfig.RaftKeys(
                r.number("raft.span"),
                r.time("raft.election_timeout"),
                r.time("raft.heartbeat_interval"),
                r.time("raft.retransmit"),
                r.time("raft.reorder_window"),
                r.time("raft.handover_timeout"),
                r.number("raft.retain_slots_max"),
                r.bytes("raft.in_flight_bytes_max"),
                r.number("raft.sessions_max"),
                r.number("raft.session_window"),
                r.time("raft.session_expiry"),
                r.number("raft.clock_drift_ppm"),
                new NodeConfig.SlowKeys(
                        r.time("raft.slow_leader.limit"),
                        r.time("raft.slow_leader.for"),
                        r.time("raft.slow_leader.back_off"),
                        r.time("raft.slow_follower.limit"),
                        r.time("raft.slow_follower.for"),
                        r.time("raft.slow_follower.behind")));
        r.require(
                raft.heartbeatIntervalNs() * 3 <= raft.electionTimeoutNs(),
                "raft.heartbeat_interval",
                "must be at most a third of",
                "raft.election_timeout");
        boolean leased = reads == NodeConfig.ReadMode.LEASE;
        if (leased && raft.electionTimeoutNs() < TimeUnit.MILLISECONDS.toNanos(LEASE_ELECTION_TIMEOUT_MS_MIN)) {
            throw r.error(
                    "raft.election_timeout",
                    "must be at least " + LEASE_ELECTION_TIMEOUT_MS_MIN + "ms with reads = lease");
        }
        return raft;
    }

    private static NodeConfig.ScrubKeys scrub(KeyReader r) {
        return new NodeConfig.ScrubKeys(
                r.bytes("scrub.bytes_per_second"),
                r.bytes("scrub.recheck_bytes_per_second"),
                r.time("scrub.interval"),
                r.time("scrub.repair_wait"),
                r.number("scrub.pin_slots_max"));
    }

    /** @param windowMax {@code raft.session_window} */
    static NodeConfig.GatewayKeys gateway(KeyReader r, int windowMax) {
        int window = r.number("gateway.session_window");
        r.require(window <= windowMax, "gateway.session_window", "must be at most", "raft.session_window");
        return new NodeConfig.GatewayKeys(
                (int) r.bytes("gateway.entry_bytes_max"),
                (int) r.bytes("gateway.range_bytes_max"),
                r.number("gateway.range_steps_max"),
                window,
                r.time("gateway.retry"),
                r.time("gateway.redirect_interval"),
                r.time("gateway.open_retry_max"),
                r.time("gateway.request_timeout"));
    }

    static NodeConfig.Limits limits(KeyReader r) {
        return new NodeConfig.Limits(
                r.bytes("limits.payload_cache_bytes"),
                r.number("limits.proposal_queue"),
                r.bytes("limits.proposal_queue_bytes"),
                r.number("limits.reads_max"),
                r.number("limits.catch_up_reads_max"),
                r.number("limits.volumes"),
                r.number("limits.nbd_connections"),
                r.bytes("limits.nbd_connection_bytes"),
                r.bytes("limits.nbd_total_bytes"));
    }

    /** The objects of a list, each with known keys only. */
    private static List<KeyReader> objects(Config config, String list) {
        KeyReader r = new KeyReader(config);
        List<? extends Config> items;
        try {
            items = config.getConfigList(list);
        } catch (com.typesafe.config.ConfigException e) {
            throw r.error(list, "must be a list of objects");
        }
        Set<String> known = KeyCatalogue.members(list).keySet();
        List<KeyReader> out = new ArrayList<>();
        for (int i = 0; i < items.size(); i++) {
            for (Map.Entry<String, ConfigValue> e : items.get(i).entrySet()) {
                if (!known.contains(e.getKey())) {
                    throw new ConfigException(
                            Origin.of(e.getValue().origin()).prefix(),
                            ConfigLayers.unknown(e.getKey(), KeyCatalogue.nearest(e.getKey(), known)) + " (in " + list
                                    + "[" + i + "])");
                }
            }
            out.add(KeyReader.ofObject(items.get(i), list, i));
        }
        return out;
    }

    static List<Peer> peers(Config config) {
        List<KeyReader> objects = objects(config, "peers");
        if (objects.isEmpty()) {
            throw new KeyReader(config).error("peers", "is required");
        }
        if (objects.size() > PEERS_MAX) {
            throw new KeyReader(config).error("peers", "must be at most " + PEERS_MAX);
        }
        List<Peer> out = new ArrayList<>();
        Map<Integer, Integer> ids = new HashMap<>();
        Map<InetSocketAddress, Integer> addresses = new HashMap<>();
        for (KeyReader r : objects) {
            Peer peer = peer(r);
            if (ids.putIfAbsent(peer.id(), peer.id()) != null) {
                throw r.error("id", peer.id() + " is there twice");
            }
            // Port 0 takes a free one each time.
            Integer other = peer.port() == 0
                    ? null
                    : addresses.putIfAbsent(InetSocketAddress.createUnresolved(peer.host(), peer.port()), peer.id());
            if (other != null) {
                throw r.error(
                        r.has("address") ? "address" : "port",
                        "of node " + peer.id() + " is the address of node " + other + " too: " + peer.host() + ":"
                                + peer.port());
            }
            out.add(peer);
        }
        return out;
    }

    private static Peer peer(KeyReader r) {
        int id = r.number("id");
        if (r.has("address")) {
            if (r.has("host") || r.has("port")) {
                throw r.error("address", "is given, and so is host or port; one of them is enough");
            }
            InetSocketAddress address = r.address("address");
            return new Peer(id, address.getHostString(), address.getPort());
        }
        return new Peer(id, r.text("host"), r.number("port"));
    }

    private static List<Volume> volumes(Config config) {
        List<Volume> out = new ArrayList<>();
        Set<String> names = new HashSet<>();
        long groups = 0;
        for (KeyReader r : objects(config, "volumes")) {
            Volume v = new Volume(r.text("name"), r.bytes("size"), r.bytes("chunk_size"), r.flag("read_only"));
            if (!names.add(v.name())) {
                throw r.error("name", v.name() + " is there twice");
            }
            groups += (v.sizeBytes() + v.chunkBytes() - 1) / v.chunkBytes();
            if (groups > GROUPS_MAX) {
                throw r.error("chunk_size", "is too small: the volumes have more than " + GROUPS_MAX + " chunks");
            }
            out.add(v);
        }
        return out;
    }
}
