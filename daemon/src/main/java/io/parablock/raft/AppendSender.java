package io.parablock.raft;

import io.parablock.raft.log.Entry;
import io.parablock.raft.log.RaftLog;
import io.parablock.raft.message.Message;
import io.parablock.raft.progress.PeerProgress;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Builds Append frames: which entries a peer gets now, and the look-behind buffer that goes with them. */
final class AppendSender {
    private final CoreState state;

    /** Of the last frame: peers that are equally far get the same ones, which nobody changes. */
    private long[] extents = {};

    private long extentsFrom;
    private long extentsTo;

    AppendSender(CoreState state) {
        this.state = state;
    }

    /** The log may have changed since the last frame. */
    void beginRound() {
        extentsFrom = -1;
    }

    /** Sends what this peer was never sent, within its window. */
    void sendNew(PeerProgress p, long m, long nextSlot, long round, Message.CommitNotice notice) {
        long limit = Math.min(nextSlot - 1, p.sendLimit());
        long s = Math.max(p.nextSlot(), m + 1);
        while (s <= limit) {
            List<Entry> batch = new ArrayList<>();
            int bytes = 0;
            while (s <= limit
                    && batch.size() < state.config.appendEntriesMax()
                    && bytes <= state.config.appendBytesMax()) {
                Entry e = readable(s);
                if (e != null && !p.isAcked(s)) {
                    if (!batch.isEmpty() && bytes + e.payloadLength() > state.config.appendBytesMax()) {
                        break;
                    }
                    batch.add(e);
                    bytes += e.payloadLength();
                    p.onSent(s, state.nowNs);
                }
                s++;
            }
            if (!batch.isEmpty()) {
                sendAppend(p, batch, round, notice);
            }
        }
    }

    /** Sends again what is overdue. */
    void retransmit(PeerProgress p, long m, long round, Message.CommitNotice notice) {
        if (!p.connected() || (!p.synced() && state.guards.ackOnlySynced)) {
            return;
        }
        Repeat repeat = new Repeat(p, round, notice);
        long end = Math.min(p.nextSlot() - 1, p.sendLimit());
        for (long s = Math.max(p.contigPrefix(), m) + 1; s <= end; s++) {
            if (p.isOverdue(s, state.nowNs, state.config.retransmitNs())) {
                repeat.add(s);
            }
        }
        if (repeat.end()) {
            p.backOff();
        }
    }

    /** Sends again at once, and once, this slot and what else later ones have overtaken by the reordering window. */
    void resendOvertaken(PeerProgress p, long first, long round, Message.CommitNotice notice) {
        Repeat repeat = new Repeat(p, round, notice);
        for (long slot = first; slot != 0; slot = p.nextOvertaken(state.config.reorderWindowNs())) {
            if (repeat.add(slot)) {
                state.sentAgainOvertaken++;
            }
        }
        repeat.end();
    }

    /** What goes to a peer again, in frames as full as they may be. */
    private final class Repeat {
        private final PeerProgress p;
        private final long round;
        private final Message.CommitNotice notice;
        private List<Entry> batch = new ArrayList<>();
        private int bytes;
        private boolean any;

        Repeat(PeerProgress p, long round, Message.CommitNotice notice) {
            this.p = p;
            this.round = round;
            this.notice = notice;
            beginRound();
        }

        /** @return false if the slot cannot be read now */
        boolean add(long slot) {
            Entry e = readable(slot);
            if (e == null) {
                return false;
            }
            if (batch.size() >= state.config.appendEntriesMax()
                    || (!batch.isEmpty() && bytes + e.payloadLength() > state.config.appendBytesMax())) {
                sendAppend(p, batch, round, notice);
                batch = new ArrayList<>();
                bytes = 0;
            }
            batch.add(e);
            bytes += e.payloadLength();
            any = true;
            return true;
        }

        /** @return whether anything was sent */
        boolean end() {
            if (!batch.isEmpty()) {
                sendAppend(p, batch, round, notice);
            }
            return any;
        }
    }

    /** Null also while a damaged record is repaired: the peer gets it when that is done. */
    private @Nullable Entry readable(long slot) {
        return state.log.state(slot) == RaftLog.UNKNOWN ? null : state.log.get(slot);
    }

    /** The look-behind buffer of the frame: extents between the peer's contiguous prefix and the first entry, at most N. */
    private void sendAppend(PeerProgress p, List<Entry> batch, long round, Message.CommitNotice notice) {
        for (Entry e : batch) {
            p.onSent(e.slot(), state.nowNs);
        }
        long first = batch.get(0).slot();
        long last = batch.get(batch.size() - 1).slot();
        long from = Math.max(Math.max(p.contigPrefix() + 1, first - state.config.span()), 1);
        // Entries of one frame may have gaps between them (already acknowledged, so known to the peer, or on their
        // way).
        boolean gaps = last - first + 1 != batch.size();
        long to = gaps ? last : first;
        if (from != extentsFrom || to != extentsTo) {
            extents = extents(from, to);
            extentsFrom = from;
            extentsTo = to;
        }
        state.send(p.node(), new Message.Append(state.term, List.copyOf(batch), from, extents, round, notice));
    }

    private long[] extents(long from, long to) {
        long[] found = new long[(int) Math.max(0, to - from) * 2];
        for (long s = from; s < to; s++) {
            int i = (int) (s - from) * 2;
            if (state.lookBehind.known(s)) {
                found[i] = state.lookBehind.offset(s);
                found[i + 1] = state.lookBehind.length(s);
            } else {
                found[i + 1] = -1;
            }
        }
        return found;
    }
}
