package io.parablock.simulator.check;

import static io.parablock.simulator.check.Script.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.parablock.raft.log.EntryKind;
import io.parablock.raft.log.OriginRun;
import io.parablock.raft.log.SlotRun;
import io.parablock.raft.state.SyncRecord;
import java.util.Arrays;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** Each checker lets the healthy story pass and sees its own kind of fault in it. */
class CheckerSuiteTest {
    private final Script s = Script.parallel();
    private final EntryView first = write(1, 1, 11, 0);
    private final EntryView second = write(2, 1, 12, 0, 1);
    private final EntryView third = write(3, 1, 13, 2);

    private static void shouldSee(int invariant, Class<? extends Checker> checker, ThrowingCallable fault) {
        Violation v = catchThrowableOfType(Violation.class, fault);
        assertThat(v).as("a violation of invariant %d", invariant).isNotNull();
        assertThat(v.checker()).isEqualTo(checker.getSimpleName());
        assertThat(v.invariant()).isEqualTo(invariant);
    }

    /** Three writes on all nodes, applied; the third before the second. */
    private void story() {
        s.boot();
        for (EntryView e : List.of(first, second, third)) {
            s.replicate(e, 1, 2, 3);
            s.suite.onAnswered(1, e);
        }
        for (int node = 1; node <= 3; node++) {
            s.apply(node, first);
            s.node(node).commitWatermark = 3;
            s.suite.onApplyStarted(node, third);
            s.apply(node, second);
            s.node(node).stamps[16] = 13;
            for (int sector = 16; sector < 24; sector++) {
                s.node(node).stamps[sector] = 13;
            }
            s.suite.onApplied(node, third);
            s.node(node).appliedPrefix = 3;
        }
    }

    /** Node 2 is elected in term 2 by node 3, having everything; node 1 is cut off. */
    private void elect() {
        s.campaign(2, 2, 3);
        s.vote(3, 2, 2, 3);
        s.lead(2, 2);
        s.merged(2, 2, 3, List.of(new OriginRun(1, 3, 1)), List.of());
    }

    @Test
    void shouldLetTheHealthyStoryPass() {
        story();
        s.suite.onReadArrived(1, 1, 0, 8192);
        s.suite.onReadServed(1, 1);
        for (int node = 1; node <= 3; node++) {
            s.checkpoint(node, 3);
            s.truncate(node, 2);
        }
        elect();
        s.merged(3, 2, 3, List.of(new OriginRun(1, 3, 1)), List.of());
        s.suite.onSyncAckSent(3, 2);
        EntryView fourth = write(4, 2, 14, 0, 1, 2);
        s.replicate(fourth, 2, 3);
        s.suite.onAnswered(2, fourth);
        s.merged(1, 2, 3, List.of(new OriginRun(1, 3, 1)), List.of());
        s.durable(1, fourth);
        for (int node = 1; node <= 3; node++) {
            s.apply(node, fourth);
        }
        s.suite.atQuiescence();
        assertThat(s.suite.committedSlots()).isEqualTo(4);
    }

    // ---- 1, 3: elections ----

    @Test
    void shouldSeeTwoLeaders() {
        s.boot();
        shouldSee(1, ElectionChecker.class, () -> s.lead(2, 1));
    }

    @Test
    void shouldSeeTwoVotes() {
        s.campaign(1, 1, 0);
        s.vote(3, 1, 1, 0);
        shouldSee(1, ElectionChecker.class, () -> s.hard(3, 1, 2));
    }

    @Test
    void shouldSeeASecondVoteOfANodeThatLostItsDisk() {
        s.campaign(1, 1, 0);
        s.vote(3, 1, 1, 0);
        s.suite.onCrashed(3);
        s.suite.onWiped(3);
        s.suite.onStarted(3, 2);
        s.campaign(2, 1, 0);
        shouldSee(1, ElectionChecker.class, () -> s.vote(3, 2, 1, 0));
    }

    @Test
    void shouldSeeATermThatGoesBack() {
        s.hard(1, 5, 0);
        shouldSee(3, ElectionChecker.class, () -> s.hard(1, 4, 0));
    }

    @Test
    void shouldSeeASyncTermAboveTheTerm() {
        s.boot();
        s.node(2).syncTerm = 2;
        shouldSee(3, ElectionChecker.class, s.suite::afterEvent);
    }

