package io.parablock.main;

import io.parablock.raft.message.Message;
import io.parablock.replica.Replica;
import io.parablock.replica.client.ClientMessage;
import java.util.Map;

/** What comes from peers, and from this node itself, on its way to the groups; from any thread. */
final class GroupInbox implements PeerLinks.Receiver {
    private final Map<Integer, NodeGroup> groups;
    private final AckLatency acks;

    /** @param groups those that there are now; read from any thread */
    GroupInbox(Map<Integer, NodeGroup> groups, AckLatency acks) {
        this.groups = groups;
        this.acks = acks;
    }

    @Override
    public void onMessage(int groupId, int from, long disk, long boot, Message m) {
        acks.onMessage(groupId, from, m);
        NodeGroup g = groups.get(groupId);
        if (g == null) {
            // Of a volume that is about to be created or deleted here.
            Replica.release(m);
        } else {
            g.onMessage(from, disk, boot, m);
        }
    }

    @Override
    public void onClient(int groupId, int from, ClientMessage m) {
        NodeGroup g = groups.get(groupId);
        if (g == null) {
            NodeGroup.release(m);
        } else {
            g.onClient(from, m);
        }
    }

    @Override
    public void onConnected(int peer, boolean up) {
        groups.values().forEach(g -> g.onConnected(peer, up));
    }

    @Override
    public void onGateway(int id) {
        groups.values().forEach(g -> g.onGateway(id));
    }
}
