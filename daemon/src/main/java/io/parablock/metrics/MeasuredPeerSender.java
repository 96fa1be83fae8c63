package io.parablock.metrics;

import io.parablock.raft.message.Message;
import io.parablock.replica.PeerSender;
import io.parablock.replica.client.ClientMessage;

/** Tells {@link WriteStages} of what one replica sends. */
final class MeasuredPeerSender implements PeerSender {
    private final PeerSender peers;
    private final WriteStages writes;

    MeasuredPeerSender(PeerSender peers, WriteStages writes) {
        this.peers = peers;
        this.writes = writes;
    }

    @Override
    public void send(int groupId, int to, Message message) {
        writes.onSent(to, message);
        peers.send(groupId, to, message);
    }

    @Override
    public void sendClient(int groupId, int to, ClientMessage message) {
        writes.onAnswer(message);
        peers.sendClient(groupId, to, message);
    }

    @Override
    public boolean connected(int peer) {
        return peers.connected(peer);
    }

    @Override
    public void flush() {
        peers.flush();
    }
}
