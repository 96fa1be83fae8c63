package io.parablock.health;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.parablock.config.NodeConfig.SlowKeys;
import io.parablock.health.SlowFollowerWatch.Figures;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Seconds of virtual time. */
class SlowFollowerWatchTest {
    private static final long MS = 1_000_000;
    private static final long SECOND = 1_000 * MS;
    private static final long OWN_NS = 2 * MS;

    private static final SlowKeys LIMITS = keys(100 * MS, 2 * SECOND);

    private final SlowFollowerWatch watch = new SlowFollowerWatch();
    private long nowNs = 5;

    private static SlowKeys keys(long limitNs, long behindNs) {
        return new SlowKeys(0, 0, 0, limitNs, 3 * SECOND, behindNs);
    }

    private static Figures acks(long ms) {
        return new Figures(ms * MS, 0, 0, false);
    }

    private static Figures behind(long ms, boolean nearer) {
        return new Figures(-1, 1_000, ms * MS, nearer);
    }

    private static FollowerChange change(int peer, boolean slow, long ackMs, long othersNs) {
        return new FollowerChange(7, peer, slow, ackMs * MS, othersNs, 0, 0);
    }

    private List<FollowerChange> seconds(int count, Map<Integer, Figures> followers) {
        return seconds(count, followers, LIMITS);
    }

    private List<FollowerChange> seconds(int count, Map<Integer, Figures> followers, SlowKeys limits) {
        List<FollowerChange> out = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            nowNs += SECOND;
            out.addAll(watch.next(7, nowNs, followers, OWN_NS, limits));
        }
        return out;
    }

    @Test
    void shouldNameWhoIsSlowAndTakeItBack() {
        Map<Integer, Figures> slow = Map.of(2, acks(500), 3, acks(4));
        assertThat(seconds(3, slow)).isEmpty();
        assertThat(watch.slow()).isEmpty();
        assertThat(seconds(10, slow)).containsExactly(change(2, true, 500, 4 * MS));
        assertThat(watch.slow()).containsExactly(2);
        Map<Integer, Figures> calm = Map.of(2, acks(6), 3, acks(4));
        assertThat(seconds(3, calm)).isEmpty();
        assertThat(seconds(10, calm)).containsExactly(change(2, false, 6, 4 * MS));
        assertThat(watch.slow()).isEmpty();
    }

    @Test
    void shouldNotNameOneWhoIsAsSlowAsTheOthers() {
        assertThat(seconds(30, Map.of(2, acks(500), 3, acks(400)))).isEmpty();
        assertThat(seconds(30, Map.of(2, acks(99), 3, acks(1)))).isEmpty();
    }

    @Test
    void shouldNameTwoOfFour() {
        assertThat(seconds(10, Map.of(2, acks(500), 3, acks(5), 4, acks(6), 5, acks(700))))
                .extracting(FollowerChange::peer)
                .containsExactly(2, 5);
    }

    @Test
    void shouldCompareASingleFollowerWithTheLeadersLog() {
        assertThat(seconds(10, Map.of(2, acks(500)))).containsExactly(change(2, true, 500, OWN_NS));
    }

    @Test
    void shouldNameOneThatIsBehindUnlessItGetsNearer() {
        Map<Integer, Figures> followers =
                Map.of(2, behind(2_001, false), 3, behind(2_000, false), 4, behind(9_000, true));
        assertThat(seconds(10, followers)).extracting(FollowerChange::peer).containsExactly(2);
        assertThat(seconds(10, Map.of(2, behind(2_001, true), 3, acks(4), 4, acks(4))))
                .containsExactly(new FollowerChange(7, 2, false, -1, 4 * MS, 1_000, 2_001 * MS));
    }

    @Test
    void shouldJudgeByEachLimitAloneAndByNone() {
        Map<Integer, Figures> followers = Map.of(2, acks(500), 3, acks(4), 4, behind(9_000, false));
        assertThat(seconds(10, followers, keys(0, 2 * SECOND)))
                .extracting(FollowerChange::peer)
                .containsExactly(4);
        assertThat(seconds(10, followers, keys(100 * MS, 0)))
                .extracting(FollowerChange::peer, FollowerChange::slow)
                .containsExactly(tuple(2, true), tuple(4, false));
        assertThat(seconds(10, followers, keys(0, 0)))
                .extracting(FollowerChange::slow)
                .containsExactly(false);
        assertThat(watch.slow()).isEmpty();
    }

    @Test
    void shouldForgetThoseThatAreAway() {
        seconds(10, Map.of(2, acks(500), 3, acks(4)));
        assertThat(seconds(1, Map.of(3, acks(4)))).isEmpty();
        assertThat(watch.slow()).isEmpty();
        assertThat(seconds(3, Map.of(2, acks(500), 3, acks(4)))).isEmpty();
    }

    @Test
    void shouldForgiveASpike() {
        for (int i = 0; i < 10; i++) {
            assertThat(seconds(3, Map.of(2, acks(500), 3, acks(4)))).isEmpty();
            assertThat(seconds(1, Map.of(2, acks(5), 3, acks(4)))).isEmpty();
        }
    }
}
