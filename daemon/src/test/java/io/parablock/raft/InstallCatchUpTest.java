package io.parablock.raft;

import static org.assertj.core.api.Assertions.assertThat;

import io.parablock.raft.log.EntryKind;
import io.parablock.raft.log.SlotRun;
import io.parablock.raft.message.Message;
import io.parablock.raft.state.RecoveredState;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Between the last piece of an install and its end e, the node that was installed catches up from the log (protocol.md §7). */
class InstallCatchUpTest {
    private static final long MS = 1_000_000L;
    private static final int STORE_BYTES = 8192;
    private static final int INSTALLED = 2;
    private static final int QUORUM = 3;
    private static final int WRITES = 60;
    /** 20 election timeouts of ThreeVoters. */
    private static final long SILENCE_MS = 6_000;

    private RaftNode node;
    private long now = 1_000 * MS;
    private long installId;
    private final List<String> events = new ArrayList<>();

    @BeforeEach
    void installUpToItsEnd() {
        RaftConfig config =
                ThreeVoters.config(false).withInstall(new InstallConfig(STORE_BYTES, 4096, 4, 1 << 20, 1 << 20));
        node = new RaftNode(config, RecoveredState.fresh(), 7, now);
        while (node.status().role() != Role.PRE_CANDIDATE) {
            pass(5);
        }
        node.step(QUORUM, 1, new Message.PreVoteReply(0, 1, true, false, false), now);
        node.step(
                QUORUM,
                1,
                new Message.VoteReply(1, true, 0, 0, 0, 0, 0, List.of(), List.of(), List.of(), List.of()),
                now);
        node.step(QUORUM, 1, new Message.SyncAck(1), now);
        work();
        assertThat(node.status().role()).isEqualTo(Role.LEADER);
        node.step(INSTALLED, 1, new Message.InstallRequest(1, 0, 0), now);
        node.proposeOpenSession(1, 1, 1, now);
        work();
        long session = node.sessionOf(1, 1, 1);
        for (int i = 0; i < WRITES; i++) {
            assertThat(node.propose(EntryKind.TRIM, 0, 4096, session, i, i, 0, 0, null, now))
                    .isEqualTo(ProposeResult.ACCEPTED);
            work();
        }
        assertThat(node.status().appliedPrefix()).isGreaterThanOrEqualTo(WRITES);
        installAck(0, false);
        installAck(STORE_BYTES, false);
        installAck(STORE_BYTES, true);
        node.step(INSTALLED, 1, new Message.SyncAck(1), now);
        work();
        assertThat(events).anyMatch(e -> e.contains("complete"));
    }

    /** Its acknowledgements of slots are its answers now: there are no others. */
    @Test
    void shouldCountANodeThatCatchesUpAsOneThatAnswers() {
        for (long slot = 1; slot <= WRITES / 2; slot++) {
            node.step(INSTALLED, 1, new Message.AppendAck(1, List.of(new SlotRun(slot, slot)), 0, slot, 1_000), now);
            pass(SILENCE_MS / 10);
        }
        assertThat(events).noneMatch(e -> e.contains("aborted"));
    }

    @Test
    void shouldGiveUpANodeThatStandsStill() {
        pass(SILENCE_MS / 2);
        assertThat(events).noneMatch(e -> e.contains("aborted"));
        pass(SILENCE_MS);
        assertThat(events).anyMatch(e -> e.contains("the node does not answer"));
    }

    private void installAck(long receivedBytes, boolean done) {
        node.step(INSTALLED, 1, new Message.InstallAck(1, installId, receivedBytes, done), now);
        work();
    }

    private void pass(long ms) {
        for (long end = now + ms * MS; now < end; ) {
            now += 5 * MS;
            node.tick(now);
            work();
        }
    }

    /** The log and the store answer at once, and so does the other node of the quorum. */
    private void work() {
        Output o = node.output();
        node.endOfBatch(now);
        while (!o.isEmpty()) {
            var appends = List.copyOf(o.appends);
            var applies = List.copyOf(o.applies);
            var messages = List.copyOf(o.messages);
            if (o.event != null) {
                events.add(o.event);
            }
            o.clear();
            appends.forEach(e -> node.onDurable(e.slot(), e.origin(), now));
            applies.forEach(e -> node.onApplied(e.slot(), now));
            messages.forEach(this::answer);
            node.endOfBatch(now);
        }
    }

    private void answer(Output.Outgoing sent) {
        if (sent.message() instanceof Message.InstallBegin begin) {
            installId = begin.installId();
        }
        if (sent.to() != QUORUM) {
            return;
        }
        if (sent.message() instanceof Message.Append append) {
            List<SlotRun> slots = append.entries().stream()
                    .map(e -> new SlotRun(e.slot(), e.slot()))
                    .toList();
            long last = slots.get(slots.size() - 1).last();
            node.step(QUORUM, 1, new Message.AppendAck(1, slots, append.round(), last, 1_000), now);
        } else if (sent.message() instanceof Message.Heartbeat beat) {
            long contig = node.status().lastSlot();
            node.step(QUORUM, 1, new Message.HeartbeatAck(1, beat.round(), 1, contig, contig, 1_000, false), now);
        }
    }
}
