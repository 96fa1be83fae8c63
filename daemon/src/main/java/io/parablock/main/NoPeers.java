package io.parablock.main;

import io.parablock.config.ConfigException;
import io.parablock.config.NodeConfig;
import io.parablock.raft.message.Message;
import io.parablock.replica.client.ClientMessage;

/** The links of a cluster of one. */
final class NoPeers implements PeerLinks {
    static PeerLinks of(NodeConfig config) {
        if (config.peers().size() > 1) {
            throw new ConfigException(
                    "peers: this build has no peer transport, so only one peer (the node itself) works");
        }
        return new NoPeers();
    }

    @Override
    public void start() {}

    @Override
    public void send(int groupId, int to, Message message) {}

    @Override
    public void sendClient(int groupId, int to, ClientMessage m) {
        NodeGroup.release(m);
    }

    @Override
    public boolean connected(int peer) {
        return false;
    }

    @Override
    public void close() {}
}
