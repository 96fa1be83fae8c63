package io.parablock.simulator.check;

import static io.parablock.simulator.check.Script.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class AmnesiaCheckerTest {
    private final Script s = Script.mapped();
    private final EntryView first = write(1, 1, 11, 0);
    private final EntryView second = write(2, 1, 12, 1);

    /** Node 3 has acknowledged both slots and loses the second one. */
    @BeforeEach
    void losePower() {
        s.boot();
        s.replicate(first, 1, 2, 3);
        s.suite.onForceBegun(3, 1);
        s.suite.onForceEnded(3, 1);
        s.replicate(second, 1, 2, 3);
        s.suite.onCrashed(3);
        s.suite.onEntryLost(3, 2, 1, false);
        s.suite.onStarted(3, 2);
        s.suite.onAmnesia(3);
    }

    private static void shouldSee(ThrowingCallable fault) {
        Violation v = catchThrowableOfType(Violation.class, fault);
        assertThat(v).isNotNull();
        assertThat(v.checker()).isEqualTo("AmnesiaChecker");
        assertThat(v.invariant()).isEqualTo(16);
    }

    private void force() {
        s.suite.onForceBegun(3, 2);
        s.suite.onForceEnded(3, 2);
    }

    @Test
    void shouldSeeAnyAcknowledgementBeforeTheCure() {
        shouldSee(() -> s.suite.onSyncAckSent(3, 1));
        shouldSee(() -> s.suite.onPrefixSent(3, 1, 1));
        shouldSee(() -> s.ack(3, first));
    }

    @Test
    void shouldSeeAVoteAndACandidacy() {
        s.campaign(2, 2, 2);
        shouldSee(() -> s.vote(3, 2, 2, 2));
        shouldSee(() -> s.campaign(3, 3, 1));
    }

    @Test
    void shouldSeeANodeThatDoesNotKnowOfItsAmnesiaAnyMore() {
        s.suite.onCrashed(3);
        s.suite.onStarted(3, 3);
        shouldSee(() -> s.suite.onSyncAckSent(3, 1));
    }

    @Test
    void shouldSeeACureWithoutASlotThatWasAcknowledged() {
        force();
        shouldSee(() -> s.suite.onCured(3));
    }

    @Test
    void shouldSeeACureThatIsNotForced() {
        s.durable(3, second);
        shouldSee(() -> s.suite.onCured(3));
    }

    @Test
    void shouldSeeACureInATermThatItIsNotSyncedTo() {
        s.durable(3, second);
        force();
        s.hard(3, 2, 0);
        shouldSee(() -> s.suite.onCured(3));
    }

    @Test
    void shouldTakeACureThatHoldsAndForcedAll() {
        s.durable(3, second);
        force();
        s.suite.onCured(3);
        s.suite.onSyncAckSent(3, 1);
        s.suite.onPrefixSent(3, 1, 2);
    }
}
