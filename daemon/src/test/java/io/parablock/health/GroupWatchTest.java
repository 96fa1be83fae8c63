package io.parablock.health;

import static org.assertj.core.api.Assertions.assertThat;

import io.parablock.config.NodeConfig.SlowKeys;
import io.parablock.raft.Role;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;
import org.junit.jupiter.api.Test;

/** What is said of a group, from its readings. */
class GroupWatchTest {
    private static final long SECOND = 1_000_000_000L;
    private static final SlowKeys LIMITS = new SlowKeys(0, 0, 0, SECOND / 10, 3 * SECOND, 2 * SECOND);
    private static final int SPAN = 16;

    private final Readings reading = new Readings();
    private GroupWatch watch = new GroupWatch(2, Readings.VOTERS, SPAN);
    private final List<FollowerChange> changes = new ArrayList<>();
    private long nowNs = 5 * SECOND;

    private static boolean all(int peer) {
        return true;
    }

    private GroupHealth judge(IntPredicate connected) {
        return watch.judge(reading.group(), "", connected, watch.slow(), LIMITS, nowNs);
    }

    private String line() {
        return judge(GroupWatchTest::all).line();
    }

    private void second() {
        second(GroupTiming.UNKNOWN);
    }

    private void second(GroupTiming timing) {
        nowNs += SECOND;
        changes.addAll(watch.sample(reading.group(), "", GroupWatchTest::all, timing, LIMITS, nowNs));
    }

    @Test
    void shouldNotCountAVacantNode() {
        reading.members = reading.members.with(3, reading.members.seat(3).vacated());
        reading.leads(-1, 100, 100);
        assertThat(line()).isEqualTo("serving: leads, node 3 is vacant");
        assertThat(judge(peer -> peer == 3).line()).isEqualTo("no quorum: has 1 of 3, needs 2");
        assertThat(judge(peer -> peer == 1).line()).isEqualTo("serving: leads, node 3 is vacant");
    }

    @Test
    void shouldTellWhoLeads() {
        assertThat(line()).isEqualTo("serving: follows node 1");
        reading.leads(-1, 100, 100);
        assertThat(line()).isEqualTo("serving: leads");
    }

    @Test
    void shouldTellHowManyAnswer() {
        assertThat(judge(peer -> false).line()).isEqualTo("no quorum: has 1 of 3, needs 2");
        reading.leads(-1, 100, 100);
        assertThat(judge(peer -> false).line()).isEqualTo("no quorum: has 1 of 3, needs 2");
        assertThat(judge(peer -> peer == 3).line()).isEqualTo("serving: leads");
    }

    @Test
    void shouldTellAnElectionAndHowLongItLasts() {
        reading.leader = 0;
        assertThat(line()).isEqualTo("election running: term 3");
        second();
        nowNs += 7 * SECOND;
        assertThat(line()).isEqualTo("election running: term 3, for 7 s");
        reading.role = Role.CANDIDATE;
        reading.leader = 1;
        assertThat(line()).startsWith("election running: ");
    }

    /** Its leader has gone, and it has not noticed by a timeout yet. */
    @Test
    void shouldTellAnElectionWhenTheLeaderIsAway() {
        assertThat(judge(peer -> peer == 3).line()).startsWith("election running: ");
    }

    @Test
    void shouldNameWhomAMergeWaitsFor() {
        reading.role = Role.LEADER_CANDIDATE;
        reading.leader = 2;
        assertThat(line()).isEqualTo("merging: term 3, waits for nodes 1 and 3");
        assertThat(judge(peer -> peer == 3).line()).isEqualTo("merging: term 3, waits for node 3; node 1 is away");
        reading.role = Role.FOLLOWER;
        reading.leader = 1;
        reading.syncTerm = 2;
        assertThat(line()).isEqualTo("merging: takes over the log of node 1");
    }

