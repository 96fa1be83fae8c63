package io.parablock.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigResolveOptions;
import com.typesafe.config.ConfigSyntax;
import com.typesafe.config.ConfigUtil;
import com.typesafe.config.ConfigValue;
import io.parablock.config.NodeConfig.Peer;
import io.parablock.config.NodeConfig.Volume;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;

/** Reads a node's file, puts the overrides over it, and checks every key. */
public final class ConfigLoader {
    private static final String REFERENCE = "parablock-reference.conf";
    private static final String ENV_PREFIX = "PARABLOCK_";
    private static final String PROPERTY_PREFIX = "parablock.";

    /** Properties of the launcher, not of the configuration. */
    private static final Set<String> PROPERTIES_OF_OTHERS = Set.of("home");

    /** Variables of the launcher and of the tests. */
    private static final Set<String> ENV_OF_OTHERS = Set.of("PARABLOCK_HOME", "PARABLOCK_JAVA", "PARABLOCK_E2E");

    private static final int PEERS_MAX = 7;
    static final int NODE_ID_MAX = 255;
    /** One gateway may hold this part of what all may. */
    private static final long GATEWAY_SHARES = 4;

    private static final int GROUPS_MAX = 1024;
    static final int SESSION_WINDOW_MAX = 65_536;
    private static final long KIB = 1024;
    private static final long MIB = 1024 * KIB;
    private static final long GIB = 1024 * MIB;
    private static final long SECOND_MS = 1000;
    private static final long BLOCK_BYTES = 4 * KIB;

    private ConfigLoader() {}

    /** @throws ConfigException with one line that names the file or the key */
    public static NodeConfig load(Path file) {
        return load(file, System.getenv(), System.getProperties());
    }

    public static NodeConfig load(Path file, Map<String, String> environment, Properties properties) {
        return inFile(file, config -> load(config, environment, properties));
    }

    /** Whatever is wrong names the file. */
    static <T> T inFile(Path file, Function<Config, T> reader) {
        if (!Files.isReadable(file)) {
            throw new ConfigException("cannot read the configuration " + file);
        }
        try {
            ConfigParseOptions options = ConfigParseOptions.defaults().setSyntax(ConfigSyntax.CONF);
            return reader.apply(ConfigFactory.parseFile(file.toFile(), options));
        } catch (com.typesafe.config.ConfigException e) {
            throw new ConfigException(file + ": " + e.getMessage());
        } catch (ConfigException e) {
            throw new ConfigException(file + ": " + e.getMessage());
        }
    }

    /** The text of a file. */
    public static NodeConfig parse(String text) {
        try {
            return load(ConfigFactory.parseString(text), Map.of(), new Properties());
        } catch (com.typesafe.config.ConfigException e) {
            throw new ConfigException(String.valueOf(e.getMessage()));
        }
    }

    /** The documented defaults, as text. */
    public static Config reference() {
        return ConfigFactory.parseResources(ConfigLoader.class.getClassLoader(), REFERENCE);
    }

    private static NodeConfig load(Config file, Map<String, String> environment, Properties properties) {
        Config reference = reference();
        Set<String> known = new TreeSet<>();
        reference.entrySet().forEach(e -> known.add(e.getKey()));
        return read(merged(file, environment, properties, known).withFallback(reference));
    }

    /** What the file and the overrides say; without defaults. */
    static Config merged(Config file, Map<String, String> environment, Properties properties, Set<String> known) {
        Config merged = overrides(environment, properties, known)
                .withFallback(withPipelineWord(file))
                .resolve(ConfigResolveOptions.noSystem());
        for (Map.Entry<String, ConfigValue> e : merged.entrySet()) {
            if (!known.contains(e.getKey())) {
                throw unknown(e.getKey(), known);
            }
        }
        return merged;
    }

    /** {@code pipeline = inline} is short for {@code pipeline.kind = inline}. */
    private static Config withPipelineWord(Config file) {
        if (file.hasPath("pipeline") && !(file.getValue("pipeline") instanceof ConfigObject)) {
            return file.withoutPath("pipeline").withValue("pipeline.kind", file.getValue("pipeline"));
        }
        return file;
    }

