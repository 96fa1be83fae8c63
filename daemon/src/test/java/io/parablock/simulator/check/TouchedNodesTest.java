package io.parablock.simulator.check;

import static io.parablock.simulator.check.Script.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** After an event the suite looks at the nodes that it may have changed, and at no other. */
class TouchedNodesTest {
    private final Script s = Script.mapped();

    /** Node 2 is wrong in its memory, which no event tells. */
    @BeforeEach
    void breakNode() {
        s.boot();
        s.replicate(write(1, 1, 11, 0), 1, 2, 3);
        s.node(2).syncTerm = 9;
    }

    private void shouldSeeNodeTwo() {
        Violation v = catchThrowableOfType(Violation.class, () -> s.suite.afterTouches());
        assertThat(v).isNotNull().hasMessageContaining("node 2");
        assertThat(v.invariant()).isEqualTo(3);
    }

    @Test
    void shouldLookAtATouchedNode() {
        s.suite.touch(2);
        shouldSeeNodeTwo();
    }

    @Test
    void shouldLookAtANodeThatItWasToldOf() {
        s.suite.onReadArrived(2, 1, 0, Script.BLOCK);
        shouldSeeNodeTwo();
    }

    @Test
    void shouldLookAtEveryNodeWhenCommitsAreTakenBack() {
        s.suite.onAmnesiacMerge(1, 2);
        shouldSeeNodeTwo();
    }

    @Test
    void shouldNotLookAtANodeThatNothingHappenedTo() {
        s.suite.touch(1);
        assertThatCode(() -> s.suite.afterTouches()).doesNotThrowAnyException();
        assertThat(catchThrowableOfType(Violation.class, () -> s.suite.afterEvent()))
                .isNotNull();
    }
}
