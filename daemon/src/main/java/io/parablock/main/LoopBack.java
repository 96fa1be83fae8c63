package io.parablock.main;

import io.parablock.raft.message.Message;
import io.parablock.replica.PeerSender;
import io.parablock.replica.client.ClientMessage;
import java.util.function.Supplier;

/** Sends to peers by their links, and what a node says to itself straight back into its own group's inputs. */
final class LoopBack implements PeerSender {
    private final int nodeId;
    private final Supplier<PeerSender> links;
    private final PeerLinks.Receiver self;

    LoopBack(int nodeId, Supplier<PeerSender> links, PeerLinks.Receiver self) {
        this.nodeId = nodeId;
        this.links = links;
        this.self = self;
    }

    @Override
    public void send(int groupId, int to, Message message) {
        links.get().send(groupId, to, message);
    }

    @Override
    public void sendClient(int groupId, int to, ClientMessage m) {
        if (to == nodeId) {
            self.onClient(groupId, nodeId, m);
        } else {
            links.get().sendClient(groupId, to, m);
        }
    }

    @Override
    public boolean connected(int peer) {
        return peer == nodeId || links.get().connected(peer);
    }

    @Override
    public void flush() {
        links.get().flush();
    }
}