    @Test
    void shouldSeeAVoteForAPrefixBelowTheLogBase() {
        story();
        s.checkpoint(3, 3);
        s.truncate(3, 2);
        s.campaign(2, 2, 1);
        shouldSee(7, ElectionChecker.class, () -> s.vote(3, 2, 2, 1));
    }

    // ---- 2: identity ----

    @Test
    void shouldSeeTwoValuesOfOneIdentity() {
        s.boot();
        s.replicate(first, 1, 2);
        shouldSee(2, IdentityChecker.class, () -> s.durable(3, write(1, 1, 77, 0)));
    }

    // ---- 4, 5: sync ----

    @Test
    void shouldSeeASyncWithoutAnEntry() {
        story();
        s.campaign(2, 2, 3);
        s.lead(2, 2);
        s.suite.onEntryLost(2, 3, 1, false);
        shouldSee(4, SyncChecker.class, () -> s.merged(2, 2, 3, List.of(new OriginRun(1, 3, 1)), List.of()));
    }

    @Test
    void shouldSeeTwoMergedLogsOfOneTerm() {
        story();
        elect();
        shouldSee(4, SyncChecker.class, () -> s.merged(3, 2, 2, List.of(new OriginRun(1, 2, 1)), List.of()));
    }

    @Test
    void shouldSeeADeadEntryTakenForEffective() {
        story();
        elect();
        s.node(2).log.put(3L, write(3, 2, 99, 5));
        shouldSee(4, SyncChecker.class, () -> new SyncChecker(s.suite.ledger()).scan(s));
    }

    @Test
    void shouldSeeAnAckByANodeThatIsNotSynced() {
        story();
        elect();
        EntryView fourth = write(4, 2, 14, 3);
        s.suite.onProposed(2, 2, fourth);
        s.durable(3, fourth);
        shouldSee(5, SyncChecker.class, () -> s.ack(3, fourth));
    }

    @Test
    void shouldSeeAnAckForALowerTermAfterAReport() {
        s.boot();
        s.suite.onProposed(1, 1, first);
        s.durable(3, first);
        s.campaign(2, 2, 0);
        s.vote(3, 2, 2, 0, new SlotRun(1, 1));
        shouldSee(5, SyncChecker.class, () -> s.suite.onAckSent(3, 1, 1, 1));
    }

    // ---- 6, 7, 12, 14: commit and merge ----

    @Test
    void shouldSeeAnAnswerThatNoQuorumBacks() {
        s.boot();
        s.replicate(first, 1);
        shouldSee(6, CommitChecker.class, () -> s.suite.onAnswered(1, first));
    }

    @Test
    void shouldSeeACommitMarkThatNoQuorumBacks() {
        s.boot();
        s.replicate(first, 1);
        s.node(1).commitWatermark = 1;
        shouldSee(6, CommitChecker.class, s.suite::afterEvent);
    }

    @Test
    void shouldSeeAMergedLogWithoutACommittedSlot() {
        story();
        s.campaign(2, 2, 3);
        s.vote(3, 2, 2, 3);
        s.lead(2, 2);
        shouldSee(7, CommitChecker.class, () -> s.merged(2, 2, 2, List.of(new OriginRun(1, 2, 1)), List.of()));
    }

    @Test
    void shouldSeeANoopOverAnUnknownSlot() {
        s.boot();
        s.suite.onProposed(1, 1, first);
        s.durable(3, first);
        s.campaign(2, 2, 0);
        s.vote(3, 2, 2, 0, new SlotRun(1, 1));
        s.lead(2, 2);
        shouldSee(
                12,
                NoopChecker.class,
                () -> s.merged(2, 2, 1, List.of(new OriginRun(1, 1, 2)), List.of(new SlotRun(1, 1))));
    }

    @Test
    void shouldTakeANoopOverASlotThatAMajoritySurelyLacks() {
        s.boot();
        s.suite.onProposed(1, 1, first);
        s.durable(1, first);
        s.campaign(2, 2, 0);
        s.vote(3, 2, 2, 0);
        s.lead(2, 2);
        s.merged(2, 2, 1, List.of(new OriginRun(1, 1, 2)), List.of(new SlotRun(1, 1)));
        s.suite.afterEvent();
        assertThat(s.suite.ledger().disk(2).isNoop(1)).isTrue();
    }