    @Test
    void shouldTellRateAndEndOfACatchUp() {
        reading.commit = 5_000;
        assertThat(line()).isEqualTo("catching up: 4900 slots behind");
        for (int i = 0; i < 4; i++) {
            second();
            reading.contig += 100;
        }
        assertThat(line()).isEqualTo("catching up: 4500 slots behind, ETA 45 s");
        assertThat(judge(GroupWatchTest::all).json())
                .hasToString("{\"state\":\"catching up: 4500 slots behind, ETA 45 s\",\"remaining\":4500,"
                        + "\"per_second\":100,\"eta_seconds\":45}");
        reading.contig = reading.commit - SPAN;
        reading.applied = reading.contig;
        assertThat(line()).isEqualTo("serving: follows node 1");
        reading.applied = 100;
        assertThat(line()).startsWith("catching up: 4900 slots to apply");
    }

    @Test
    void shouldTellRateAndEndOfAnInstall() {
        reading.needsInstall = true;
        assertThat(line()).isEqualTo("waits for an install: it lacks more than the log of node 1 holds");
        reading.installing = true;
        reading.installTotal = 100 << 20;
        for (int i = 0; i < 3; i++) {
            reading.installDone += 10 << 20;
            second();
        }
        assertThat(line()).isEqualTo("installing: 30.0 MiB of 100.0 MiB, 10.0 MiB/s, ETA 7 s");
    }

    @Test
    void shouldTellACureAndAStop() {
        reading.amnesiac = true;
        assertThat(line()).isEqualTo("curing: waits for the leader");
        reading.cureTo = 140;
        assertThat(line()).isEqualTo("curing: 100 of 140 slots");
        reading.fatal = "its disk failed";
        assertThat(line()).isEqualTo("stopped: its disk failed");
        assertThat(watch.judge(
                                new Readings().group(),
                                "waits for node 3",
                                GroupWatchTest::all,
                                List.of(),
                                LIMITS,
                                nowNs)
                        .line())
                .isEqualTo("forming: waits for node 3");
    }

    /** Node 3 keeps its distance of 50 slots, which are 5 s of this load. */
    @Test
    void shouldNameASlowFollower() {
        watch = new GroupWatch(1, Readings.VOTERS, SPAN);
        for (int i = 0; i < 12; i++) {
            reading.lastSlot += 10;
            reading.leads(-1, reading.lastSlot - 5, reading.lastSlot - 50);
            second();
        }
        PeerHealth two = judge(GroupWatchTest::all).peers().get(0);
        assertThat(two.slow()).isFalse();
        assertThat(two.line()).isEqualTo("in step");
        PeerHealth three = judge(GroupWatchTest::all).peers().get(1);
        assertThat(three.slow()).isTrue();
        assertThat(three.line()).isEqualTo("slow: 50 slots and 4 s behind");
        assertThat(changes).containsExactly(new FollowerChange(1, 3, true, -1, -1, 50, 4 * SECOND));
        assertThat(judge(peer -> peer == 2).peers().get(1).line()).isEqualTo("not connected");
    }

    /** It holds what it should, and takes long for each entry. */
    @Test
    void shouldNameOneThatAcknowledgesLate() {
        watch = new GroupWatch(1, Readings.VOTERS, SPAN);
        reading.leads(-1, 100, 100);
        for (int i = 0; i < 5; i++) {
            second(new GroupTiming(SECOND / 1000, Map.of(2, SECOND / 500, 3, SECOND / 2)));
        }
        PeerHealth three = judge(GroupWatchTest::all).peers().get(1);
        assertThat(three.line()).isEqualTo("slow: acknowledges late");
        assertThat(watch.slow()).containsExactly(3);
        assertThat(changes).containsExactly(new FollowerChange(1, 3, true, SECOND / 2, SECOND / 500, 0, 0));
        reading.role = Role.FOLLOWER;
        second();
        assertThat(watch.slow()).as("it leads no more").isEmpty();
    }

    @Test
    void shouldNotCallOneSlowThatGetsNearer() {
        watch = new GroupWatch(1, Readings.VOTERS, SPAN);
        reading.lastSlot = 10_000;
        long held = 0;
        for (int i = 0; i < 6; i++) {
            held += 1_000;
            reading.leads(-1, 10_000, held);
            second();
        }
        PeerHealth three = judge(GroupWatchTest::all).peers().get(1);
        assertThat(three.slow()).isFalse();
        assertThat(three.line()).isEqualTo("catching up: 4000 slots behind, ETA 4 s");
    }
}
