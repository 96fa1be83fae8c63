package io.parablock.metrics;

import io.micrometer.core.instrument.Timer;
import io.parablock.raft.log.Entry;
import io.parablock.raft.log.SlotRun;
import io.parablock.replica.SessionToken;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/** The writes that a leader has under way, by slot; made anew each time that it takes over. On the group's thread. */
final class LedWrites {
    private static final int FIRST = 1;
    private static final int QUORUM = 2;
    private static final int COMMITTED = 4;
    private static final int WORD_BITS = 64;

    /** As the moment of a write whose stages are not timed: it counts for {@link CommitOrder} alone. */
    static final long NOT_TIMED = Long.MIN_VALUE;

    private final NodeMeters meters;
    private final LongSupplier nowNs;
    private final int self;
    private final int[] voters;
    private final int majority;
    private final Timer[] peerAcks;
    private final int mask;

    // Rings by slot.
    private final long[] slots;
    private final long[] begunNs;
    private final long[] sessions;
    private final long[] seqs;
    /** A bit for each voter that has it durably, by its place among the voters. */
    private final long[] holders;

    private final byte[] done;
    /** A bit for each slot. */
    private final long[] uncommitted;
    /** By session and seq: its slot, unless another one has taken the place. */
    private final long[] slotsBySeq;

    // By the voter's place, then rings by slot: the last slot of each Append.
    private final long[][] sentSlots;
    private final long[][] sentNs;
    /** By the voter's place: every slot up to it has been looked at. */
    private final long[] prefixes;

    /** No lower slot is uncommitted. */
    private long lowest = Long.MAX_VALUE;

    private long highest;

    /** @param voters at most 64 */
    LedWrites(NodeMeters meters, int nodeId, int[] voters, int span, LongSupplier nowNs) {
        this.meters = meters;
        this.nowNs = nowNs;
        this.voters = voters.clone();
        this.self = placeOf(nodeId);
        this.majority = voters.length / 2 + 1;
        this.peerAcks = Arrays.stream(voters)
                .mapToObj(voter -> meters.timer(Metric.PEER_ACK, Integer.toString(voter)))
                .toArray(Timer[]::new);
        int size = ringSize(span);
        this.mask = size - 1;
        this.slots = new long[size];
        this.begunNs = new long[size];
        this.sessions = new long[size];
        this.seqs = new long[size];
        this.holders = new long[size];
        this.done = new byte[size];
        this.uncommitted = new long[size / WORD_BITS];
        this.slotsBySeq = new long[size];
        this.sentSlots = new long[voters.length][size];
        this.sentNs = new long[voters.length][size];
        this.prefixes = new long[voters.length];
    }

    /** A power of two that is larger than what may be in flight. */
    static int ringSize(int span) {
        return Math.max(WORD_BITS, 2 * Integer.highestOneBit(Math.max(1, 2 * span - 1)));
    }

    private int placeOf(int node) {
        for (int i = 0; i < voters.length; i++) {
            if (voters[i] == node) {
                return i;
            }
        }
        return -1;
    }

    private boolean isUnderWay(long slot) {
        return slots[(int) slot & mask] == slot;
    }

    /**
     * The write goes to this node's log.
     *
     * @param atNs now, or {@link #NOT_TIMED}
     */
    void begin(Entry e, long atNs) {
        long slot = e.slot();
        int i = (int) slot & mask;
        slots[i] = slot;
        begunNs[i] = atNs;
        sessions[i] = e.session();
        seqs[i] = e.seq();
        holders[i] = 0;
        done[i] = 0;
        uncommitted[i / WORD_BITS] |= 1L << i;
        slotsBySeq[place(e.session(), e.seq())] = slot;
        lowest = Math.min(lowest, slot);
        highest = Math.max(highest, slot);
    }

    private int place(long session, long seq) {
        return ((int) ((session * 0x9E3779B97F4A7C15L) >>> 32) + (int) seq) & mask;
    }

    /** An Append goes out to a peer. */
    void sent(int to, long lastSlot, long nowNs) {
        int place = placeOf(to);
        if (place >= 0) {
            sentSlots[place][(int) lastSlot & mask] = lastSlot;
            sentNs[place][(int) lastSlot & mask] = nowNs;
        }
    }

