package io.parablock.main;

import io.parablock.blockdev.nbd.netty.NbdServerConfig;
import io.parablock.blockdev.nbd.netty.StopReply;
import io.parablock.blockdev.nbd.netty.TransportKind;
import io.parablock.config.ConfigException;
import io.parablock.config.NodeConfig;
import io.parablock.events.EventKind;
import io.parablock.events.EventLog;
import io.parablock.gateway.GatewayConfig;
import io.parablock.pipeline.PipelineConfig;
import io.parablock.raft.InstallConfig;
import io.parablock.raft.LeaseConfig;
import io.parablock.raft.Mode;
import io.parablock.raft.RaftConfig;
import io.parablock.replica.ReplicaConfig;
import io.parablock.replica.ScrubConfig;
import io.parablock.replica.SuspendedTime;
import io.parablock.transport.GatewayAccess;
import io.parablock.transport.GatewayOffer;
import io.parablock.transport.LaneImpairment;
import io.parablock.transport.PeerTransportConfig;
import io.parablock.transport.impair.LinkImpairment;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The configuration in the words of each part. */
final class NodeSettings {
    private static final int APPEND_ENTRIES_MAX = 64;
    private static final int APPEND_BYTES_MAX = 1 << 20;
    private static final int FETCH_SLOTS_MAX = 1024;

    /** So many signs of life may be lost before sessions end. */
    private static final int KEEP_ALIVES_PER_EXPIRY = 6;

    private static final Path UPTIME = Path.of("/proc/uptime");

    private NodeSettings() {}

