package io.parablock.simulator.check;

import static io.parablock.simulator.check.Script.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.parablock.raft.log.OriginRun;
import io.parablock.raft.state.Checkpoint;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class InstallCheckerTest {
    private static final Checkpoint BASE = new Checkpoint(1, List.of(new OriginRun(1, 1, 1)), List.of(), 1, 2, false);

    private final Script s = Script.parallel();

    /** Node 3 is at slot 1 and has parts of slot 2 in its store, which it has not applied. */
    @BeforeEach
    void installNodeThree() {
        s.boot();
        EntryView first = write(1, 1, 11, 0);
        s.replicate(first, 1, 2);
        s.replicate(write(2, 1, 12, 1), 1, 2);
        s.apply(1, first);
        long bytes = s.sectors() * ClusterView.SECTOR_BYTES;
        s.suite.onInstallOffered(1, 3, 7, BASE, bytes);
        s.suite.onInstallBegun(3);
        s.suite.onInstallPiece(3, 7, 0, bytes);
        System.arraycopy(s.node(1).stamps, 0, s.node(3).stamps, 0, (int) s.sectors());
        s.suite.onInstallPieceWritten(3, 7, 0, bytes);
        s.suite.onInstallEndSent(1, 3, 7, 2);
        s.suite.onCheckpointDurable(3, BASE, true);
        s.suite.onInstallOffered(3, 2, 8, BASE, bytes);
    }

    @Test
    void shouldAllowASourceThatTellsHowFarItsStoreIsAhead() {
        s.suite.onInstallEndSent(3, 2, 8, 2);
    }

    @Test
    void shouldSeeAnEndThatConcealsHowFarTheSourceIsAhead() {
        Violation v = catchThrowableOfType(Violation.class, () -> s.suite.onInstallEndSent(3, 2, 8, 1));
        assertThat(v).isNotNull();
        assertThat(v.checker()).isEqualTo("InstallChecker");
        assertThat(v.invariant()).isEqualTo(10);
    }
}