    @Test
    void shouldSeeAMergeThatTakesAnOlderOrigin() {
        s.boot();
        s.campaign(2, 2, 0);
        s.vote(3, 2, 2, 0);
        s.lead(2, 2);
        s.merged(2, 2, 0, List.of(), List.of());
        s.durable(3, first);
        s.merged(3, 2, 0, List.of(), List.of());
        s.campaign(3, 3, 0);
        s.vote(2, 3, 3, 0);
        s.lead(3, 3);
        shouldSee(12, NoopChecker.class, () -> s.merged(3, 3, 1, List.of(new OriginRun(1, 1, 1)), List.of()));
    }

    @Test
    void shouldSeeAReportThatHidesAnAcknowledgedSlot() {
        s.boot();
        s.replicate(first, 1, 3);
        s.campaign(2, 2, 0);
        shouldSee(12, NoopChecker.class, () -> s.vote(3, 2, 2, 0));
    }

    @Test
    void shouldSeeAConfigThatIsNotAlone() {
        s.boot();
        s.replicate(first, 1);
        EntryView config = new EntryView(2, 1, EntryKind.CONFIG, 0, 0, 0, 0, 0, 0, 0, new long[0]);
        shouldSee(14, ConfigChecker.class, () -> s.suite.onProposed(1, 1, config));
    }

    @Test
    void shouldSeeAProposalWhileAConfigIsInFlight() {
        s.boot();
        s.suite.onProposed(1, 1, new EntryView(1, 1, EntryKind.CONFIG, 0, 0, 0, 0, 0, 0, 0, new long[0]));
        shouldSee(14, ConfigChecker.class, () -> s.suite.onProposed(1, 1, second));
    }

    // ---- 8, 9, 10: look-behind, apply, device ----

    @Test
    void shouldSeeALookBehindBufferThatLies() {
        s.boot();
        s.replicate(first, 1, 2);
        shouldSee(8, LookBehindChecker.class, () -> s.replicate(write(2, 1, 12, 0), 1, 2));
    }

    @Test
    void shouldSeeALieWhenTheEarlierSlotIsCommittedLater() {
        s.boot();
        s.replicate(write(2, 1, 12, 0), 1, 2);
        shouldSee(8, LookBehindChecker.class, () -> s.replicate(first, 1, 2));
    }

    @Test
    void shouldSeeAnUncommittedEntryApplied() {
        s.boot();
        s.replicate(first, 1);
        shouldSee(9, ApplyChecker.class, () -> s.suite.onApplyStarted(1, first));
    }

    @Test
    void shouldSeeAnOverlappingEntryAppliedTooEarly() {
        s.boot();
        s.replicate(first, 1, 2);
        s.replicate(second, 1, 2);
        shouldSee(10, ApplyChecker.class, () -> s.suite.onApplyStarted(1, second));
    }

    @Test
    void shouldSeeAnOverlappingEntryAppliedTooLate() {
        s.boot();
        s.replicate(second, 1, 2);
        s.suite.onApplyStarted(1, second);
        s.replicate(first, 1, 2);
        shouldSee(10, ApplyChecker.class, () -> s.suite.onApplyStarted(1, first));
    }

    @Test
    void shouldSeeAnEntryAppliedOverAHoleOutsideItsSpan() {
        s.boot();
        EntryView far = write(6, 1, 16, 5);
        s.replicate(far, 1, 2);
        shouldSee(10, ApplyChecker.class, () -> s.suite.onApplyStarted(1, far));
    }

    @Test
    void shouldSeeAnEntryAppliedTwice() {
        story();
        shouldSee(10, ApplyChecker.class, () -> s.suite.onApplyStarted(1, third));
    }

    @Test
    void shouldSeeAWrongByteAfterAnApply() {
        s.boot();
        s.replicate(first, 1, 2);
        s.applyStarted(1, first);
        shouldSee(10, DeviceChecker.class, () -> s.suite.onApplied(1, first));
    }

    @Test
    void shouldSeeAByteThatChangesByItself() {
        story();
        s.node(2).stamps[40] = 5;
        shouldSee(10, DeviceChecker.class, s.suite::afterEvent);
    }

