package io.parablock.raft;

import static org.assertj.core.api.Assertions.assertThat;

import io.parablock.raft.message.Message;
import io.parablock.raft.state.RecoveredState;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What every node may cut its log to (protocol.md §7): the leader's floor. */
class FloorTest {
    private static final long MS = 1_000_000L;

    private long now = 1_000 * MS;
    private @Nullable String event;

    /** Its log reaches past what the floor would be, but its store could not give back what the others cut. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void shouldNotCountANodeInMidInstall(boolean installing) {
        RaftNode leader = leader();
        assertThat(floor(leader, false, installing)).isEqualTo(installing ? 0 : 1);
    }

    /** What its store has lost nobody could be installed from. */
    @Test
    void shouldNotCountTheLeaderItselfWhileItsBlocksWaitForAPeersCopy() {
        RaftNode leader = leader();
        leader.onBlocksPending(true);
        assertThat(floor(leader, false, false)).isZero();
        leader.onBlocksPending(false);
        assertThat(floor(leader, false, false)).isEqualTo(1);
    }

    /** Not for ever: the log would fill the disk. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void shouldCutALogThatIsTooLongAndSaySo(int slotsMax) {
        RaftNode leader = leader(
                ThreeVoters.config(false).withInstall(new InstallConfig(0, 4096, 4, 1 << 20, 1 << 20, slotsMax)));
        leader.onBlocksPending(true);
        assertThat(floor(leader, false, false)).isEqualTo(slotsMax == 0 ? 1 : 0);
        if (slotsMax == 0) {
            assertThat(event).contains("scrub.pin_slots_max");
        } else {
            assertThat(event).isNull();
        }
        assertThat(floor(leader, false, false)).isEqualTo(slotsMax == 0 ? 1 : 0);
        assertThat(event).as("once").isNull();
    }

    private RaftNode leader() {
        return leader(ThreeVoters.config(false));
    }

    private RaftNode leader(RaftConfig config) {
        RaftNode leader = new RaftNode(config, RecoveredState.fresh(), 7, now);
        for (int i = 0; i < 200 && leader.status().role() != Role.PRE_CANDIDATE; i++) {
            now += 5 * MS;
            leader.tick(now);
        }
        leader.step(3, 1, new Message.PreVoteReply(0, 1, true, false, false), now);
        leader.step(
                3, 1, new Message.VoteReply(1, true, 0, 0, 0, 0, 0, List.of(), List.of(), List.of(), List.of()), now);
        assertThat(leader.proposeOpenSession(1, 1, 1, now)).isEqualTo(ProposeResult.ACCEPTED);
        leader.onDurable(1, 1, now);
        return leader;
    }

    private long floor(RaftNode leader, boolean secondInstalls, boolean thirdInstalls) {
        leader.step(2, 1, new Message.HeartbeatAck(1, 1, 1, 1, 1, 100, secondInstalls), now);
        leader.step(3, 1, new Message.HeartbeatAck(1, 1, 1, 1, 1, 100, thirdInstalls), now);
        leader.output().clear();
        now += 60 * MS;
        leader.tick(now);
        event = leader.output().event;
        return leader.output().messages.stream()
                .filter(o -> o.message() instanceof Message.Heartbeat)
                .mapToLong(o -> ((Message.Heartbeat) o.message()).commit().floor())
                .findFirst()
                .orElseThrow();
    }
}
