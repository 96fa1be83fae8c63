package io.parablock.main;

import io.parablock.gateway.Gateway;
import io.parablock.pipeline.GroupInputs;
import io.parablock.pipeline.GroupLoop;
import io.parablock.raft.membership.Members;
import io.parablock.raft.message.Message;
import io.parablock.replica.PeerSender;
import io.parablock.replica.Replica;
import io.parablock.replica.StandingClock;
import io.parablock.replica.client.ClientMessage;
import java.util.function.BiConsumer;

/** The production {@link NodeGroup} and {@link LoopBack}, for a simulated process. */
public final class GroupPort {
    private final NodeGroup group;

    public GroupPort(
            int groupId, Gateway gateway, PeerSender sender, Replica replica, StandingClock clock, GroupLoop loop) {
        this.group = new NodeGroup(groupId, gateway, sender, clock);
        group.bind(replica, loop);
    }

    /** What a node says to itself goes straight back into its own group's inputs. */
    public static PeerSender withLoopBack(int nodeId, PeerSender links, BiConsumer<Integer, ClientMessage> self) {
        return new LoopBack(nodeId, () -> links, new PeerLinks.Receiver() {
            @Override
            public void onMessage(int groupId, int from, long disk, long boot, Message m) {
                throw new AssertionError("the core sends itself nothing");
            }

            @Override
            public void onClient(int groupId, int from, ClientMessage m) {
                self.accept(from, m);
            }

            @Override
            public void onConnected(int peer, boolean up) {
                throw new AssertionError("a node has no connection to itself");
            }

            @Override
            public void onGateway(int gateway) {
                throw new AssertionError("a node has no connection to itself");
            }
        });
    }

    /** What {@link GroupLoop} calls. */
    public GroupInputs inputs() {
        return group;
    }

    /** The cluster has formed with these disks. */
    public void open(Members members) {
        group.open(members);
    }

    public void onMessage(int from, long disk, long boot, Message m) {
        group.onMessage(from, disk, boot, m);
    }

    public void onClient(int from, ClientMessage m) {
        group.onClient(from, m);
    }

    public void onConnected(int peer, boolean up) {
        group.onConnected(peer, up);
    }

    /** Ends the clients' requests and then the replica, as an orderly stop does. */
    public void stop() {
        var unused = group.stop();
    }

    public static void release(ClientMessage m) {
        NodeGroup.release(m);
    }
}
