package io.parablock.raft;

import io.parablock.raft.message.Message;
import io.parablock.raft.progress.PeerProgress;
import io.parablock.raft.state.Checkpoint;
import java.util.Iterator;
import java.util.Map;
import java.util.TreeMap;

/**
 * The leader's side of installs (protocol.md §7): one per peer at a time, pieces in order within a window, all of them under
 * one throttle. The log above the base is pinned until the peer has it, up to a limit; past it the install is given up.
 */
final class InstallSender {
    /** Election timeouts without an answer after which an install is given up. */
    private static final int SILENCE_TIMEOUTS_MAX = 20;
    /** Retransmission times after which unanswered pieces are read and sent again. */
    private static final int RESEND_AFTER = 4;
    /** The throttle saves up at most this part of a second. */
    private static final long BURST_NS = 100_000_000L;

    private static final int PIECE_BYTES_MIN = 4096;

    private static final int IDS_PER_TERM_BITS = 20;

    private static final class Transfer {
        final int node;
        final long installId;
        final Checkpoint image;
        boolean begun;
        long sentBytes;
        long receivedBytes;
        long e;
        boolean done;
        long pinnedFrom;
        long lastSentNs;
        long lastHeardNs;

        Transfer(int node, long installId, Checkpoint image, long nowNs) {
            this.node = node;
            this.installId = installId;
            this.image = image;
            this.pinnedFrom = image.a();
            this.lastHeardNs = nowNs;
        }
    }

    private final CoreState state;
    private final Leader leader;
    private final InstallConfig limits;
    private final int pieceBytes;
    private final TreeMap<Integer, Transfer> transfers = new TreeMap<>();
    /** Nodes whose store may be neither old nor new, with the base that ends it. */
    private final TreeMap<Integer, Long> mixed = new TreeMap<>();

    private long counter;
    private long budgetBytes;
    private long budgetAtNs;

    InstallSender(CoreState state, Leader leader) {
        this.state = state;
        this.leader = leader;
        this.limits = state.config.install();
        this.pieceBytes = pieceBytes(limits, state.config.electionTimeoutNs());
    }

    /** The throttle lets a piece pass within an election timeout: a longer silence ends an install. */
    private static int pieceBytes(InstallConfig limits, long electionTimeoutNs) {
        long passing = perNs(limits.bytesPerSecond(), electionTimeoutNs) / PIECE_BYTES_MIN * PIECE_BYTES_MIN;
        return (int) Math.min(limits.pieceBytes(), Math.max(PIECE_BYTES_MIN, passing));
    }

    /** Not the leader any more. */
    void stop() {
        transfers.clear();
        mixed.clear();
        state.pinned = Long.MAX_VALUE;
    }

    /** The peer's store does not count as holding anything (the floor's rule). */
    boolean isMixed(int node) {
        return mixed.containsKey(node);
    }

    /** @return false if the message is not for the leader's side */
    boolean step(int from, Message.Install message) {
        if (message instanceof Message.InstallRequest m) {
            onRequest(from, m);
        } else if (message instanceof Message.InstallAck m) {
            onAck(from, m);
        } else {
            return false;
        }
        return true;
    }

    /**
     * Also while the own store may be ahead of what is applied: what it is ahead by may be committed by nobody but the very
     * node that asks. The end that the install names covers it.
     */
    private void onRequest(int from, Message.InstallRequest m) {
        if (state.role != Role.LEADER || limits.storeBytes() == 0 || state.installing) {
            return;
        }
        Transfer old = transfers.get(from);
        if (old != null && !old.begun) {
            return;
        }
        long b = state.apply.appliedPrefix();
        if (b < m.atLeast()) {
            // What it has applied was committed, if not in this term then before it, and the merged log has it
            // (invariant 7). To wait for a quorum's SyncAcks may be to wait for its own.
            leader.commitMerged(Math.min(m.atLeast(), state.mSync));
            return;
        }
        long id = (state.term << IDS_PER_TERM_BITS) + ++counter;
        Transfer t = new Transfer(from, id, CheckpointImage.of(state), state.nowNs);
        transfers.put(from, t);
        mixed.put(from, b);
        pin();
        state.output.event = "install " + id + " of node " + from + " begins: base slot " + b + ", "
                + limits.storeBytes() + " bytes";
        sendBegin(t);
    }

    private void sendBegin(Transfer t) {
        t.lastSentNs = state.nowNs;
        state.send(t.node, new Message.InstallBegin(state.term, t.installId, limits.storeBytes(), pieceBytes, t.image));
    }

    /** Another process answers there now: it knows nothing of its predecessor's install. */
    void onRestart(int node) {
        Transfer t = transfers.get(node);
        if (t != null && !t.done) {
            giveUp(t, "the node restarted");
            transfers.remove(node);
            pin();
        }
    }

    private void giveUp(Transfer t, String why) {
        state.output.event = "install " + t.installId + " of node " + t.node + " aborted after " + t.receivedBytes
                + " of " + limits.storeBytes() + " bytes: " + why;
    }

