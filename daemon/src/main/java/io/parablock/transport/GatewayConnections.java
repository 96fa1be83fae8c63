package io.parablock.transport;

import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.Channel;
import io.parablock.replica.client.ClientMessage;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * The gateways that are connected to this node. Nobody can dial them: each is answered on the connections that it dialled, and
 * what is for one that has gone is dropped, since it asks again. Thread-safe.
 */
final class GatewayConnections {
    /** Named limit of the gateways whose refusals are remembered. */
    private static final int REFUSALS_MAX = 64;

    private record Refusal(int gateway, String why) {}

    private record Outlet(Channel channel, FrameQueue queue) {}

    /** One gateway: its lanes by number + 1. */
    private static final class Connected {
        final long boot;
        final ReplyBytes replies;
        /** It works with this node: it has said something since its hello. */
        boolean heard;

        final AtomicReferenceArray<@Nullable Outlet> outlets = new AtomicReferenceArray<>(1 + GatewayAccess.LANES_MAX);

        Connected(long boot, ReplyBytes replies) {
            this.boot = boot;
            this.replies = replies;
        }

        @Nullable
        Outlet control() {
            return outlets.get(0);
        }

        /** The least-loaded data lane; without one, that for control. */
        @Nullable
        Outlet leastLoaded() {
            Outlet best = null;
            for (int i = 1; i < outlets.length(); i++) {
                Outlet o = outlets.get(i);
                if (o != null && (best == null || o.queue.queuedBytes() < best.queue.queuedBytes())) {
                    best = o;
                }
            }
            return best == null ? control() : best;
        }

        boolean isGone() {
            for (int i = 0; i < outlets.length(); i++) {
                if (outlets.get(i) != null) {
                    return false;
                }
            }
            return true;
        }
    }

    private final PeerTransportConfig.Limits limits;
    private final int gatewaysMax;
    private final ReplyBytes replies;
    private final Map<Integer, Connected> gateways = new ConcurrentHashMap<>();
    /** Those that were told; number 0 for a gateway that could not say its own. */
    private final Set<Refusal> refusals = new LinkedHashSet<>();

    GatewayConnections(PeerTransportConfig.Limits limits, GatewayAccess access) {
        this.limits = limits;
        this.gatewaysMax = access.gatewaysMax();
        this.replies = ReplyBytes.ofAll(access.replyBytesMax());
    }

    int count() {
        return gateways.size();
    }

    /** Bytes that wait to go out to all of them. */
    long queuedBytes() {
        return replies.queued();
    }

    /** Whether it is the first time: a gateway that is refused comes again, with every lane. */
    synchronized boolean isNewRefusal(int gateway, String why) {
        boolean isNew = refusals.add(new Refusal(gateway, why));
        if (refusals.size() > REFUSALS_MAX) {
            refusals.remove(refusals.iterator().next());
        }
        return isNew;
    }

    /** Lets a connection in, in the place of the one before it on its lane; or says why not. Empty: it is in. */
    synchronized String admit(GatewayHello h, Channel ch) {
        Connected gateway = gateways.get(h.gateway());
        if (gateway != null && gateway.boot != h.boot()) {
            return "another gateway has the number " + h.gateway() + ": start this one again";
        }
        if (gateway == null) {
            if (gateways.size() >= gatewaysMax) {
                return "transport.gateways_max is " + gatewaysMax + ", and as many gateways are connected";
            }
            gateway = new Connected(h.boot(), replies.of(h.gateway()));
            gateways.put(h.gateway(), gateway);
        }
        FrameQueue queue = new FrameQueue(limits, "lane " + h.lane() + " of gateway " + h.gateway(), gateway.replies);
        refusals.removeIf(r -> r.gateway == h.gateway());
        Outlet before = gateway.outlets.getAndSet(h.lane() + 1, new Outlet(ch, queue));
        if (before != null) {
            before.channel.close();
        }
        return "";
    }

    /** Something came from a gateway that was let in: one that objects to this node's offer says nothing. */
    synchronized void onHeard(GatewayHello h) {
        Connected gateway = gateways.get(h.gateway());
        if (gateway != null && gateway.boot == h.boot()) {
            gateway.heard = true;
        }
    }

    /** The connection has ended. True if it was the last one of a gateway that was heard. */
    synchronized boolean remove(GatewayHello h, Channel ch) {
        Connected gateway = gateways.get(h.gateway());
        if (gateway == null || gateway.boot != h.boot()) {
            return false;
        }
        Outlet outlet = gateway.outlets.get(h.lane() + 1);
        if (outlet != null && outlet.channel == ch) {
            gateway.outlets.set(h.lane() + 1, null);
        }
        return gateway.isGone() && gateways.remove(h.gateway(), gateway) && gateway.heard;
    }

    /** The payload's reference stays with the caller. */
    void send(int groupId, int to, ClientMessage m) {
        Connected gateway = gateways.get(to);
        if (gateway != null) {
            boolean bulk = FrameWriter.isBulk(m);
            send(bulk ? gateway.leastLoaded() : gateway.control(), groupId, m);
        }
    }

    void sendToAll(int groupId, ClientMessage m) {
        gateways.values().forEach(g -> send(g.control(), groupId, m));
    }

    private static void send(@Nullable Outlet outlet, int groupId, ClientMessage m) {
        if (outlet == null) {
            return;
        }
        FrameType type = FrameWriter.isBulk(m)
                ? FrameType.READ_REPLY
                : m instanceof ClientMessage.LeaderNotice ? FrameType.LEADER : FrameType.FLUSH_REPLY;
        var frame = FrameWriter.client(PooledByteBufAllocator.DEFAULT, groupId, m);
        if (outlet.queue.admits(frame, type)) {
            outlet.queue.write(outlet.channel, frame);
        }
    }

    void flush() {
        for (Connected g : gateways.values()) {
            for (int i = 0; i < g.outlets.length(); i++) {
                Outlet o = g.outlets.get(i);
                if (o != null) {
                    o.queue.flush(o.channel);
                }
            }
        }
    }
}
