package io.parablock.perf.jmh;

import io.parablock.raft.Mode;
import io.parablock.raft.Output;
import io.parablock.raft.RaftConfig;
import io.parablock.raft.RaftNode;
import io.parablock.raft.log.Entry;
import io.parablock.raft.message.Message;
import io.parablock.raft.state.RecoveredState;
import java.util.ArrayDeque;
import java.util.List;

/**
 * Three cores with the default settings that have elected node 1 and opened a session: where the benches of the core begin.
 * No disk, wire or clock: what is to be written is durable at once, messages arrive at once.
 */
final class ElectedCores {
    static final int LEADER = 1;
    static final int FOLLOWER = 2;
    static final int OTHER_FOLLOWER = 3;
    /** Of every peer's process. */
    static final long BOOT = 1;

    private static final int[] VOTERS = {LEADER, FOLLOWER, OTHER_FOLLOWER};
    private static final long NONCE = 1;

    /** Time stands still while entries pass, so no session of theirs ever falls silent. */
    private static final long SESSION_EXPIRY_NS = Long.MAX_VALUE / 4;

    private record Packet(int from, int to, Message message) {}

    private final RaftNode[] cores = new RaftNode[VOTERS.length];
    private final ArrayDeque<Packet> wire = new ArrayDeque<>();
    private final RaftConfig config;
    private long nowNs;

    ElectedCores(Mode mode) {
        config = config(LEADER, mode);
        nowNs = config.electionTimeoutNs();
        for (int id : VOTERS) {
            cores[id - 1] = new RaftNode(config(id, mode), RecoveredState.fresh(), id, nowNs);
        }
        // Long enough for the longest timeout, and nobody may still be led by a leader of before.
        nowNs += 2 * config.electionTimeoutNs();
        leader().tick(nowNs);
        deliverAll();
        leader().proposeOpenSession(LEADER, BOOT, NONCE, nowNs);
        deliverAll();
        // The others learn what is committed.
        nowNs += config.heartbeatIntervalNs();
        leader().tick(nowNs);
        deliverAll();
        if (session() == 0 || follower().status().appliedPrefix() < session()) {
            throw new IllegalStateException(
                    "no leader: " + leader().status() + ", " + follower().status());
        }
    }

    private static RaftConfig config(int id, Mode mode) {
        RaftConfig d = RaftConfig.defaults(1, id, VOTERS);
        return new RaftConfig(
                        d.groupId(),
                        id,
                        VOTERS,
                        mode,
                        d.span(),
                        d.electionTimeoutNs(),
                        d.heartbeatIntervalNs(),
                        d.retransmitNs(),
                        d.retainSlotsMax(),
                        d.appendEntriesMax(),
                        d.appendBytesMax(),
                        d.fetchSlotsMax(),
                        d.sessionsMax(),
                        d.sessionWindow(),
                        d.mapped())
                .withSessionExpiryNs(SESSION_EXPIRY_NS);
    }

    RaftConfig config() {
        return config;
    }

    RaftNode leader() {
        return cores[LEADER - 1];
    }

    RaftNode follower() {
        return cores[FOLLOWER - 1];
    }

    /** The session; its slot is also the last one of the log. */
    long session() {
        return leader().sessionOf(LEADER, BOOT, NONCE);
    }

    long nowNs() {
        return nowNs;
    }

    private void deliverAll() {
        for (int id : VOTERS) {
            work(id);
        }
        for (Packet p = wire.poll(); p != null; p = wire.poll()) {
            cores[p.to - 1].step(p.from, BOOT, p.message, nowNs);
            work(p.to);
        }
    }

    private void work(int id) {
        RaftNode core = cores[id - 1];
        Output o = core.output();
        core.endOfBatch(nowNs);
        while (!o.isEmpty()) {
            List<Entry> appends = List.copyOf(o.appends);
            List<Entry> applies = List.copyOf(o.applies);
            o.messages.forEach(m -> wire.add(new Packet(id, m.to(), m.message())));
            o.clear();
            appends.forEach(e -> core.onDurable(e.slot(), e.origin(), nowNs));
            applies.forEach(e -> core.onApplied(e.slot(), nowNs));
            core.endOfBatch(nowNs);
        }
    }
}
