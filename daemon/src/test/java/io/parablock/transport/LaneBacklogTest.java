package io.parablock.transport;

import static org.assertj.core.api.Assertions.assertThat;

import io.parablock.raft.log.SlotRun;
import io.parablock.raft.message.Message;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class LaneBacklogTest {
    private static final int LANES = 3;
    private static final int GROUP = 7;

    private final LaneBacklog backlog = new LaneBacklog(LANES);

    private static Message ack(long prefix, SlotRun... runs) {
        return new Message.AppendAck(1, List.of(runs), 1, prefix, Long.MAX_VALUE);
    }

    @Test
    void shouldSeeThatALaneIsOvertakenUntilItsFrameIsAcknowledged() {
        backlog.sent(0, GROUP, 10, 10, 100);
        backlog.sent(1, GROUP, 20, 20, 200);
        backlog.sent(0, GROUP, 30, 30, 50);
        assertThat(backlog.isOvertaken(0)).isFalse();
        backlog.heard(GROUP, ack(0, new SlotRun(11, 20)));
        assertThat(backlog.isOvertaken(0)).isTrue();
        assertThat(backlog.isOvertaken(1)).isFalse();
        assertThat(backlog.bytes(0)).isEqualTo(150);
        assertThat(backlog.bytes(1)).isZero();
        backlog.heard(GROUP, ack(20));
        assertThat(backlog.isOvertaken(0)).isFalse();
        assertThat(backlog.bytes(0)).isEqualTo(50);
    }

    @Test
    void shouldSeeALaneStandUntilWhatWasSentAgainElsewhereIsAcknowledgedTwice() {
        backlog.sent(0, GROUP, 1, 10, 100);
        backlog.sent(1, GROUP, 11, 20, 200);
        backlog.heard(GROUP, ack(0, new SlotRun(11, 20)));
        backlog.sent(1, GROUP, 3, 12, 90);
        backlog.heard(GROUP, ack(20, new SlotRun(3, 12)));
        backlog.heard(GROUP, ack(20, new SlotRun(21, 22)));
        assertThat(backlog.bytes(1)).isZero();
        assertThat(backlog.isOvertaken(0)).isTrue();
        backlog.heard(GROUP, ack(20, new SlotRun(1, 10)));
        assertThat(backlog.isOvertaken(0)).isFalse();
        assertThat(backlog.bytes(0)).isZero();
    }

    @Test
    void shouldTakeAHeartbeatsPrefixForAnAcknowledgement() {
        backlog.sent(2, GROUP, 5, 5, 100);
        backlog.heard(GROUP, new Message.HeartbeatAck(1, 1, 1, 4, 0, Long.MAX_VALUE, false));
        assertThat(backlog.bytes(2)).isEqualTo(100);
        backlog.heard(GROUP, new Message.HeartbeatAck(1, 1, 1, 5, 0, Long.MAX_VALUE, false));
        assertThat(backlog.bytes(2)).isZero();
    }

    @Test
    void shouldKeepGroupsApart() {
        backlog.sent(0, GROUP, 10, 10, 100);
        backlog.heard(GROUP + 1, ack(1_000));
        assertThat(backlog.bytes(0)).isEqualTo(100);
    }

    @Test
    void shouldForgetWhatWasOnALaneThatIsConnectedAnew() {
        backlog.sent(0, GROUP, 10, 10, 100);
        backlog.sent(1, GROUP, 20, 20, 200);
        backlog.heard(GROUP, ack(0, new SlotRun(20, 20)));
        backlog.forget(0);
        assertThat(backlog.isOvertaken(0)).isFalse();
        assertThat(backlog.bytes(0)).isZero();
    }

    @Test
    void shouldForgetTheOldestOfTooManyFrames() {
        backlog.sent(0, GROUP, 1, 1, 100);
        for (int i = 0; i < LaneBacklog.FRAMES_MAX; i++) {
            backlog.sent(1, GROUP, 2 + i, 2 + i, 1);
        }
        assertThat(backlog.bytes(0)).isZero();
        assertThat(backlog.bytes(1)).isEqualTo(LaneBacklog.FRAMES_MAX);
    }

    private static final class Frame {
        final int lane;
        final int group;
        final long first;
        final long slot;
        final int length;
        final long number;
        int repeats;

        Frame(int lane, int group, long first, long slot, int length, long number) {
            this.lane = lane;
            this.group = group;
            this.first = first;
            this.slot = slot;
            this.length = length;
            this.number = number;
        }

        boolean isHeard(long prefix, SlotRun run) {
            boolean named = run.first() <= slot && slot <= run.last();
            return repeats == 0 ? named || slot <= prefix : named && --repeats == 0;
        }
    }

    /** Against a list of frames that is looked at anew for each answer. */
    @Test
    void shouldBeRightAfterAnythingThatIsSentHeardOrConnected() {
        Random random = new Random(1);
        List<Frame> frames = new ArrayList<>();
        long newest = 0;
        long slot = 0;
        for (int step = 1; step <= 50_000; step++) {
            int kind = random.nextInt(10);
            int group = random.nextInt(2);
            if (kind < 6) {
                boolean again = random.nextInt(8) == 0;
                int entries = 1 + random.nextInt(5);
                slot += again ? 0 : entries;
                long last = again ? Math.max(entries, slot - random.nextInt(20)) : slot;
                int length = 1 + random.nextInt(1_000);
                Frame f = new Frame(random.nextInt(LANES), group, last - entries + 1, last, length, step);
                frames.stream()
                        .filter(o -> o.group == f.group && o.lane != f.lane && f.first <= o.slot && o.slot <= f.slot)
                        .forEach(o -> o.repeats = 2);
                frames.add(f);
                if (frames.size() > LaneBacklog.FRAMES_MAX) {
                    frames.remove(0);
                }
                backlog.sent(f.lane, f.group, f.first, f.slot, f.length);
            } else if (kind < 9) {
                long first = Math.max(1, slot - random.nextInt(60));
                SlotRun run = new SlotRun(first, first + random.nextInt(20));
                long prefix = Math.max(0, slot - random.nextInt(400));
                for (Frame f : List.copyOf(frames)) {
                    if (f.group == group && f.isHeard(prefix, run)) {
                        frames.remove(f);
                        newest = Math.max(newest, f.number);
                    }
                }
                backlog.heard(group, ack(prefix, run));
            } else if (random.nextInt(20) == 0) {
                int lane = random.nextInt(LANES);
                frames.removeIf(f -> f.lane == lane);
                backlog.forget(lane);
            }
            for (int lane = 0; lane < LANES; lane++) {
                int at = lane;
                long acknowledged = newest;
                assertThat(backlog.bytes(lane))
                        .as("bytes of lane %d after %d steps", lane, step)
                        .isEqualTo(frames.stream()
                                .filter(f -> f.lane == at)
                                .mapToLong(f -> f.length)
                                .sum());
                assertThat(backlog.isOvertaken(lane))
                        .as("lane %d after %d steps", lane, step)
                        .isEqualTo(frames.stream().anyMatch(f -> f.lane == at && f.number < acknowledged));
            }
        }
    }
}
