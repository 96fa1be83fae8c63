package io.parablock.simulator.check;

import static io.parablock.simulator.check.Script.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.parablock.raft.log.OriginRun;
import io.parablock.raft.state.SyncRecord;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** What a FLUSH promises with durability=mapped, and which merged logs it binds (protocol.md §11, §14). */
class FlushCheckerTest {
    private final Script s = Script.mapped();
    private final EntryView first = write(1, 1, 11, 0);

    private static void shouldSee(int invariant, ThrowingCallable fault) {
        Violation v = catchThrowableOfType(Violation.class, fault);
        assertThat(v).as("a violation of invariant %d", invariant).isNotNull();
        assertThat(v.checker()).isEqualTo("FlushChecker");
        assertThat(v.invariant()).isEqualTo(invariant);
    }

    /** A write of the leader's term is on two nodes, answered, and flushed. */
    private void flush(EntryView e, int leader, int follower) {
        s.replicate(e, leader, follower);
        s.suite.onAnswered(leader, e);
        s.suite.onFlushArrived(leader, 1);
        for (int node : new int[] {leader, follower}) {
            s.suite.onForceBegun(node, 5);
            s.suite.onForceEnded(node, 5);
        }
        s.suite.onFlushAnswered(leader, 1);
    }

    @Test
    void shouldSeeAFlushAnsweredBeforeAQuorumForced() {
        s.boot();
        s.replicate(first, 1, 2);
        s.suite.onAnswered(1, first);
        s.suite.onFlushArrived(1, 1);
        s.suite.onForceBegun(1, 5);
        s.suite.onForceEnded(1, 5);
        shouldSee(16, () -> s.suite.onFlushAnswered(1, 1));
    }

    @Test
    void shouldTakeAFlushForcedByAQuorumAndHoldItThroughALossyMerge() {
        s.boot();
        flush(first, 1, 2);
        s.campaign(3, 2, 0);
        s.lead(3, 2);
        s.suite.onAmnesiacMerge(3, 2);
        shouldSee(7, () -> s.merged(3, 2, 0, List.of(), List.of()));
    }

    @Test
    void shouldHoldAFlushThroughTheSecondLossyMergeToo() {
        s.boot();
        flush(first, 1, 2);
        s.campaign(1, 2, 1);
        s.lead(1, 2);
        s.suite.onAmnesiacMerge(1, 2);
        s.merged(1, 2, 1, List.of(new OriginRun(1, 1, 1)), List.of());
        s.campaign(3, 3, 0);
        s.lead(3, 3);
        s.suite.onAmnesiacMerge(3, 3);
        shouldSee(7, () -> s.merged(3, 3, 0, List.of(), List.of()));
    }

    /** Node 3 died in the force of its SYNCREC of term 2 and led nobody; its next start finds it. */
    @Test
    void shouldNotAskAnEarlierTermsMergedLogForWhatWasFlushedSince() {
        s.boot();
        s.campaign(3, 2, 0);
        s.vote(2, 3, 2, 0);
        s.suite.onCrashed(3);
        s.campaign(1, 3, 0);
        s.vote(2, 1, 3, 0);
        s.lead(1, 3);
        for (int node = 1; node <= 2; node++) {
            s.merged(node, 3, 0, List.of(), List.of());
            s.suite.onSyncAckSent(node, 3);
        }
        flush(write(1, 3, 11, 0), 1, 2);
        s.suite.onStarted(3, 2);
        assertThatCode(() -> s.suite.onSyncRecordDurable(3, new SyncRecord(2, 0, List.of(), List.of())))
                .doesNotThrowAnyException();

        s.campaign(2, 4, 0);
        s.lead(2, 4);
        s.suite.onAmnesiacMerge(2, 4);
        shouldSee(7, () -> s.merged(2, 4, 0, List.of(), List.of()));
    }
}