    private static Config overrides(Map<String, String> environment, Properties properties, Set<String> known) {
        Map<String, String> out = new TreeMap<>();
        environment.forEach((name, value) -> {
            if (name.startsWith(ENV_PREFIX) && !ENV_OF_OTHERS.contains(name)) {
                out.put(
                        name.substring(ENV_PREFIX.length())
                                .toLowerCase(Locale.ROOT)
                                .replace("__", "."),
                        value);
            }
        });
        for (String name : properties.stringPropertyNames()) {
            if (name.startsWith(PROPERTY_PREFIX)
                    && !PROPERTIES_OF_OTHERS.contains(name.substring(PROPERTY_PREFIX.length()))) {
                out.put(name.substring(PROPERTY_PREFIX.length()), properties.getProperty(name));
            }
        }
        Config config = ConfigFactory.empty();
        for (Map.Entry<String, String> e : out.entrySet()) {
            String key = e.getKey().equals("pipeline") ? "pipeline.kind" : e.getKey();
            if (!known.contains(key)) {
                throw unknown(key, known);
            }
            boolean list = key.equals("peers") || key.equals("volumes");
            config = config.withFallback(ConfigFactory.parseString(
                    key + " = " + (list ? e.getValue() : ConfigUtil.quoteString(e.getValue()))));
        }
        return config;
    }

    private static ConfigException unknown(String key, Set<String> known) {
        if (!known.contains(key)
                && reference().entrySet().stream().anyMatch(e -> e.getKey().equals(key))) {
            return new ConfigException(key + " is a node's key; a gateway without a replica does not have it");
        }
        String best = "";
        int bestDistance = Integer.MAX_VALUE;
        for (String k : known) {
            int d = distance(key, k);
            if (d < bestDistance) {
                bestDistance = d;
                best = k;
            }
        }
        return new ConfigException("unknown key " + key + "; did you mean " + best + "?");
    }

