package io.parablock.main;

import io.parablock.events.EventKind;
import io.parablock.events.EventLog;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;

/** Connections between nodes, and of gateways, as events. Thread-safe. */
final class LinkEvents {
    private static final String CLOSED = "the connection was closed";

    private static final class Peer {
        boolean up;
        String complaint = CLOSED;
    }

    private final EventLog events;
    private final Map<Integer, Peer> peers = new ConcurrentHashMap<>();

    LinkEvents(EventLog events) {
        this.events = events;
    }

    private Peer peer(int id) {
        return peers.computeIfAbsent(id, p -> new Peer());
    }

    void onConnected(int id, boolean up) {
        Peer p = peer(id);
        String why;
        synchronized (p) {
            why = p.complaint;
            p.up = up;
            p.complaint = CLOSED;
        }
        if (up) {
            events.tell(EventKind.PEER_CONNECTED, 0, "node " + id + " is connected", id);
        } else {
            events.tell(EventKind.PEER_LOST, 0, "node " + id + " is not connected any more: " + why, id, why);
        }
    }

    /** @param at what to say of its address, or empty */
    void onComplaint(int id, String at, String why) {
        Peer p = peer(id);
        synchronized (p) {
            if (p.up) {
                // The end of the connection follows, and says it.
                p.complaint = why;
                return;
            }
        }
        events.tell(EventKind.PEER_UNREACHABLE, 0, "node " + id + at + " is not connected: " + why, id, why);
    }

    void onRefused(SocketAddress from, String why) {
        String host = from instanceof InetSocketAddress tcp ? tcp.getHostString() : Objects.toString(from);
        events.tellSeldom(
                EventKind.PEER_REFUSED,
                host + why,
                0,
                "refusing peer connection from " + from + ": " + why,
                Objects.toString(from),
                why);
    }

    void onGatewayAttached(int gateway, SocketAddress from) {
        String text = "gateway " + gateway + " is connected from " + from;
        events.tell(EventKind.GATEWAY_ATTACHED, 0, text, gateway, Objects.toString(from));
    }

    void onGatewayGone(int gateway) {
        events.tell(EventKind.GATEWAY_GONE, 0, "gateway " + gateway + " has gone", gateway);
    }
}
