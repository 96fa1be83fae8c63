package io.parablock.simulator;

import io.parablock.raft.message.Message;
import io.parablock.replica.PeerSender;
import io.parablock.replica.client.ClientMessage;

/** Sees the replica's answers to gateways, also those to the own one. */
final class AnswerObserver implements PeerSender {
    private final PeerSender to;
    private final SimulatedNode node;
    private final NodeRecord record;

    AnswerObserver(PeerSender to, SimulatedNode node, NodeRecord record) {
        this.to = to;
        this.node = node;
        this.record = record;
    }

    @Override
    public void send(int groupId, int peer, Message message) {
        to.send(groupId, peer, message);
    }

    @Override
    public void sendClient(int groupId, int peer, ClientMessage m) {
        node.requireAlive();
        record.onAnswer(node.core(), peer, m);
        to.sendClient(groupId, peer, m);
    }

    @Override
    public boolean connected(int peer) {
        return to.connected(peer);
    }

    @Override
    public void flush() {
        to.flush();
    }
}