    /** Levenshtein. */
    static int distance(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int change = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(change, Math.min(row[j], row[j - 1]) + 1);
            }
        }
        return row[b.length()];
    }

    private static NodeConfig read(Config config) {
        KeyReader r = new KeyReader(config, "");
        List<Peer> peers = peers(config);
        int nodeId = r.number("node.id", 1, NODE_ID_MAX);
        if (peers.stream().noneMatch(p -> p.id() == nodeId)) {
            throw new ConfigException("node.id " + nodeId + " is not among peers");
        }
        NodeConfig.WalKeys wal = new NodeConfig.WalKeys(
                r.choice("wal.engine", NodeConfig.WalEngine.class),
                r.bytes("wal.segment_bytes", MIB, 512 * MIB, BLOCK_BYTES),
                r.bytes("wal.reserve_bytes", 0, 1024 * GIB, 1),
                r.numberOrAuto("wal.writes_in_flight", 1, 128),
                (int) r.bytesOrAuto("wal.write_bytes", BLOCK_BYTES, 4 * MIB, BLOCK_BYTES));
        NodeConfig.DurabilityMode durability = r.choice("durability", NodeConfig.DurabilityMode.class);
        if (wal.engine() == NodeConfig.WalEngine.DIRECT && durability == NodeConfig.DurabilityMode.MAPPED) {
            throw new ConfigException("wal.engine direct is for durability fsync; use chronicle for mapped");
        }
        return new NodeConfig(
                r.text("cluster.id"),
                nodeId,
                Path.of(r.text("node.data_dir")),
                peers,
                nbd(r),
                r.address("http.listen"),
                volumes(config),
                r.choice("mode", NodeConfig.ReplicationMode.class),
                durability,
                r.choice("reads", NodeConfig.ReadMode.class),
                wal,
                pipeline(r),
                transport(r),
                raft(r),
                new NodeConfig.CheckpointKeys(
                        r.bytes("checkpoint.bytes", MIB, 64 * GIB, 1),
                        r.time("checkpoint.interval", 100, 3600 * SECOND_MS)),
                new NodeConfig.InstallKeys(
                        r.bytes("install.bytes_per_second", MIB, 64 * GIB, 1),
                        r.number("install.pin_slots_max", 1024, 16_777_216)),
                scrub(r),
                gateway(r, r.number("raft.session_window", 1, SESSION_WINDOW_MAX)),
                limits(r),
                log(r),
                ImpairmentReader.read(r, peers));
    }

    static NodeConfig.PipelineKeys pipeline(KeyReader r) {
        return new NodeConfig.PipelineKeys(
                r.choice("pipeline.kind", NodeConfig.PipelineKind.class),
                r.choice("pipeline.wait", NodeConfig.PipelineWait.class),
                r.powerOfTwo("pipeline.ring_size", 64, 65_536));
    }

    static NodeConfig.TransportKeys transport(KeyReader r) {
        return new NodeConfig.TransportKeys(
                r.choice("transport.kind", NodeConfig.NetworkKind.class),
                r.number("transport.lanes", 1, 16),
                r.number("strict.lanes", 1, 16),
                transportLimits(r));
    }

    static NodeConfig.LogKeys log(KeyReader r) {
        return new NodeConfig.LogKeys(r.text("log.target"), r.choice("log.level", NodeConfig.LogLevel.class));
    }

    static NodeConfig.NbdKeys nbd(KeyReader r) {
        return new NodeConfig.NbdKeys(
                r.listeners("nbd.listen"),
                r.time("nbd.handshake_timeout", 100, 600 * SECOND_MS),
                r.time("nbd.keep_alive", 0, 86_400 * SECOND_MS),
                r.time("nbd.client_stall", 0, 86_400 * SECOND_MS),
                r.time("nbd.stop_grace", 0, 600 * SECOND_MS),
                r.choice("nbd.stop_reply", NodeConfig.StopReply.class),
                r.number("nbd.accepts_per_second", 0, 1_000_000),
                r.number("nbd.accept_backlog", 1, 65_535));
    }

    /** A frame's range begins where the largest entry with everything around it fits. */
    private static NodeConfig.TransportLimits transportLimits(KeyReader r) {
        NodeConfig.TransportLimits limits = new NodeConfig.TransportLimits(
                (int) r.bytes("transport.frame_bytes_max", 2 * MIB, 64 * MIB, 1),
                r.bytes("transport.queue_bytes_max", MIB, GIB, 1),
                r.bytes("transport.queue_bytes_hard", 16 * MIB, 16 * GIB, 1),
                r.time("transport.reconnect_min", 1, 10 * SECOND_MS),
                r.time("transport.reconnect_max", 10, 60 * SECOND_MS),
                (int) r.bytes("transport.hello_bytes_max", KIB, 64 * KIB, 1),
                r.time("transport.hello_timeout", 100, 60 * SECOND_MS),
                r.number("transport.gateways_max", 0, 256),
                r.bytes("transport.gateway_reply_bytes_max", 16 * MIB, 16 * GIB, 1),
                r.time("transport.gateway_keep_alive", SECOND_MS, 3_600 * SECOND_MS));
        if (limits.queueBytesHard() < 2 * limits.queueBytesMax()) {
            throw new ConfigException("transport.queue_bytes_hard must be at least twice transport.queue_bytes_max");
        }
        if (limits.gatewayReplyBytesMax() < GATEWAY_SHARES * limits.frameBytesMax()) {
            throw new ConfigException(
                    "transport.gateway_reply_bytes_max must be at least four times transport.frame_bytes_max");
        }
        if (limits.reconnectMinNs() > limits.reconnectMaxNs()) {
            throw new ConfigException("transport.reconnect_min must be at most transport.reconnect_max");
        }
        return limits;
    }

    private static NodeConfig.RaftKeys raft(KeyReader r) {
        NodeConfig.RaftKeys raft = new NodeConfig.RaftKeys(
                r.powerOfTwo("raft.span", 4, 4096),
                r.time("raft.election_timeout", 20, 60 * SECOND_MS),
                r.time("raft.heartbeat_interval", 5, 20 * SECOND_MS),
                r.time("raft.retransmit", 10, 60 * SECOND_MS),
                r.time("raft.handover_timeout", 0, 60 * SECOND_MS),
                r.number("raft.retain_slots_max", 1024, 1 << 24),
                r.bytes("raft.in_flight_bytes_max", MIB, 4 * GIB, 1),
                r.number("raft.sessions_max", 1, 65_536),
                r.powerOfTwo("raft.session_window", 64, SESSION_WINDOW_MAX),
                r.time("raft.session_expiry", 10 * SECOND_MS, 86_400 * SECOND_MS),
                r.number("raft.clock_drift_ppm", 0, 200_000));
        if (raft.heartbeatIntervalNs() * 3 > raft.electionTimeoutNs()) {
            throw new ConfigException("raft.heartbeat_interval must be at most a third of raft.election_timeout");
        }
        return raft;
    }

    private static NodeConfig.ScrubKeys scrub(KeyReader r) {
        long rate = r.bytes("scrub.bytes_per_second", 0, 64 * GIB, 1);
        if (rate != 0) {
            rate = r.bytes("scrub.bytes_per_second", 64 * KIB, 64 * GIB, 1);
        }
        return new NodeConfig.ScrubKeys(
                rate,
                r.bytes("scrub.recheck_bytes_per_second", MIB, 64 * GIB, 1),
                r.time("scrub.interval", SECOND_MS, 365 * 86_400 * SECOND_MS),
                r.time("scrub.repair_wait", 10, 3_600 * SECOND_MS),
                r.number("scrub.pin_slots_max", 1024, 16_777_216));
    }

    /** @param windowMax {@code raft.session_window} */
    static NodeConfig.GatewayKeys gateway(KeyReader r, int windowMax) {
        int window = r.powerOfTwo("gateway.session_window", 1, SESSION_WINDOW_MAX);
        if (window > windowMax) {
            throw new ConfigException("gateway.session_window must be at most raft.session_window");
        }
        long timeout = r.time("gateway.request_timeout", 0, 86_400 * SECOND_MS);
        if (timeout != 0) {
            timeout = r.time("gateway.request_timeout", 100, 86_400 * SECOND_MS);
        }
        return new NodeConfig.GatewayKeys(
                (int) r.bytes("gateway.entry_bytes_max", BLOCK_BYTES, MIB, BLOCK_BYTES),
                (int) r.bytes("gateway.range_bytes_max", BLOCK_BYTES, GIB, BLOCK_BYTES),
                r.number("gateway.range_steps_max", 1, 1024),
                window,
                r.time("gateway.retry", 50, 600 * SECOND_MS),
                r.time("gateway.redirect_interval", 1, 10 * SECOND_MS),
                r.time("gateway.open_retry_max", 10, 60 * SECOND_MS),
                timeout);
    }

    static NodeConfig.Limits limits(KeyReader r) {
        return new NodeConfig.Limits(
                r.bytes("limits.payload_cache_bytes", MIB, 16 * GIB, 1),
                r.number("limits.proposal_queue", 16, 1 << 20),
                r.bytes("limits.proposal_queue_bytes", MIB, 16 * GIB, 1),
                r.number("limits.reads_max", 16, 1 << 20),
                r.number("limits.catch_up_reads_max", 1, 1024),
                r.number("limits.nbd_connections", 1, 65_536),
                r.bytes("limits.nbd_connection_bytes", 33 * MIB, 16 * GIB, 1),
                r.bytes("limits.nbd_total_bytes", 33 * MIB, 64 * GIB, 1));
    }

    private static List<? extends Config> list(Config config, String key, Set<String> keys) {
        List<? extends Config> items;
        try {
            items = config.getConfigList(key);
        } catch (com.typesafe.config.ConfigException e) {
            throw new ConfigException(key + " must be a list of objects");
        }
        if (items.isEmpty()) {
            throw new ConfigException(key + " is required");
        }
        for (int i = 0; i < items.size(); i++) {
            for (Map.Entry<String, ConfigValue> e : items.get(i).entrySet()) {
                if (!keys.contains(e.getKey())) {
                    throw new ConfigException(unknown(e.getKey(), keys).getMessage() + " (in " + key + "[" + i + "])");
                }
            }
        }
        return items;
    }

    static List<Peer> peers(Config config) {
        List<? extends Config> items = list(config, "peers", Set.of("id", "address", "host", "port"));
        if (items.size() > PEERS_MAX) {
            throw new ConfigException("peers must be at most " + PEERS_MAX);
        }
        List<Peer> out = new ArrayList<>();
        Set<Integer> ids = new HashSet<>();
        for (int i = 0; i < items.size(); i++) {
            KeyReader r = new KeyReader(items.get(i), "peers[" + i + "].");
            int id = r.number("id", 1, NODE_ID_MAX);
            if (!ids.add(id)) {
                throw new ConfigException("peers[" + i + "].id " + id + " is there twice");
            }
            if (r.has("address")) {
                var address = r.address("address");
                out.add(new Peer(id, address.getHostString(), address.getPort()));
            } else {
                out.add(new Peer(id, r.text("host"), r.number("port", 0, 65_535)));
            }
        }
        return out;
    }

    private static List<Volume> volumes(Config config) {
        List<? extends Config> items = list(config, "volumes", Set.of("name", "size", "chunk_size", "read_only"));
        List<Volume> out = new ArrayList<>();
        Set<String> names = new HashSet<>();
        long groups = 0;
        for (int i = 0; i < items.size(); i++) {
            KeyReader r = new KeyReader(items.get(i), "volumes[" + i + "].");
            long chunk = r.has("chunk_size") ? r.bytes("chunk_size", MIB, 1024 * GIB, BLOCK_BYTES) : 10 * GIB;
            boolean readOnly = r.has("read_only") && r.flag("read_only");
            long size = r.bytes("size", BLOCK_BYTES, 1024 * 1024 * GIB, BLOCK_BYTES);
            Volume v = new Volume(r.text("name"), size, chunk, readOnly);
            if (!names.add(v.name())) {
                throw new ConfigException("volumes[" + i + "].name " + v.name() + " is there twice");
            }
            groups += (v.sizeBytes() + chunk - 1) / chunk;
            if (groups > GROUPS_MAX) {
                throw new ConfigException(
                        "volumes have more than " + GROUPS_MAX + " chunks; raise volumes[" + i + "].chunk_size");
            }
            out.add(v);
        }
        return out;
    }
}
