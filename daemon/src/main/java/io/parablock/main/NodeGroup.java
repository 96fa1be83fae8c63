package io.parablock.main;

import io.netty.util.ReferenceCountUtil;
import io.parablock.gateway.Gateway;
import io.parablock.pipeline.GroupInputs;
import io.parablock.pipeline.GroupLoop;
import io.parablock.raft.RaftStatus;
import io.parablock.raft.Role;
import io.parablock.raft.TransferResult;
import io.parablock.raft.membership.Members;
import io.parablock.raft.message.Message;
import io.parablock.replica.PeerSender;
import io.parablock.replica.Replica;
import io.parablock.replica.ReplicaStatus;
import io.parablock.replica.ScrubStart;
import io.parablock.replica.StandingClock;
import io.parablock.replica.WalStage;
import io.parablock.replica.client.ClientMessage;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.ObjIntConsumer;
import org.jspecify.annotations.Nullable;

/** One group on this node: the replica and the gateway's part, on the group's thread. */
final class NodeGroup implements GroupInputs {
    /** Figures of the group, read on its thread. */
    record Reading(ReplicaStatus replica, Gateway.Figures gateway) {}

    /** What came of asking for a round of the scrub; {@code rounds} had ended before. */
    record ScrubAsked(ScrubStart start, long rounds) {}

    /** How far the group is on its way to another leader. */
    enum Handover {
        /** This node did not lead it when it was asked first. */
        NOT_LED,
        /** No peer leads yet, or this node has not taken over its merged log. */
        UNDER_WAY,
        /** A peer leads, and this node follows it in its term. */
        DONE,
        /** The named node does not answer; this one leads on. */
        AWAY,
        /** The named node has not caught up; this one leads on. */
        BEHIND,
        /** Another node than the named one is taking over. */
        TO_ANOTHER
    }

    private final int groupId;
    private final Gateway gateway;
    private final PeerSender sender;
    private final StandingClock clock;
    private final @Nullable Members beginsWith;
    private final ObjIntConsumer<Message> watch;
    /** Peers that are connected, while the cluster has not formed. */
    private final Set<Integer> connectedEarly = new TreeSet<>();

    private @Nullable Replica replica;
    private @Nullable GroupLoop loop;
    /** Of the group's thread: the cluster has formed. Until then the replica is silent (protocol.md §9). */
    private boolean isOpen;
    /** This node leads and takes requests. */
    private volatile boolean leads;
    /** Of the group's thread: this node led when it was asked to hand over. */
    private boolean handsOver;
    /** Of the group's thread: what gateways without a replica are told. */
    private long lostTerm;

    /** @param clock the replica's */
    NodeGroup(int groupId, Gateway gateway, PeerSender sender, StandingClock clock) {
        this(groupId, gateway, sender, clock, null, (m, from) -> {});
    }

    /**
     * @param beginsWith whose disks count at the group's beginning; null: those with which the cluster formed
     * @param watch sees each message of a peer before the replica does, on the group's thread
     */
    NodeGroup(
            int groupId,
            Gateway gateway,
            PeerSender sender,
            StandingClock clock,
            @Nullable Members beginsWith,
            ObjIntConsumer<Message> watch) {
        this.groupId = groupId;
        this.gateway = gateway;
        this.sender = sender;
        this.clock = clock;
        this.beginsWith = beginsWith;
        this.watch = watch;
    }

    /** Before the loop starts. */
    void bind(Replica r, GroupLoop l) {
        this.replica = r;
        this.loop = l;
    }

    int groupId() {
        return groupId;
    }

    private Replica replica() {
        Replica r = replica;
        if (r == null) {
            throw new AssertionError("group " + groupId + " is not bound");
        }
        return r;
    }

    GroupLoop loop() {
        GroupLoop l = loop;
        if (l == null) {
            throw new AssertionError("group " + groupId + " is not bound");
        }
        return l;
    }

    // ---------------------------------------------------------------- from any thread

    /** The cluster has formed with these disks: the replica may take part. */
    void open(Members founders) {
        try {
            loop().execute(() -> {
                clock.run();
                replica().onFormed(beginsWith == null ? founders : beginsWith);
                isOpen = true;
                connectedEarly.forEach(peer -> replica().onPeerConnected(peer, true));
                connectedEarly.clear();
            });
        } catch (RejectedExecutionException e) {
            // The node stops.
        }
    }

    /** References of the payloads pass to this group; {@code disk} is the incarnation of the sender's. */
    void onMessage(int from, long disk, long boot, Message m) {
        try {
            loop().execute(() -> {
                if (isOpen) {
                    watch.accept(m, from);
                    replica().onPeerMessage(from, disk, boot, m);
                } else {
                    Replica.release(m);
                }
            });
        } catch (RejectedExecutionException e) {
            Replica.release(m);
        }
    }

    /** An operator gives up a node's disk. */
    void giveUpDisk(int node, long incarnation) {
        try {
            loop().execute(() -> {
                if (isOpen) {
                    replica().giveUpDisk(node, incarnation);
                }
            });
        } catch (RejectedExecutionException e) {
            // The node stops.
        }
    }

    /** A payload's reference passes to this group. */
    void onClient(int from, ClientMessage m) {
        try {
            loop().execute(() -> handle(from, m));
        } catch (RejectedExecutionException e) {
            release(m);
        }
    }

    static void release(ClientMessage m) {
        if (m instanceof ClientMessage.Mutate mutate) {
            ReferenceCountUtil.release(mutate.payload());
        } else if (m instanceof ClientMessage.ReadReply reply) {
            ReferenceCountUtil.release(reply.payload());
        }
    }

