package io.parablock.simulator.check;

import static io.parablock.simulator.check.Script.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** What a floor may count of nodes that lost something or are being installed (protocol.md §7). */
class TruncationCheckerTest {
    private final Script s = Script.parallel();
    private final EntryView first = write(1, 1, 11, 0);
    private final EntryView second = write(2, 1, 12, 0, 1);
    private final EntryView third = write(3, 1, 13, 2);

    private static void shouldSee(ThrowingCallable fault) {
        Violation v = catchThrowableOfType(Violation.class, fault);
        assertThat(v).isNotNull();
        assertThat(v.checker()).isEqualTo(TruncationChecker.class.getSimpleName());
        assertThat(v.invariant()).isEqualTo(13);
    }

    /** Nodes 1 and 2 hold and have applied the first two, node 3 has nothing; node 2's log begins above the first one. */
    private void twoOfThree() {
        s.boot();
        for (EntryView e : List.of(first, second)) {
            s.replicate(e, 1, 2);
            s.apply(1, e);
            s.apply(2, e);
        }
        s.checkpoint(2, 1);
        s.truncate(2, 1);
    }

    @Test
    void shouldCountForTheFloorWhatDamageTookFromANodeThatIsInstalledSince() {
        twoOfThree();
        s.suite.onCrashed(2);
        s.suite.onEntryLost(2, 2, 1, true);
        s.node(2).log.remove(2L);
        s.suite.onStarted(2, 2);
        s.suite.onInstallBegun(2);
        s.checkpoint(1, 2);
        s.truncate(1, 2);
        assertThat(s.suite.ledger().disk(1).truncated()).isEqualTo(2);
    }

    @Test
    void shouldSeeATruncationThatCountsTheLogOfANodeInMidInstall() {
        twoOfThree();
        s.suite.onInstallBegun(2);
        s.suite.onInstallBegun(2);
        s.replicate(third, 1, 2);
        s.apply(1, third);
        s.checkpoint(1, 3);
        s.truncate(1, 2);
        shouldSee(() -> s.truncate(1, 3));
    }

    @Test
    void shouldSeeATruncationThatCountsAStoreFromBeforeAMergeOverEveryVoter() {
        twoOfThree();
        s.checkpoint(1, 2);
        s.truncate(1, 1);
        s.suite.onAmnesiacMerge(1, 2);
        s.suite.onInstallBegun(2);
        s.suite.onInstallBegun(3);
        shouldSee(() -> s.truncate(1, 2));
    }
}
