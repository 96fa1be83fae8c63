package io.parablock.transport;

import io.parablock.raft.message.Message;
import io.parablock.replica.client.ClientMessage;
import java.net.SocketAddress;

/** Receives what peers send; called on an event loop. References of payloads pass to it. */
public interface PeerHandler {
    /**
     * @param disk the incarnation of the sender's
     * @param boot of the sender's process
     */
    void onMessage(int groupId, int from, long disk, long boot, Message message);

    void onClient(int groupId, int from, ClientMessage message);

    /** The control lane to a peer came up or went down. */
    void onConnected(int peer, boolean up);

    /** A gateway is connected: it is to be told who leads. */
    void onGateway(int gateway);

    /** Why a peer that is dialled is not connected, or is about to be lost: told once for each reason. */
    default void onComplaint(int peer, String why) {}

    /** Whoever connects from there is not let in. */
    default void onRefused(SocketAddress from, String why) {}

    /** A gateway has said something since it was let in. */
    default void onGatewayAttached(int gateway, SocketAddress from) {}

    /** The last connection of such a gateway has ended. */
    default void onGatewayGone(int gateway) {}

    /** The end of a batch of reads: what was caused by it can be sent and made durable together. */
    void onReadComplete();
}