    private void handle(int from, ClientMessage m) {
        if (m instanceof ClientMessage.Request) {
            replica().onClientRequest(from, m);
        } else {
            gateway.onReply(groupId, from, m);
        }
    }

    void onConnected(int peer, boolean up) {
        try {
            loop().execute(() -> {
                if (isOpen) {
                    replica().onPeerConnected(peer, up);
                } else if (up) {
                    connectedEarly.add(peer);
                } else {
                    connectedEarly.remove(peer);
                }
                gateway.onPeer(groupId, peer, up);
            });
        } catch (RejectedExecutionException e) {
            // The node stops.
        }
    }

    /** A gateway without a replica is there. */
    void onGateway(int id) {
        try {
            loop().execute(() -> tell(id));
        } catch (RejectedExecutionException e) {
            // The node stops.
        }
    }

    CompletableFuture<Reading> read() {
        CompletableFuture<Reading> out = new CompletableFuture<>();
        try {
            loop().execute(() -> out.complete(new Reading(replica().status(), gateway.figures(groupId))));
        } catch (RejectedExecutionException e) {
            out.completeExceptionally(e);
        }
        return out;
    }

    boolean leads() {
        return leads;
    }

    /** Another node is to lead, if one can take over now; this node stays, as a follower. */
    void yieldLeadership() {
        try {
            loop().execute(() -> {
                TransferResult unused = replica().operator().handOver(0);
            });
        } catch (RejectedExecutionException e) {
            // The node stops.
        }
    }

    /** A round of the scrub begins now, if none is under way. */
    CompletableFuture<ScrubAsked> startScrub() {
        CompletableFuture<ScrubAsked> out = new CompletableFuture<>();
        try {
            loop().execute(() -> {
                long rounds = replica().status().scrub().rounds();
                out.complete(new ScrubAsked(replica().operator().startScrub(), rounds));
            });
        } catch (RejectedExecutionException e) {
            out.completeExceptionally(e);
        }
        return out;
    }

    /**
     * An orderly stop is near, or an operator wants it: what this node leads goes to a peer. Ask again while it is under way.
     *
     * @param wanted which one, or 0 for the one that holds most
     */
    CompletableFuture<Handover> handOver(int wanted) {
        CompletableFuture<Handover> out = new CompletableFuture<>();
        try {
            loop().execute(() -> out.complete(advanceHandover(wanted)));
        } catch (RejectedExecutionException e) {
            out.completeExceptionally(e);
        }
        return out;
    }

    /** The same for good: its volume is deleted, and nothing of it is needed in the log any more. */
    CompletableFuture<Boolean> end(WalStage wal) {
        CompletableFuture<Boolean> out = new CompletableFuture<>();
        try {
            loop().execute(() -> {
                gateway.endSessions(groupId);
                replica().close();
                wal.truncate(groupId, Long.MAX_VALUE);
                wal.submit();
                out.complete(true);
            });
        } catch (RejectedExecutionException e) {
            out.completeExceptionally(e);
        }
        return out;
    }

    /** Ends the clients' requests and then the replica. */
    CompletableFuture<Boolean> stop() {
        CompletableFuture<Boolean> out = new CompletableFuture<>();
        try {
            loop().execute(() -> {
                boolean amnesiac = replica().status().raft().amnesiac();
                gateway.endSessions(groupId);
                replica().close();
                out.complete(amnesiac);
            });
        } catch (RejectedExecutionException e) {
            out.completeExceptionally(e);
        }
        return out;
    }

    // ---------------------------------------------------------------- on the group's thread

    private Handover advanceHandover(int wanted) {
        // Also again: a peer may have been too slow, or none could take over before.
        TransferResult result = replica().operator().handOver(wanted);
        RaftStatus s = replica().status().raft();
        handsOver |= s.ready();
        if (!handsOver) {
            return Handover.NOT_LED;
        }
        boolean follows = s.role() == Role.FOLLOWER && s.leader() != 0 && s.syncTerm() == s.term();
        if (!follows) {
            return switch (result) {
                case UNDER_WAY, NOT_LED, NOBODY -> Handover.UNDER_WAY;
                case AWAY -> Handover.AWAY;
                case BEHIND -> Handover.BEHIND;
                case TO_ANOTHER -> Handover.TO_ANOTHER;
            };
        }
        // It may lead again, and be asked again.
        handsOver = false;
        return Handover.DONE;
    }

    /** The term that the replica is in; 0 while there is none. */
    long term() {
        Replica r = replica;
        return r == null ? 0 : r.status().raft().term();
    }

    /**
     * @param leader 0 when none is known, or while this node leads and does not take requests yet
     * @param self it is this node
     */
    void onLeader(int leader, boolean self) {
        leads = self;
        gateway.onLeader(groupId, leader);
        tell(PeerSender.EVERY_GATEWAY);
    }

    /** Whoever may have written before gets errors from here on. */
    void onWritesLost() {
        lostTerm = replica().status().raft().term();
        gateway.endSessions(groupId);
        tell(PeerSender.EVERY_GATEWAY);
    }

    private void tell(int to) {
        RaftStatus status = replica().status().raft();
        sender.sendClient(groupId, to, new ClientMessage.LeaderNotice(status.term(), status.ready(), lostTerm));
    }

    @Override
    public boolean tick() {
        boolean quiet = isOpen && replica().tick();
        return gateway.tick(groupId) && quiet;
    }

    @Override
    public void endOfBatch() {
        replica().endOfBatch();
    }

    @Override
    public void onError(Throwable cause) {
        replica().onError(cause);
    }
}