    @Test
    void shouldForgiveAStoreThatFellBackUntilItIsAppliedAgain() {
        story();
        s.checkpoint(2, 1);
        s.suite.onCrashed(2);
        Arrays.fill(s.node(2).stamps, 0, 8, 11);
        Arrays.fill(s.node(2).stamps, 16, 24, 0);
        s.suite.onStarted(2, 2);
        s.suite.afterEvent();
        s.suite.onApplyStarted(2, second);
        shouldSee(10, DeviceChecker.class, () -> s.suite.onApplied(2, second));
    }

    // ---- 11: reads ----

    @Test
    void shouldSeeAReadWithoutAnAnsweredWrite() {
        s.boot();
        s.replicate(first, 1, 2);
        s.suite.onAnswered(1, first);
        s.suite.onReadArrived(1, 7, 0, 512);
        shouldSee(11, ReadChecker.class, () -> s.suite.onReadServed(1, 7));
    }

    @Test
    void shouldNotAskAReadForWhatWasAnsweredAfterItBegan() {
        s.boot();
        s.suite.onReadArrived(1, 7, 0, 512);
        s.replicate(first, 1, 2);
        s.suite.onAnswered(1, first);
        s.suite.onReadServed(1, 7);
        s.suite.onReadArrived(1, 8, 2 * Script.BLOCK, 512);
        s.suite.onReadServed(1, 8);
        s.suite.onReadArrived(1, 9, 0, 512);
        shouldSee(11, ReadChecker.class, () -> s.suite.onReadServed(1, 9));
    }

    // ---- 13: truncation ----

    @Test
    void shouldSeeATruncationAboveTheCheckpoint() {
        story();
        s.checkpoint(1, 2);
        shouldSee(13, TruncationChecker.class, () -> s.truncate(1, 3));
    }

    @Test
    void shouldSeeATruncationPastTheFloor() {
        // Each slot is on a quorum, but only node 2 holds all three.
        s.boot();
        EntryView apart = write(2, 1, 12, 1);
        s.replicate(first, 1, 2);
        s.suite.onProposed(1, 1, apart);
        for (int node = 2; node <= 3; node++) {
            s.durable(node, apart);
            s.ack(node, apart);
        }
        s.replicate(third, 1, 2);
        for (EntryView e : List.of(first, apart, third)) {
            s.apply(2, e);
        }
        s.checkpoint(2, 3);
        shouldSee(13, TruncationChecker.class, () -> s.truncate(2, 3));
    }

    @Test
    void shouldSeeALogBaseAboveTheDurableCheckpoint() {
        story();
        s.node(2).logBase = 1;
        shouldSee(13, TruncationChecker.class, s.suite::afterEvent);
    }

    // ---- 15: dedupe ----

    @Test
    void shouldSeeOneRequestInTwoSlots() {
        s.boot();
        s.replicate(first, 1, 2);
        shouldSee(15, DedupeChecker.class, () -> s.replicate(write(2, 1, 11, 0, 1), 1, 2));
    }

    // ---- 16: durability ----

    @Test
    void shouldSeeAnAckBeforeDurability() {
        s.boot();
        s.suite.onProposed(1, 1, first);
        shouldSee(16, DurabilityChecker.class, () -> s.ack(2, first));
    }

    @Test
    void shouldSeeAPrefixThatIsNotHeld() {
        s.boot();
        s.replicate(second, 1, 2);
        shouldSee(16, DurabilityChecker.class, () -> s.suite.onPrefixSent(2, 1, 2));
    }

    @Test
    void shouldSeeAVoteBeforeMeta() {
        s.campaign(1, 1, 0);
        shouldSee(16, DurabilityChecker.class, () -> s.suite.onVoteSent(2, s.report(2, 1, 1, 0)));
    }

    @Test
    void shouldSeeASyncAckBeforeMeta() {
        s.campaign(1, 1, 0);
        s.lead(1, 1);
        s.merged(1, 1, 0, List.of(), List.of());
        s.suite.onSyncRecordDurable(2, new SyncRecord(1, 0, List.of(), List.of()));
        shouldSee(16, DurabilityChecker.class, () -> s.suite.onSyncAckSent(2, 1));
    }

    // ---- 17: replica equality ----

    @Test
    void shouldSeeReplicasThatDiffer() {
        story();
        s.suite.atQuiescence();
        s.node(3).stamps[50] = 9;
        shouldSee(17, ReplicaEqualityChecker.class, () -> new ReplicaEqualityChecker(s.suite.ledger()).atQuiescence(s));
        s.node(3).rebuilding = true;
        s.suite.atQuiescence();
    }
}
