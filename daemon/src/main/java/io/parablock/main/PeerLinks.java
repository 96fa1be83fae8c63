package io.parablock.main;

import io.netty.channel.EventLoopGroup;
import io.parablock.blockdev.nbd.netty.TransportKind;
import io.parablock.config.NodeConfig;
import io.parablock.events.EventLog;
import io.parablock.raft.message.Message;
import io.parablock.replica.PeerSender;
import io.parablock.replica.client.ClientMessage;
import io.parablock.transport.Doorkeeper;
import io.parablock.transport.PeerTransport;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;

/** How a node reaches its peers. Over the network this is the transport; tests have one without sockets. */
interface PeerLinks extends PeerSender, AutoCloseable {
    /** Where what peers send goes to; called on any thread. References of payloads pass to it. */
    interface Receiver {
        /** @param disk the incarnation of the sender's */
        void onMessage(int groupId, int from, long disk, long boot, Message m);

        void onClient(int groupId, int from, ClientMessage m);

        void onConnected(int peer, boolean up);

        /** A gateway without a replica is connected: it is to be told who leads. */
        void onGateway(int gateway);
    }

    /**
     * What links may use.
     *
     * @param boot greater in each run of this node's process
     * @param door decides whom this node talks to
     * @param events of connections
     */
    record Sockets(EventLoopGroup loops, TransportKind transport, long boot, Doorkeeper door, EventLog events) {}

    /** Makes the links of one node; they are not started. */
    @FunctionalInterface
    interface Factory {
        PeerLinks create(NodeConfig config, Sockets sockets, Receiver receiver);
    }

    void start();

    /** Whether any peer is connected, asked anew each time. */
    default BooleanSupplier anyPeerOf(NodeConfig config) {
        return () -> connectedPeers(config).length > 0;
    }

    /** The connections to each peer, from any thread; none where there are no connections. */
    default List<PeerTransport.PeerReading> readings() {
        return List.of();
    }

    /** Those that are connected now, of {@code config}'s nodes. */
    default int[] connectedPeers(NodeConfig config) {
        return IntStream.of(NodeSettings.voters(config))
                .filter(id -> id != config.nodeId() && connected(id))
                .toArray();
    }

    @Override
    void close();
}
