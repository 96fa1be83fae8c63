package io.parablock.config;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.commons.text.similarity.LevenshteinDistance;
import org.jspecify.annotations.Nullable;

/**
 * Every key, once: its type, unit and range, whether a reload applies it, and whether a gateway without a replica has it. The
 * loaders check against it, {@code parablock config} and docs/configuration.md tell it. Default and meaning of a key are in
 * {@code parablock-reference.conf}.
 *
 * <p>A new key needs a line here and, with its default and a comment, one there.
 */
public final class KeyCatalogue {
    private static final long KIB = 1024;
    private static final long MIB = 1024 * KIB;
    private static final long GIB = 1024 * MIB;
    private static final long TIB = 1024 * GIB;
    private static final long BLOCK_BYTES = 4 * KIB;
    private static final long SECOND = 1000;
    private static final long HOUR = 3600 * SECOND;
    private static final long DAY = 24 * HOUR;
    private static final int PORT_MAX = 65_535;
    static final int NODE_ID_MAX = 255;
    /** A frame's range begins where the largest entry with everything around it fits. */
    private static final long FRAME_BYTES_MIN = 2 * MIB;
    /** The largest NBD request fits. */
    private static final long REQUEST_BYTES_MIN = 33 * MIB;

    private static final List<Key> KEYS = List.of(
            Key.text("cluster.id").isRequired("\"prod\"").ofGatewaysToo(),
            Key.number("node.id", "", 1, NODE_ID_MAX).isRequired("1"),
            Key.text("node.data_dir").isRequired("\"/var/lib/parablock/1\""),
            Key.of("peers", KeyType.OBJECTS)
                    .isRequired("[ { id = 1, address = \"10.0.0.1:7000\" }, { id = 2, address = \"10.0.0.2:7000\" } ]")
                    .ofGatewaysToo(),
            Key.number("peers[].id", "", 1, NODE_ID_MAX)
                    .means("The node's id, for ever.")
                    .isRequired("1")
                    .ofGatewaysToo(),
            Key.of("peers[].address", KeyType.ADDRESS)
                    .means("Where the node listens for its peers and for gateways without a replica.")
                    .example("\"10.0.0.1:7000\"")
                    .ofGatewaysToo(),
            Key.text("peers[].host")
                    .means("With port, instead of address.")
                    .example("\"10.0.0.1\"")
                    .ofGatewaysToo(),
            Key.number("peers[].port", "", 0, PORT_MAX)
                    .means("With host, instead of address.")
                    .example("7000")
                    .ofGatewaysToo(),
            Key.of("nbd.listen", KeyType.ADDRESSES)
                    .example("[\"10.0.0.1:10809\", \"unix:/run/parablock.sock\"]")
                    .ofGatewaysToo(),
            Key.time("nbd.handshake_timeout", 100, 600 * SECOND).reloads().ofGatewaysToo(),
            Key.time("nbd.keep_alive", 0, DAY).reloads().ofGatewaysToo(),
            Key.time("nbd.client_stall", 0, DAY).reloads().ofGatewaysToo(),
            Key.time("nbd.stop_grace", 0, 600 * SECOND).reloads().ofGatewaysToo(),
            Key.word("nbd.stop_reply", NodeConfig.StopReply.class)
                    .example("close")
                    .ofGatewaysToo(),
            Key.number("nbd.accepts_per_second", "connections/s", 0, 1_000_000)
                    .reloads()
                    .ofGatewaysToo(),
            Key.number("nbd.accept_backlog", "connections", 1, 65_535).ofGatewaysToo(),
            Key.of("http.listen", KeyType.ADDRESS).ofGatewaysToo(),
            Key.of("volumes", KeyType.OBJECTS).example("[ { name = \"demo\", size = 1GiB } ]"),
            Key.text("volumes[].name")
                    .means("The name that NBD clients ask for, the export.")
                    .isRequired("\"demo\""),
            Key.size("volumes[].size", BLOCK_BYTES, 1024 * TIB)
                    .multipleOf(BLOCK_BYTES)
                    .means("What clients see; the blocks are allocated as they are written.")
                    .isRequired("1GiB"),
            Key.size("volumes[].chunk_size", MIB, TIB)
                    .multipleOf(BLOCK_BYTES)
                    .means("So much of the volume is a group of its own, with its own log and leader.")
                    .orElse("10GiB"),
            Key.of("volumes[].read_only", KeyType.FLAG)
                    .means("Every change is refused.")
                    .orElse("false")
                    .example("true"),
            Key.word("mode", NodeConfig.ReplicationMode.class).example("strict"),
            Key.word("durability", NodeConfig.DurabilityMode.class).example("mapped"),
            Key.word("reads", NodeConfig.ReadMode.class).example("lease"),
            Key.word("wal.engine", NodeConfig.WalEngine.class).example("direct"),
            Key.number("wal.writes_in_flight", "writes", 1, 128).orAuto().example("auto"),
            Key.size("wal.write_bytes", BLOCK_BYTES, 4 * MIB)
                    .multipleOf(BLOCK_BYTES)
                    .orAuto()
                    .example("256KiB"),
            Key.size("wal.segment_bytes", MIB, 512 * MIB).multipleOf(BLOCK_BYTES),
            Key.size("wal.reserve_bytes", 0, TIB),
            Key.word("pipeline.kind", NodeConfig.PipelineKind.class)
                    .example("threads")
                    .ofGatewaysToo(),
            Key.word("pipeline.wait", NodeConfig.PipelineWait.class)
                    .example("busy_spin")
                    .ofGatewaysToo(),
            Key.number("pipeline.ring_size", "inputs", 64, 65_536).powerOfTwo().ofGatewaysToo(),
            Key.word("transport.kind", NodeConfig.NetworkKind.class)
                    .example("epoll")
                    .ofGatewaysToo(),
            Key.number("transport.lanes", "connections", 1, 16).ofGatewaysToo(),
            Key.number("strict.lanes", "connections", 1, 16),
            Key.size("transport.frame_bytes_max", FRAME_BYTES_MIN, 64 * MIB).ofGatewaysToo(),
            Key.size("transport.queue_bytes_max", MIB, GIB).ofGatewaysToo(),
            Key.size("transport.queue_bytes_hard", 16 * MIB, 16 * GIB).ofGatewaysToo(),
            Key.time("transport.reconnect_min", 1, 10 * SECOND).ofGatewaysToo(),
            Key.time("transport.reconnect_max", 10, 60 * SECOND).ofGatewaysToo(),
            Key.size("transport.hello_bytes_max", KIB, 64 * KIB),
            Key.time("transport.hello_timeout", 100, 60 * SECOND),
            Key.number("transport.gateways_max", "gateways", 0, 256),
            Key.size("transport.gateway_reply_bytes_max", 16 * MIB, 16 * GIB),
            Key.time("transport.gateway_keep_alive", SECOND, HOUR).ofGatewaysToo(),
            Key.number("raft.span", "slots", 4, 4096).powerOfTwo(),
            Key.time("raft.election_timeout", 20, 60 * SECOND),
            Key.time("raft.heartbeat_interval", 5, 20 * SECOND),
            Key.time("raft.retransmit", 10, 60 * SECOND),
            Key.time("raft.reorder_window", 0, 60 * SECOND),
            Key.time("raft.handover_timeout", 0, 60 * SECOND).reloads(),
            Key.number("raft.retain_slots_max", "slots", 1024, 1 << 24),
            Key.size("raft.in_flight_bytes_max", MIB, 4 * GIB),
            Key.number("raft.sessions_max", "sessions", 1, 65_536),
            Key.number("raft.session_window", "entries", 64, 65_536).powerOfTwo(),
            Key.time("raft.session_expiry", 10 * SECOND, DAY),
            Key.number("raft.clock_drift_ppm", "millionths", 0, 200_000),
            Key.time("raft.slow_leader.limit", 10, 60 * SECOND).orZero(),
            Key.time("raft.slow_leader.for", SECOND, HOUR),
            Key.time("raft.slow_leader.back_off", SECOND, HOUR),
            Key.time("raft.slow_follower.limit", 10, 60 * SECOND).orZero().reloads(),
            Key.time("raft.slow_follower.behind", 100, HOUR).orZero().reloads(),
            Key.time("raft.slow_follower.for", SECOND, HOUR).reloads(),
            Key.size("checkpoint.bytes", MIB, 64 * GIB),
            Key.time("checkpoint.interval", 100, HOUR),
            Key.size("store.sums_cache_bytes", 0, GIB),
            Key.rate("install.bytes_per_second", MIB, 64 * GIB),
            Key.number("install.pin_slots_max", "slots", 1024, 1 << 24),
            Key.rate("scrub.bytes_per_second", 64 * KIB, 64 * GIB).orZero(),
            Key.rate("scrub.recheck_bytes_per_second", MIB, 64 * GIB),
            Key.time("scrub.interval", SECOND, 365 * DAY),
            Key.time("scrub.repair_wait", 10, HOUR),
            Key.number("scrub.pin_slots_max", "slots", 1024, 1 << 24),
            Key.size("health.disk_free", 0, 1024 * TIB).reloads(),
            Key.size("health.wal_bytes", 0, 1024 * TIB).reloads(),
            Key.time("health.clock_jump", 10, DAY).orZero().reloads(),
            Key.size("gateway.entry_bytes_max", BLOCK_BYTES, MIB)
                    .multipleOf(BLOCK_BYTES)
                    .ofGatewaysToo(),
            Key.size("gateway.range_bytes_max", BLOCK_BYTES, GIB)
                    .multipleOf(BLOCK_BYTES)
                    .ofGatewaysToo(),
            Key.number("gateway.range_steps_max", "entries", 1, 1024).ofGatewaysToo(),
            Key.number("gateway.session_window", "entries", 1, 65_536)
                    .powerOfTwo()
                    .ofGatewaysToo(),
            Key.time("gateway.retry", 50, 600 * SECOND).ofGatewaysToo(),
            Key.time("gateway.redirect_interval", 1, 10 * SECOND).ofGatewaysToo(),
            Key.time("gateway.open_retry_max", 10, 60 * SECOND).ofGatewaysToo(),
            Key.time("gateway.request_timeout", 100, DAY)
                    .orZero()
                    .example("30s")
                    .ofGatewaysToo(),
            Key.size("limits.payload_cache_bytes", MIB, 16 * GIB),
            Key.number("limits.proposal_queue", "requests", 16, 1 << 20),
            Key.size("limits.proposal_queue_bytes", MIB, 16 * GIB),
            Key.number("limits.reads_max", "requests", 16, 1 << 20),
            Key.number("limits.catch_up_reads_max", "messages", 1, 1024),
            Key.number("limits.volumes", "volumes", 1, 1024),
            Key.number("limits.nbd_connections", "connections", 1, 65_536).ofGatewaysToo(),
            Key.size("limits.nbd_connection_bytes", REQUEST_BYTES_MIN, 16 * GIB)
                    .reloads()
                    .ofGatewaysToo(),
            Key.size("limits.nbd_total_bytes", REQUEST_BYTES_MIN, 64 * GIB).ofGatewaysToo(),
            Key.text("log.target")
                    .example("\"/var/log/parablock.log\"")
                    .reloads()
                    .ofGatewaysToo(),
            Key.word("log.level", NodeConfig.LogLevel.class)
                    .example("debug")
                    .reloads()
                    .ofGatewaysToo(),
            Key.word("log.format", NodeConfig.LogFormat.class)
                    .example("json")
                    .reloads()
                    .ofGatewaysToo(),
            Key.number("log.events_max", "events", 16, 65_536).ofGatewaysToo(),
            Key.number("log.queue_lines", "lines", 16, 1 << 20).reloads().ofGatewaysToo(),
            Key.time("log.flush_timeout", 10, 60 * SECOND).reloads().ofGatewaysToo(),
            Key.of("metrics.requests", KeyType.FLAG).example("false").reloads(),
            Key.number("metrics.writes_per_timed", "writes", 1, 65_536).reloads(),
            Key.of("impairment.lanes", KeyType.WORDS).example("[0, control]"),
            Key.of("impairment.peers", KeyType.WORDS).example("1"),
            Key.time("impairment.delay", 0, 60 * SECOND),
            Key.time("impairment.jitter", 0, 60 * SECOND),
            Key.of("impairment.stall_probability", KeyType.PROBABILITY).example("0.01"),
            Key.time("impairment.stall", 0, 60 * SECOND),
            Key.of("impairment.loss_probability", KeyType.PROBABILITY).example("0.01"),
            Key.time("impairment.retransmit", 0, 60 * SECOND),
            Key.rate("impairment.bytes_per_second", 0, 64 * GIB),
            Key.size("impairment.buffer_bytes", 64 * KIB, GIB),
            Key.of("impairment.wal_delay_probability", KeyType.PROBABILITY).example("0.01"),
            Key.time("impairment.wal_delay", 0, 60 * SECOND),
            Key.number("impairment.seed", "", 0, Integer.MAX_VALUE));

