package io.parablock.replica;

import io.parablock.raft.message.Message;
import io.parablock.replica.client.ClientMessage;

/** Where a replica's messages go. Called on the group's thread only; may queue until the end of the batch. */
public interface PeerSender {
    /** Instead of a node's id: every gateway without a replica that is connected. */
    int EVERY_GATEWAY = 0;

    /**
     * Entries carry their payload in {@code Entry.payload} as a {@link io.netty.buffer.ByteBuf}. The caller keeps its
     * reference: the callee retains what it needs after the call.
     */
    void send(int groupId, int to, Message message);

    /** The payload's reference passes to the callee; {@code to} may be this node itself, or a gateway. */
    void sendClient(int groupId, int to, ClientMessage message);

    boolean connected(int peer);

    /** Puts on the wire what was sent so far; the replica calls it before it waits for the disk, and after. */
    default void flush() {}
}
