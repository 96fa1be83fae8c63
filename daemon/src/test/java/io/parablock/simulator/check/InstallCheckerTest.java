package io.parablock.simulator.check;

import static io.parablock.simulator.check.Script.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.parablock.raft.Role;
import io.parablock.raft.log.OriginRun;
import io.parablock.raft.state.Checkpoint;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

class InstallCheckerTest {
    private static final EntryView SECOND = write(2, 1, 12, 1);

    private final Script s = Script.parallel();
    private final long bytes = s.sectors() * ClusterView.SECTOR_BYTES;

    /** Node 3 is at slot 1, and may have parts of slots up to e in its store, which it has not applied. Slot 2 is committed. */
    private void installNodeThree(long e) {
        Checkpoint base = at(1, e);
        s.boot();
        EntryView first = write(1, 1, 11, 0);
        s.replicate(first, 1, 2);
        s.replicate(SECOND, 1, 2);
        s.apply(1, first);
        s.suite.onInstallOffered(1, 3, 1, 7, base, bytes);
        s.suite.onInstallBegun(3);
        s.suite.onInstallPiece(3, 7, 0, bytes);
        System.arraycopy(s.node(1).stamps, 0, s.node(3).stamps, 0, (int) s.sectors());
        s.suite.onInstallPieceWritten(3, 7, 0, bytes);
        s.suite.onInstallEndSent(1, 3, 7, e);
        s.suite.onCheckpointDurable(3, base, true);
    }

    private static Checkpoint at(long slot, long e) {
        return new Checkpoint(slot, List.of(new OriginRun(1, slot, 1)), List.of(), slot, e, false);
    }

    /** Node 2 leads term 2, whose merged log ends at slot 2, and commits another slot with node 1. */
    private void commitSlotThreeInTermTwo() {
        s.node(1).role = Role.FOLLOWER;
        s.campaign(2, 2, 2);
        s.vote(1, 2, 2, 2);
        s.lead(2, 2);
        for (int node = 2; node > 0; node--) {
            s.merged(node, 2, 2, List.of(new OriginRun(1, 2, 1)), List.of());
            s.suite.onSyncAckSent(node, 2);
        }
        s.replicate(write(3, 2, 13, 2), 2, 1);
    }

    private static void requireObjection(int invariant, ThrowingCallable call) {
        Violation v = catchThrowableOfType(Violation.class, call);
        assertThat(v).isNotNull();
        assertThat(v.checker()).isEqualTo("InstallChecker");
        assertThat(v.invariant()).isEqualTo(invariant);
    }

    @Test
    void shouldAllowASourceThatTellsHowFarItsStoreIsAhead() {
        installNodeThree(2);
        s.suite.onInstallOffered(3, 2, 1, 8, at(1, 2), bytes);
        s.suite.onInstallEndSent(3, 2, 8, 2);
    }

    @Test
    void shouldSeeAnEndThatConcealsHowFarTheSourceIsAhead() {
        installNodeThree(2);
        s.suite.onInstallOffered(3, 2, 1, 8, at(1, 2), bytes);
        requireObjection(10, () -> s.suite.onInstallEndSent(3, 2, 8, 1));
    }

    @Test
    void shouldSeeACheckpointOfAStoreThatIsAheadOfItsLog() {
        installNodeThree(3);
        requireObjection(13, () -> s.suite.onCheckpointDurable(3, at(1, 1), false));
    }

    /** The slot that e named was never committed; its new value is younger than the store. */
    @Test
    void shouldAllowACheckpointBelowASlotThatALaterTermCommits() {
        installNodeThree(3);
        commitSlotThreeInTermTwo();
        requireObjection(13, () -> s.suite.onCheckpointDurable(3, at(1, 1), false));
        s.apply(3, SECOND);
        s.suite.onCheckpointDurable(3, at(2, 2), false);
    }

    @Test
    void shouldAllowASourceToEndBelowASlotThatALaterTermCommits() {
        installNodeThree(3);
        commitSlotThreeInTermTwo();
        s.suite.onInstallOffered(3, 2, 2, 9, at(1, 2), bytes);
        s.suite.onInstallEndSent(3, 2, 9, 2);
    }
}
