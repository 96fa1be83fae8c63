package io.parablock.main;

import io.parablock.config.NodeConfig;
import io.parablock.raft.message.Message;
import io.parablock.replica.client.ClientMessage;
import io.parablock.transport.GatewayAccess;
import io.parablock.transport.LaneImpairment;
import io.parablock.transport.PeerHandler;
import io.parablock.transport.PeerTransport;
import io.parablock.transport.PeerTransportConfig;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The links over the network: {@link PeerTransport} with this node's configuration. */
final class NetworkLinks implements PeerLinks {
    private static final Logger LOG = LoggerFactory.getLogger(NetworkLinks.class);

    private static final int ACCEPTED_PER_NODE = 64;
    /** Its lanes, and as many that are about to take their places. */
    private static final int ACCEPTED_PER_GATEWAY = 2 * (1 + GatewayAccess.LANES_MAX);

    private final PeerTransport transport;

    private NetworkLinks(PeerTransport transport) {
        this.transport = transport;
    }

    /** Listens at this node's own address at once, so that a taken port is known before the node votes. */
    static PeerLinks of(NodeConfig config, Sockets sockets, Receiver receiver) {
        Map<Integer, InetSocketAddress> addresses = NodeSettings.addresses(config.peers());
        GatewayAccess access = NodeSettings.access(config);
        NodeConfig.TransportKeys keys = config.transport();
        PeerTransportConfig transportConfig = PeerTransportConfig.of(
                config.clusterId(),
                config.nodeId(),
                sockets.boot(),
                addresses,
                keys.lanes(),
                Math.min(config.lanes(), keys.lanes()),
                NodeSettings.limits(
                        keys.limits(),
                        ACCEPTED_PER_NODE * addresses.size() + ACCEPTED_PER_GATEWAY * access.gatewaysMax()));
        LaneImpairment wrong = NodeSettings.laneImpairment(config.impairment());
        if (!wrong.wrong().isNone()) {
            LOG.warn("impairment: links are bad on purpose, {}", wrong);
            transportConfig = transportConfig.withImpairment(wrong);
        }
        return new NetworkLinks(PeerTransport.listen(
                transportConfig, sockets.loops(), sockets.transport(), new Forward(receiver), sockets.door(), access));
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
        public void onGateway(int gateway) {
            receiver.onGateway(gateway);
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
    public List<PeerTransport.PeerReading> readings() {
        return transport.readings();
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
