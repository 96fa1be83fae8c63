package io.parablock.main;

import io.parablock.config.NodeConfig;
import io.parablock.events.EventKind;
import io.parablock.raft.message.Message;
import io.parablock.replica.client.ClientMessage;
import io.parablock.transport.GatewayAccess;
import io.parablock.transport.LaneImpairment;
import io.parablock.transport.PeerHandler;
import io.parablock.transport.PeerTransport;
import io.parablock.transport.PeerTransportConfig;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.List;
import java.util.Map;

/** The links over the network: {@link PeerTransport} with this node's configuration. */
final class NetworkLinks implements PeerLinks {
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
            String settings = wrong.toString();
            sockets.events()
                    .tell(
                            EventKind.IMPAIRED,
                            0,
                            "impairment: links are bad on purpose, " + settings,
                            "links",
                            settings);
            transportConfig = transportConfig.withImpairment(wrong);
        }
        return new NetworkLinks(PeerTransport.listen(
                transportConfig,
                sockets.loops(),
                sockets.transport(),
                new Forward(receiver, new LinkEvents(sockets.events())),
                sockets.door(),
                access));
    }

    private record Forward(Receiver receiver, LinkEvents events) implements PeerHandler {
        @Override
        public void onMessage(int groupId, int from, long disk, long boot, Message message) {
            receiver.onMessage(groupId, from, disk, boot, message);
        }

        @Override
        public void onClient(int groupId, int from, ClientMessage message) {
            receiver.onClient(groupId, from, message);
        }

        @Override
        public void onConnected(int peer, boolean up) {
            events.onConnected(peer, up);
            receiver.onConnected(peer, up);
        }

        @Override
        public void onGateway(int gateway) {
            receiver.onGateway(gateway);
        }

        @Override
        public void onComplaint(int peer, String why) {
            events.onComplaint(peer, "", why);
        }

        @Override
        public void onRefused(SocketAddress from, String why) {
            events.onRefused(from, why);
        }

        @Override
        public void onGatewayAttached(int gateway, SocketAddress from) {
            events.onGatewayAttached(gateway, from);
        }

        @Override
        public void onGatewayGone(int gateway) {
            events.onGatewayGone(gateway);
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
