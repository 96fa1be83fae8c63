package io.parablock.raft;

import static org.assertj.core.api.Assertions.assertThat;

import io.parablock.raft.log.OriginRun;
import io.parablock.raft.message.Message;
import io.parablock.raft.state.Checkpoint;
import io.parablock.raft.state.HardState;
import io.parablock.raft.state.RecoveredState;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A node that died in an install and has lost its META follows any leader, one of an older term than its store's too. What
 * it asks for, a leader takes for committed.
 */
class BystanderInstallTest {
    private static final long MS = 1_000_000L;
    private static final long STORE_BYTES = 1 << 20;

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void shouldAskForAnInstallOnlyWithItsState(boolean stateLost) {
        long now = 1_000 * MS;
        Checkpoint installing = new Checkpoint(50, List.of(new OriginRun(1, 50, 2)), List.of(), 50).asInstalling();
        HardState hard = stateLost ? HardState.FRESH : new HardState(1, 0, 0, 0);
        RaftNode node = new RaftNode(
                ThreeVoters.config(false).withStoreBytes(STORE_BYTES),
                new RecoveredState(hard, null, installing, List.of(), List.of(), List.of(), false, true, stateLost),
                7,
                now);
        node.step(2, 1, new Message.Heartbeat(1, 1, new Message.CommitNotice(0, List.of(), 0)), now);
        boolean asked = false;
        for (int i = 0; i < 20; i++) {
            now += 5 * MS;
            node.step(2, 1, new Message.Heartbeat(1, i + 2, new Message.CommitNotice(0, List.of(), 0)), now);
            node.tick(now);
            asked |= node.output().messages.stream().anyMatch(m -> m.message() instanceof Message.InstallRequest);
        }
        assertThat(asked).isEqualTo(!stateLost);
    }
}
