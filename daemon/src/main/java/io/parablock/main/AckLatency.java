package io.parablock.main;

import io.parablock.raft.log.SlotRun;
import io.parablock.raft.message.Message;
import io.parablock.replica.PeerSender;
import io.parablock.replica.client.ClientMessage;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongSupplier;

/**
 * How long each peer takes from an entry that this node sends it to the acknowledgement: its log, its event loop, and the way
 * there and back. One entry of each group and peer at a time is timed.
 */
final class AckLatency {
    private static final int IDS = 256;
    private static final int NO_PEER = -1;
    private static final LatencyProbe[] NO_PROBES = {};

    private final LongSupplier nowNs;
    /** Place of a peer in a row of {@link #probes}, by its id. */
    private final int[] places = new int[IDS];

    private final int peers;

    /** By group and place. Replaced when a group is new. */
    private volatile LatencyProbe[][] probes = new LatencyProbe[0][];

    /**
     * @param peers ids of all nodes
     * @param groups numbered from 1 to this
     */
    AckLatency(List<Integer> peers, int groups, LongSupplier nowNs) {
        this.nowNs = nowNs;
        Arrays.fill(places, NO_PEER);
        for (int i = 0; i < peers.size(); i++) {
            places[peers.get(i)] = i;
        }
        this.peers = peers.size();
        for (int group = 1; group <= groups; group++) {
            add(group);
        }
    }

    /** A group is new; those between have no probes. */
    synchronized void add(int groupId) {
        if (groupId < probes.length && probes[groupId].length > 0) {
            return;
        }
        LatencyProbe[] row = new LatencyProbe[peers];
        Arrays.setAll(row, place -> new LatencyProbe());
        int before = probes.length;
        LatencyProbe[][] all = Arrays.copyOf(probes, Math.max(before, groupId + 1));
        Arrays.fill(all, before, all.length, NO_PROBES);
        all[groupId] = row;
        probes = all;
    }

    private LatencyProbe probe(int groupId, int peer) {
        return probes[groupId][places[peer]];
    }

    private boolean isKnown(int groupId, int peer) {
        LatencyProbe[][] all = probes;
        return groupId > 0
                && groupId < all.length
                && all[groupId].length > 0
                && peer >= 0
                && peer < IDS
                && places[peer] != NO_PEER;
    }

    /** What replicas send by, timed. */
    PeerSender timed(PeerSender sender) {
        return new Timed(sender);
    }

    /** From any thread. */
    void onMessage(int groupId, int from, Message m) {
        if (!(m instanceof Message.AppendAck ack) || !isKnown(groupId, from)) {
            return;
        }
        LatencyProbe p = probe(groupId, from);
        long slot = p.timed();
        if (slot >= 0 && covers(ack, slot)) {
            p.end(nowNs.getAsLong());
        }
    }

    private static boolean covers(Message.AppendAck ack, long slot) {
        if (ack.contigPrefix() >= slot) {
            return true;
        }
        List<SlotRun> runs = ack.slots();
        for (int i = 0; i < runs.size(); i++) {
            if (runs.get(i).first() <= slot && slot <= runs.get(i).last()) {
                return true;
            }
        }
        return false;
    }

    /** Mean since the last call, or how long the entry that is timed now has taken, if that is more; -1 if there was none. */
    long takeNs(int groupId, int peer) {
        return probe(groupId, peer).take(nowNs.getAsLong());
    }

    /** This node does not lead the group, or the peer is away: nothing that was sent will be acknowledged. */
    void forget(int groupId, int peer) {
        probe(groupId, peer).forget();
    }

    private final class Timed implements PeerSender {
        private final PeerSender sender;

        Timed(PeerSender sender) {
            this.sender = sender;
        }

        @Override
        public void send(int groupId, int to, Message message) {
            if (message instanceof Message.Append a && !a.entries().isEmpty() && isKnown(groupId, to)) {
                LatencyProbe p = probe(groupId, to);
                if (p.isIdle()) {
                    p.begin(a.entries().get(a.entries().size() - 1).slot(), nowNs.getAsLong());
                }
            }
            sender.send(groupId, to, message);
        }

        @Override
        public void sendClient(int groupId, int to, ClientMessage message) {
            sender.sendClient(groupId, to, message);
        }

        @Override
        public boolean connected(int peer) {
            return sender.connected(peer);
        }

        @Override
        public void flush() {
            sender.flush();
        }
    }
}
