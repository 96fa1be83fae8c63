package io.parablock.main;

import io.parablock.events.EventLog;
import io.parablock.gateway.Gateway;
import io.parablock.gateway.LeaderClaims;
import io.parablock.pipeline.GroupInputs;
import io.parablock.pipeline.GroupLoop;
import io.parablock.replica.PeerSender;
import io.parablock.replica.client.ClientMessage;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** One group in a gateway without a replica: its part of the gateway, and what the nodes say of its leader. */
final class GatewayGroup implements GroupInputs {
    /** Figures of the group, read on its thread. */
    record Reading(int groupId, int leader, Gateway.Figures figures) {}

    private final int groupId;
    private final Gateway gateway;
    private final PeerSender members;
    private final EventLog events;
    private final LeadershipEvents leadership;
    private final Consumer<Throwable> fatal;
    /** Of the group's thread. */
    private final LeaderClaims claims = new LeaderClaims();

    private int leader;
    private @Nullable GroupLoop loop;

    GatewayGroup(int groupId, Gateway gateway, PeerSender members, EventLog events, Consumer<Throwable> fatal) {
        this.groupId = groupId;
        this.gateway = gateway;
        this.members = members;
        this.events = events;
        this.leadership = new LeadershipEvents(groupId, 0, events, System::nanoTime);
        this.fatal = fatal;
    }

    /** Before the loop starts. */
    void bind(GroupLoop l) {
        loop = l;
    }

    int groupId() {
        return groupId;
    }

    GroupLoop loop() {
        GroupLoop l = loop;
        if (l == null) {
            throw new AssertionError("group " + groupId + " is not bound");
        }
        return l;
    }

    // ---------------------------------------------------------------- from any thread

    /** A payload's reference passes to this group. */
    void onReply(int from, ClientMessage m) {
        try {
            loop().execute(() -> handle(from, m));
        } catch (RejectedExecutionException e) {
            NodeGroup.release(m);
        }
    }

    void onConnected(int member, boolean up) {
        try {
            loop().execute(() -> {
                claims.onConnection(member);
                tellLeader();
                gateway.onPeer(groupId, member, up);
            });
        } catch (RejectedExecutionException e) {
            // The process stops.
        }
    }

    CompletableFuture<Reading> read() {
        CompletableFuture<Reading> out = new CompletableFuture<>();
        try {
            loop().execute(() -> out.complete(new Reading(groupId, leader, gateway.figures(groupId))));
        } catch (RejectedExecutionException e) {
            out.completeExceptionally(e);
        }
        return out;
    }

    /** Ends the clients' requests and sessions; what was sent is on the wire then. */
    CompletableFuture<Boolean> stop() {
        CompletableFuture<Boolean> out = new CompletableFuture<>();
        try {
            loop().execute(() -> {
                gateway.closeSessions(groupId);
                gateway.endSessions(groupId);
                members.flush();
                out.complete(true);
            });
        } catch (RejectedExecutionException e) {
            out.completeExceptionally(e);
        }
        return out;
    }

    // ---------------------------------------------------------------- on the group's thread

    private void handle(int from, ClientMessage m) {
        if (m instanceof ClientMessage.LeaderNotice notice) {
            if (claims.onNotice(from, notice)) {
                NodeEvents.tellWritesLost(events, groupId);
                gateway.endSessions(groupId);
            }
            tellLeader();
        } else {
            gateway.onReply(groupId, from, m);
        }
    }

    private void tellLeader() {
        int now = claims.leader();
        if (now != leader) {
            leader = now;
            leadership.onLeader(now, false, 0);
            gateway.onLeader(groupId, now);
        }
    }

    @Override
    public boolean tick() {
        return gateway.tick(groupId);
    }

    @Override
    public void endOfBatch() {
        members.flush();
    }

    @Override
    public void onError(Throwable cause) {
        fatal.accept(cause);
    }
}