    /** The number that stands for the cluster's name on disk and on the wire. */
    static long clusterId(NodeConfig config) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256")
                    .digest(config.clusterId().getBytes(StandardCharsets.UTF_8));
            return ByteBuffer.wrap(hash).getLong();
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every JDK has SHA-256", e);
        }
    }

    static int[] voters(NodeConfig config) {
        return config.peers().stream().mapToInt(NodeConfig.Peer::id).sorted().toArray();
    }

    static List<Integer> voterIds(NodeConfig config) {
        return Arrays.stream(voters(config)).boxed().toList();
    }

    static boolean mapped(NodeConfig config) {
        return config.durability() == NodeConfig.DurabilityMode.MAPPED;
    }

    static RaftConfig raft(NodeConfig config, int groupId) {
        NodeConfig.RaftKeys k = config.raft();
        return new RaftConfig(
                        groupId,
                        config.nodeId(),
                        voters(config),
                        config.mode() == NodeConfig.ReplicationMode.STRICT ? Mode.STRICT : Mode.PARALLEL,
                        k.span(),
                        k.electionTimeoutNs(),
                        k.heartbeatIntervalNs(),
                        k.retransmitNs(),
                        k.retainSlotsMax(),
                        APPEND_ENTRIES_MAX,
                        APPEND_BYTES_MAX,
                        k.inFlightBytesMax(),
                        FETCH_SLOTS_MAX,
                        k.sessionsMax(),
                        k.sessionWindow(),
                        mapped(config),
                        new InstallConfig(
                                0,
                                InstallConfig.PIECE_BYTES_MAX,
                                InstallConfig.DEFAULTS.windowPieces(),
                                config.install().bytesPerSecond(),
                                config.install().pinSlotsMax(),
                                config.scrub().pinSlotsMax()),
                        new LeaseConfig(
                                config.reads() == NodeConfig.ReadMode.LEASE, k.clockDriftPpm(), SuspendedTime.ERROR_NS),
                        k.sessionExpiryNs())
                .withReorderWindowNs(k.reorderWindowNs());
    }

    /** @param groups of the node, about: they share the rates */
    static ReplicaConfig replica(NodeConfig config, int groups) {
        int sharing = Math.max(config.groups(), groups);
        return new ReplicaConfig(
                config.checkpoint().bytes(),
                config.checkpoint().intervalNs(),
                config.limits().payloadCacheBytes(),
                config.limits().proposalQueue(),
                config.limits().proposalQueueBytes(),
                config.limits().readsMax(),
                config.limits().catchUpReadsMax(),
                new ScrubConfig(
                        scrubRate(config, sharing),
                        config.scrub().intervalNs(),
                        config.scrub().repairWaitNs(),
                        Math.max(1, config.scrub().recheckBytesPerSecond() / sharing)));
    }

    /** Each group its part, so that together they keep the rate. */
    private static long scrubRate(NodeConfig config, int groups) {
        long rate = config.scrub().bytesPerSecond();
        return rate == 0 ? 0 : Math.max(1, rate / groups);
    }

    /** Of a clock that counts suspends; null if nothing depends on one. */
    static @Nullable SuspendedTime suspendedTime(NodeConfig.ReadMode reads) throws ConfigException {
        if (reads != NodeConfig.ReadMode.LEASE) {
            return null;
        }
        try {
            return SuspendedTime.open(UPTIME);
        } catch (IOException e) {
            throw new ConfigException(
                    "reads = lease needs a clock that counts suspends, and this system has none: " + e.getMessage());
        }
    }

    static PipelineConfig pipeline(NodeConfig.PipelineKeys k) {
        return new PipelineConfig(
                PipelineConfig.Kind.valueOf(k.kind().name()),
                PipelineConfig.Waiting.valueOf(k.waiting().name()),
                k.ringSize());
    }

    /** The kind of event loops that works here; says so if a better one does not. */
    static TransportKind transport(NodeConfig.NetworkKind wanted, EventLog events) {
        try {
            TransportKind.Choice choice = TransportKind.choose(word(wanted));
            if (!choice.fallback().isEmpty()) {
                String label = choice.kind().label();
                String text = "transport " + label + ": " + choice.fallback();
                events.tell(EventKind.TRANSPORT_FALLBACK, 0, text, label, choice.fallback());
            }
            return choice.kind();
        } catch (IllegalArgumentException e) {
            throw new ConfigException("transport.kind: " + e.getMessage());
        }
    }

    /** Addresses by node id. */
    static Map<Integer, InetSocketAddress> addresses(List<NodeConfig.Peer> peers) {
        Map<Integer, InetSocketAddress> addresses = new HashMap<>();
        for (NodeConfig.Peer p : peers) {
            addresses.put(p.id(), resolved(InetSocketAddress.createUnresolved(p.host(), p.port()), "peers"));
        }
        return addresses;
    }

    /** @param acceptedMax accepted connections */
    static PeerTransportConfig.Limits limits(NodeConfig.TransportLimits k, int acceptedMax) {
        return new PeerTransportConfig.Limits(
                k.frameBytesMax(),
                k.queueBytesMax(),
                k.queueBytesHard(),
                TimeUnit.NANOSECONDS.toMillis(k.reconnectMinNs()),
                TimeUnit.NANOSECONDS.toMillis(k.reconnectMaxNs()),
                k.helloBytesMax(),
                TimeUnit.NANOSECONDS.toMillis(k.helloTimeoutNs()),
                acceptedMax);
    }

    static LaneImpairment laneImpairment(NodeConfig.ImpairmentKeys k) {
        LinkImpairment wrong = new LinkImpairment(
                k.delayNs(),
                k.jitterNs(),
                k.stallProbability(),
                k.stallNs(),
                k.lossProbability(),
                k.retransmitNs(),
                k.bytesPerSecond());
        return new LaneImpairment(wrong, k.lanes(), k.peers(), k.bufferBytes(), k.seed());
    }

    static int seconds(long ns) {
        return (int) Math.ceil(ns / 1e9);
    }

    /** Chunks are groups, numbered from 1 in the order of the volumes. */
    static List<GatewayOffer.Volume> volumes(NodeConfig config) {
        List<GatewayOffer.Volume> out = new ArrayList<>();
        int next = 1;
        for (NodeConfig.Volume v : config.volumes()) {
            out.add(new GatewayOffer.Volume(v.name(), v.sizeBytes(), v.chunkBytes(), v.readOnly(), next));
            next += v.chunks();
        }
        return out;
    }

    static GatewayAccess access(NodeConfig config) {
        NodeConfig.TransportLimits k = config.transport().limits();
        NodeConfig.RaftKeys raft = config.raft();
        return new GatewayAccess(
                new GatewayOffer(volumes(config), raft.sessionWindow(), raft.sessionExpiryNs()),
                k.gatewaysMax(),
                k.gatewayReplyBytesMax(),
                TimeUnit.NANOSECONDS.toMillis(k.gatewayKeepAliveNs()));
    }

    /**
     * @param windowMax {@code raft.session_window}
     * @param expiryNs {@code raft.session_expiry}
     */
    static GatewayConfig gateway(NodeConfig.GatewayKeys k, int windowMax, long expiryNs) {
        return new GatewayConfig(
                k.entryBytesMax(),
                k.rangeBytesMax(),
                k.rangeStepsMax(),
                Math.min(windowMax, k.sessionWindow()),
                k.retryNs(),
                k.redirectNs(),
                k.openRetryNsMax(),
                expiryNs / KEEP_ALIVES_PER_EXPIRY,
                k.requestTimeoutNs());
    }

    static NbdServerConfig nbd(NodeConfig.NbdKeys k, NodeConfig.Limits limits) {
        return new NbdServerConfig(
                limits.nbdConnections(),
                TimeUnit.NANOSECONDS.toMillis(k.handshakeTimeoutNs()),
                limits.nbdConnectionBytes(),
                limits.nbdTotalBytes(),
                seconds(k.keepAliveNs()),
                TimeUnit.NANOSECONDS.toMillis(k.clientStallNs()),
                switch (k.stopReply()) {
                    case ESHUTDOWN -> StopReply.ESHUTDOWN;
                    case CLOSE -> StopReply.CLOSE;
                },
                k.acceptsPerSecond(),
                k.acceptBacklog());
    }

    /**
     * @param key for the error
     * @throws ConfigException if a host is unknown
     */
    static InetSocketAddress resolved(InetSocketAddress address, String key) {
        InetSocketAddress out = new InetSocketAddress(address.getHostString(), address.getPort());
        if (out.isUnresolved()) {
            throw new ConfigException(key + ": the host " + address.getHostString() + " is unknown");
        }
        return out;
    }

    /** Where the NBD server listens. */
    static List<SocketAddress> nbdAddresses(NodeConfig.NbdKeys k) {
        List<SocketAddress> out = new ArrayList<>();
        for (SocketAddress a : k.listen()) {
            out.add(a instanceof InetSocketAddress tcp ? resolved(tcp, "nbd.listen") : a);
        }
        return out;
    }

    /** As it is written in the configuration. */
    static String text(SocketAddress a) {
        return a instanceof InetSocketAddress tcp ? tcp.getHostString() + ":" + tcp.getPort() : "unix:" + a;
    }

    static String word(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }
}