    private static final Map<String, Key> BY_NAME =
            KEYS.stream().collect(Collectors.toMap(Key::name, Function.identity(), (a, b) -> a, TreeMap::new));

    private KeyCatalogue() {}

    /** In the order of the documentation; a list's key before those of its objects. */
    public static List<Key> keys() {
        return KEYS;
    }

    /** @return null if there is none of that name */
    public static @Nullable Key find(String name) {
        return BY_NAME.get(name);
    }

    /** @throws IllegalArgumentException if there is none of that name: an error of this program, not of a user */
    static Key key(String name) {
        Key key = find(name);
        if (key == null) {
            throw new IllegalArgumentException(name + " is not in KeyCatalogue: give it a line there");
        }
        return key;
    }

    /** Those of the objects in a list, by their names there. */
    static Map<String, Key> members(String list) {
        Map<String, Key> out = new TreeMap<>();
        for (Key key : KEYS) {
            if (key.isOfObjects() && key.list().equals(list)) {
                out.put(key.member(), key);
            }
        }
        return out;
    }

    /**
     * The one of {@code known} that takes the fewest changes of a character to become.
     *
     * @param known at least one
     */
    public static String nearest(String name, Collection<String> known) {
        LevenshteinDistance distance = LevenshteinDistance.getDefaultInstance();
        String best = "";
        int least = Integer.MAX_VALUE;
        for (String candidate : known) {
            int changes = distance.apply(name, candidate);
            if (changes < least) {
                least = changes;
                best = candidate;
            }
        }
        return best;
    }
}