    /** This node has it durably. */
    void durable(long slot, long nowNs) {
        hold(slot, self, nowNs);
    }

    /** A peer has these durably, and everything up to the prefix. */
    void acked(int from, List<SlotRun> runs, long contigPrefix, long nowNs) {
        int place = placeOf(from);
        if (place < 0) {
            return;
        }
        for (int i = 0; i < runs.size(); i++) {
            SlotRun run = runs.get(i);
            for (long s = Math.max(run.first(), highest - mask); s <= Math.min(run.last(), highest); s++) {
                ack(s, place, nowNs);
            }
        }
        ackedTo(from, contigPrefix, nowNs);
    }

    void ackedTo(int from, long contigPrefix, long nowNs) {
        int place = placeOf(from);
        if (place < 0 || contigPrefix <= prefixes[place]) {
            return;
        }
        for (long s = Math.max(prefixes[place] + 1, highest - mask); s <= Math.min(contigPrefix, highest); s++) {
            ack(s, place, nowNs);
        }
        prefixes[place] = contigPrefix;
    }

    private void ack(long slot, int place, long nowNs) {
        int i = (int) slot & mask;
        if (slot > 0 && sentSlots[place][i] == slot) {
            sentSlots[place][i] = 0;
            peerAcks[place].record(nowNs - sentNs[place][i], TimeUnit.NANOSECONDS);
        }
        hold(slot, place, nowNs);
    }

    private void hold(long slot, int place, long nowNs) {
        int i = (int) slot & mask;
        if (slot <= 0 || slots[i] != slot || begunNs[i] == NOT_TIMED) {
            return;
        }
        holders[i] |= 1L << place;
        if (place != self && (done[i] & FIRST) == 0) {
            done[i] |= FIRST;
            meters.onStage(Stage.FIRST_ACK, nowNs - begunNs[i]);
        }
        if (Long.bitCount(holders[i]) >= majority) {
            quorum(i, nowNs);
        }
    }

    private void quorum(int i, long nowNs) {
        if ((done[i] & QUORUM) == 0) {
            done[i] |= QUORUM;
            meters.onStage(Stage.QUORUM_ACK, nowNs - begunNs[i]);
        }
    }

    /** The client is told that the write is done. */
    void answered(long sessionToken, long seq) {
        long session = SessionToken.slot(sessionToken);
        long slot = slotsBySeq[place(session, seq)];
        int i = (int) slot & mask;
        if (slots[i] == slot && sessions[i] == session && seqs[i] == seq) {
            committed(slot);
        }
    }

    /** Whatever shows it first. */
    void committed(long slot) {
        int i = (int) slot & mask;
        if (slot <= 0 || !isUnderWay(slot) || (done[i] & COMMITTED) != 0) {
            return;
        }
        done[i] |= COMMITTED;
        if (begunNs[i] != NOT_TIMED) {
            long now = nowNs.getAsLong();
            // The core counts acknowledgements that do not pass here: those of a merge.
            quorum(i, now);
            meters.onStage(Stage.COMMIT, now - begunNs[i]);
        }
        uncommitted[i / WORD_BITS] &= ~(1L << i);
        while (lowest <= highest && !isUncommitted(lowest)) {
            lowest++;
        }
        meters.commitOrder().add(uncommittedBelow(slot));
    }

    private boolean isUncommitted(long slot) {
        int i = (int) slot & mask;
        return (uncommitted[i / WORD_BITS] & 1L << i) != 0;
    }

    private int uncommittedBelow(long slot) {
        int found = 0;
        long s = Math.max(lowest, slot - mask);
        while (s < slot) {
            int i = (int) s & mask;
            int bit = i % WORD_BITS;
            int bits = (int) Math.min(WORD_BITS - bit, slot - s);
            long word = uncommitted[i / WORD_BITS] >>> bit;
            found += Long.bitCount(bits == WORD_BITS ? word : word & (1L << bits) - 1);
            s += bits;
        }
        return found;
    }
}
