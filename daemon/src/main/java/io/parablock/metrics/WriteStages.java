package io.parablock.metrics;

import io.parablock.raft.log.Entry;
import io.parablock.raft.log.EntryKind;
import io.parablock.raft.message.Message;
import io.parablock.replica.ReplicaPorts;
import io.parablock.replica.client.ClientMessage;
import java.util.Arrays;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Watches the writes of one group's replica from outside: decorates its ports, and hears of its inputs. All calls but
 * {@link #measured} on the group's thread.
 *
 * <pre>
 *   WalStage.append ──► [by token] ──► durable              wal_durable, on every replica
 *         └─ leader ──► [by slot] ──► acks of peers         first_ack, quorum_ack, peer.ack
 *                           └───────► answer, or apply      commit
 *   ApplyStage.apply ─► [in order] ──► onApplied            apply, on every replica
 * </pre>
 *
 * What is under way is kept in rings of a fixed size, so that a write costs no allocation; whoever stays longer than the ring
 * goes round is not counted.
 */
public final class WriteStages {
    private final NodeMeters meters;
    private final int nodeId;
    private final int[] voters;
    private final int span;
    private final LongSupplier nowNs;
    private final LeaderTimes leaderTimes;

    /** Entries handed to the log that are timed: rings by token. */
    private final long[] tokens;

    private final long[] appendedNs;
    /** Of a write that this node leads, else 0. */
    private final long[] slots;

    /** While this node leads. */
    private @Nullable LedWrites led;
    /** As of the latest event. */
    private boolean watching;

    WriteStages(NodeMeters meters, int groupId, int nodeId, int[] voters, int span, LongSupplier nowNs) {
        this.meters = meters;
        this.nodeId = nodeId;
        this.voters = voters.clone();
        this.span = span;
        this.nowNs = nowNs;
        this.leaderTimes = new LeaderTimes(meters, groupId, nodeId, voters.length / 2 + 1, nowNs);
        int size = LedWrites.ringSize(span);
        this.tokens = new long[size];
        this.appendedNs = new long[size];
        this.slots = new long[size];
        Arrays.fill(tokens, -1);
    }

    /** The same ports, watched while requests are measured. Before the replica is made. */
    public ReplicaPorts measured(ReplicaPorts ports) {
        return new ReplicaPorts(
                new MeasuredWalStage(ports.wal(), this),
                ports.state(),
                ports.store(),
                new MeasuredApplyStage(ports.apply(), this, LedWrites.ringSize(span)),
                new MeasuredPeerSender(ports.peers(), this),
                new MeasuredEvents(ports.events(), this),
                ports.loop(),
                ports.background(),
                ports.nowNs(),
                ports.suspendedNs(),
                ports.allocator());
    }

    /** @param replica hears of each durable token after this */
    public LongConsumer durable(LongConsumer replica) {
        return token -> {
            onDurable(token);
            replica.accept(token);
        };
    }

    /** Whether requests are measured. Whatever was under way when that began is left out. */
    boolean isWatching() {
        boolean now = meters.measuresRequests();
        if (now != watching) {
            watching = now;
            Arrays.fill(tokens, -1);
            led = led == null ? null : new LedWrites(meters, nodeId, voters, span, nowNs);
        }
        return now;
    }

    /** Of the writes that are watched, or null. */
    private @Nullable LedWrites watchedLed() {
        return isWatching() ? led : null;
    }

    /** Before the replica hears of it. */
    public void onMessage(Message m, int from) {
        LedWrites l = watchedLed();
        if (l != null && m instanceof Message.AppendAck ack) {
            l.acked(from, ack.slots(), ack.contigPrefix(), nowNs.getAsLong());
        } else if (l != null && m instanceof Message.HeartbeatAck ack && ack.syncTerm() == ack.term()) {
            l.ackedTo(from, ack.contigPrefix(), nowNs.getAsLong());
        } else if (m instanceof Message.VoteReply vote) {
            leaderTimes.onVote(from, vote);
        }
    }

    /** A client's, and no merge's or session's. */
    static boolean isWrite(Entry e) {
        EntryKind kind = e.kind();
        return e.slot() > 0 && (kind == EntryKind.WRITE || kind == EntryKind.ZERO || kind == EntryKind.TRIM);
    }

    /** Whether it is one of those whose stages are timed. */
    boolean times(Entry e) {
        return meters.times(e.slot());
    }

    long nowNs() {
        return nowNs.getAsLong();
    }

    void onAppend(Entry e, long token) {
        if (!isWatching() || !isWrite(e)) {
            return;
        }
        LedWrites l = led;
        long now = LedWrites.NOT_TIMED;
        if (times(e)) {
            now = nowNs.getAsLong();
            int i = (int) token & tokens.length - 1;
            tokens[i] = token;
            appendedNs[i] = now;
            slots[i] = l == null ? 0 : e.slot();
        }
        if (l != null) {
            l.begin(e, now);
        }
    }

    private void onDurable(long token) {
        if (!isWatching()) {
            return;
        }
        int i = (int) token & tokens.length - 1;
        if (tokens[i] != token) {
            return;
        }
        tokens[i] = -1;
        long now = nowNs.getAsLong();
        meters.onStage(Stage.WAL_DURABLE, now - appendedNs[i]);
        LedWrites l = led;
        if (l != null && slots[i] > 0) {
            l.durable(slots[i], now);
        }
    }

    void onSent(int to, Message m) {
        LedWrites l = watchedLed();
        if (l != null && m instanceof Message.Append append && !append.entries().isEmpty()) {
            l.sent(to, append.entries().get(append.entries().size() - 1).slot(), nowNs.getAsLong());
        } else if (m instanceof Message.Vote) {
            leaderTimes.onCampaign(m.term());
        }
    }

    void onAnswer(ClientMessage m) {
        LedWrites l = watchedLed();
        if (l != null && m instanceof ClientMessage.MutateReply reply && reply.status() == ClientMessage.Status.OK) {
            l.answered(reply.session(), reply.seq());
        }
    }

    void onApply(Entry e) {
        LedWrites l = watchedLed();
        if (l != null) {
            l.committed(e.slot());
        }
    }

    void onApplied(long elapsedNs) {
        meters.onStage(Stage.APPLY, elapsedNs);
    }

    void onLeaderChanged(int leaderNode, boolean ready) {
        leaderTimes.onLeaderChanged(leaderNode, ready);
        led = leaderNode == nodeId && ready ? new LedWrites(meters, nodeId, voters, span, nowNs) : null;
    }
}