    private void onAck(int from, Message.InstallAck m) {
        Transfer t = transfers.get(from);
        if (t == null || t.installId != m.installId() || t.done) {
            return;
        }
        t.begun = true;
        t.lastHeardNs = state.nowNs;
        t.receivedBytes = Math.max(t.receivedBytes, Math.min(m.receivedBytes(), limits.storeBytes()));
        if (m.done()) {
            t.done = true;
            state.output.event = "install " + t.installId + " of node " + from + " complete: " + limits.storeBytes()
                    + " bytes, store readable there from slot " + t.e;
        } else {
            pump(t);
        }
    }

    /** A piece turned out to be a hole: it costs nothing. */
    void onHole(long bytes) {
        budgetBytes += bytes;
    }

    void tick(PeerProgress[] peers) {
        refill();
        for (PeerProgress p : peers) {
            Transfer t = transfers.get(p.node());
            if (t != null && !t.done) {
                // What it held is no proof: it asked because it has lost some of that. And until it says otherwise, its
                // store
                // is not whole.
                p.installing(true);
                continue;
            }
            Long base = mixed.get(p.node());
            if (base != null && !p.installing() && p.synced() && p.contigPrefix() >= base) {
                mixed.remove(p.node());
            }
            if (t != null && p.synced() && p.contigPrefix() >= t.image.a()) {
                if (p.contigPrefix() > t.pinnedFrom) {
                    t.pinnedFrom = p.contigPrefix();
                    t.lastHeardNs = state.nowNs; // it catches up: its acks of slots are its answer now
                }
                if (t.pinnedFrom >= Math.max(t.e, state.log.base()) && !mixed.containsKey(p.node())) {
                    transfers.remove(p.node());
                }
            }
        }
        for (Iterator<Map.Entry<Integer, Transfer>> it = transfers.entrySet().iterator(); it.hasNext(); ) {
            Transfer t = it.next().getValue();
            // What is not applied stays anyway. A leader that needs this very node for its quorum commits nothing
            // meanwhile.
            if (state.apply.appliedPrefix() - t.pinnedFrom > limits.pinSlotsMax()) {
                giveUp(t, "it held back more than " + limits.pinSlotsMax() + " slots of the log");
                it.remove();
            } else if (state.nowNs - t.lastHeardNs > SILENCE_TIMEOUTS_MAX * state.config.electionTimeoutNs()) {
                giveUp(t, "the node does not answer");
                it.remove();
            } else if (!t.done) {
                pump(t);
            }
        }
        pin();
    }

    private void pin() {
        long lowest = Long.MAX_VALUE;
        for (Transfer t : transfers.values()) {
            lowest = Math.min(lowest, t.pinnedFrom);
        }
        state.pinned = lowest;
    }

    private void refill() {
        long passedNs = Math.min(BURST_NS, Math.max(0, state.nowNs - budgetAtNs));
        long mostBytes = Math.max(pieceBytes, perNs(limits.bytesPerSecond(), BURST_NS));
        budgetBytes = Math.min(mostBytes, budgetBytes + perNs(limits.bytesPerSecond(), passedNs));
        budgetAtNs = state.nowNs;
    }

    private static long perNs(long bytesPerSecond, long ns) {
        return bytesPerSecond / 1000 * (ns / 1000) / 1000;
    }

    private void pump(Transfer t) {
        long silentNs = state.nowNs - t.lastSentNs;
        if (!t.begun) {
            if (silentNs >= state.config.retransmitNs()) {
                sendBegin(t);
            }
        } else if (t.receivedBytes < limits.storeBytes()) {
            long overdueNs = RESEND_AFTER * state.config.retransmitNs();
            if (silentNs >= overdueNs && state.nowNs - t.lastHeardNs >= overdueNs) {
                t.sentBytes = t.receivedBytes;
            }
            t.sentBytes = Math.max(t.sentBytes, t.receivedBytes);
            sendPieces(t);
        } else if (t.e == 0 || silentNs >= state.config.retransmitNs()) {
            t.e = t.e == 0 ? Math.max(storeReach(), t.image.a()) : t.e;
            t.lastSentNs = state.nowNs;
            state.send(t.node, new Message.InstallEnd(state.term, t.installId, t.e));
        }
    }

    private void sendPieces(Transfer t) {
        long limit = t.receivedBytes + (long) limits.windowPieces() * pieceBytes;
        while (t.sentBytes < Math.min(limit, limits.storeBytes()) && budgetBytes > 0) {
            int length = (int) Math.min(pieceBytes, limits.storeBytes() - t.sentBytes);
            state.output.installReads.add(new Output.InstallRead(t.node, state.term, t.installId, t.sentBytes, length));
            t.sentBytes += length;
            budgetBytes -= length;
            t.lastSentNs = state.nowNs;
        }
    }

    /** Of all installs under way. */
    long doneBytes() {
        long bytes = 0;
        for (Transfer t : transfers.values()) {
            bytes += t.done ? 0 : t.receivedBytes;
        }
        return bytes;
    }

    long totalBytes() {
        long bytes = 0;
        for (Transfer t : transfers.values()) {
            bytes += t.done ? 0 : limits.storeBytes();
        }
        return bytes;
    }

    /**
     * No slot above it is in the block store, not even in part. What is in there was handed to it by this process, or
     * by an earlier one of this node, and then it was committed before this term, so the merged log has it; or it came with an
     * install.
     */
    private long storeReach() {
        return Math.max(Math.max(state.apply.issuedHighest(), state.mSync), state.readableFrom);
    }
}
