package io.parablock.main;

import io.parablock.config.ConfigException;
import io.parablock.config.NodeConfig;
import io.parablock.raft.message.Message;
import io.parablock.replica.client.ClientMessage;
import io.parablock.transport.PeerHandler;
import io.parablock.transport.PeerTransport;
import io.parablock.transport.PeerTransportConfig;
import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** The links over the network: {@link PeerTransport} with this node's configuration. */
final class NetworkLinks implements PeerLinks {
    private static final int ACCEPTED_PER_NODE = 64;

    private final PeerTransport transport;

    private NetworkLinks(PeerTransport transport) {
        this.transport = transport;
    }

    /** Listens at this node's own address at once, so that a taken port is known before the node votes. */
    static PeerLinks of(NodeConfig config, Sockets sockets, Receiver receiver) {
        Map<Integer, InetSocketAddress> addresses = new HashMap<>();
        for (NodeConfig.Peer p : config.peers()) {
            InetSocketAddress address = new InetSocketAddress(p.host(), p.port());
            if (address.isUnresolved()) {
                throw new ConfigException("peers: the host " + p.host() + " is unknown");
            }
            addresses.put(p.id(), address);
        }
        NodeConfig.TransportKeys keys = config.transport();
        PeerTransportConfig transportConfig = PeerTransportConfig.of(
                config.clusterId(),
                config.nodeId(),
                sockets.boot(),
                addresses,
                keys.lanes(),
                Math.min(config.lanes(), keys.lanes()),
                limits(keys, addresses.size()));
        if (keys.delayedLane() >= 0) {
            transportConfig = transportConfig.withDelayedLane(
                    keys.delayedLane(), TimeUnit.NANOSECONDS.toMillis(keys.laneDelayNs()));
        }
        return new NetworkLinks(PeerTransport.listen(
                transportConfig, sockets.loops(), sockets.transport(), new Forward(receiver), sockets.door()));
    }

    private static PeerTransportConfig.Limits limits(NodeConfig.TransportKeys keys, int nodes) {
        NodeConfig.TransportLimits k = keys.limits();
        return new PeerTransportConfig.Limits(
                k.frameBytesMax(),
                k.queueBytesMax(),
                k.queueBytesHard(),
                TimeUnit.NANOSECONDS.toMillis(k.reconnectMinNs()),
                TimeUnit.NANOSECONDS.toMillis(k.reconnectMaxNs()),
                k.helloBytesMax(),
                TimeUnit.NANOSECONDS.toMillis(k.helloTimeoutNs()),
                ACCEPTED_PER_NODE * nodes);
    }

    private record Forward(Receiver receiver) implements PeerHandler {
        @Override
        public void onMessage(int groupId, int from, long boot, Message message) {
            receiver.onMessage(groupId, from, boot, message);
        }

        @Override
        public void onClient(int groupId, int from, ClientMessage message) {
            receiver.onClient(groupId, from, message);
        }

        @Override
        public void onConnected(int peer, boolean up) {
            receiver.onConnected(peer, up);
        }

        @Override
        public void onReadComplete() {
            // The groups' loops end their batches themselves.
        }
    }

    @Override
    public void start() {
        transport.dial();
    }

    @Override
    public void send(int groupId, int to, Message message) {
        transport.send(groupId, to, message);
    }

    @Override
    public void sendClient(int groupId, int to, ClientMessage message) {
        transport.sendClient(groupId, to, message);
    }

    @Override
    public boolean connected(int peer) {
        return transport.connected(peer);
    }

    @Override
    public void flush() {
        transport.flush();
    }

    @Override
    public void close() {
        transport.close();
    }
}
