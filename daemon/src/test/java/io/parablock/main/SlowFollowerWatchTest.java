package io.parablock.main;

import static org.assertj.core.api.Assertions.assertThat;

import io.parablock.main.SlowFollowerWatch.Change;
import io.parablock.main.SlowFollowerWatch.Figures;
import io.parablock.main.SlowFollowerWatch.Limits;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Seconds of virtual time. */
class SlowFollowerWatchTest {
    private static final long MS = 1_000_000;
    private static final long SECOND = 1_000 * MS;
    private static final long OWN_NS = 2 * MS;

    private final SlowFollowerWatch watch = new SlowFollowerWatch(new Limits(100 * MS, 3 * SECOND, 1_000));
    private long nowNs = 5;

    private static Figures acks(long ms) {
        return new Figures(ms * MS, 0);
    }

    private List<Change> seconds(int count, Map<Integer, Figures> followers) {
        List<Change> out = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            nowNs += SECOND;
            out.addAll(watch.next(nowNs, followers, OWN_NS));
        }
        return out;
    }

    @Test
    void shouldNameWhoIsSlowAndTakeItBack() {
        Map<Integer, Figures> slow = Map.of(2, acks(500), 3, acks(4));
        assertThat(seconds(3, slow)).isEmpty();
        assertThat(watch.slow()).isEmpty();
        assertThat(seconds(10, slow)).containsExactly(new Change(2, true, acks(500), 4 * MS));
        assertThat(watch.slow()).containsExactly(2);
        Map<Integer, Figures> calm = Map.of(2, acks(6), 3, acks(4));
        assertThat(seconds(3, calm)).isEmpty();
        assertThat(seconds(10, calm)).containsExactly(new Change(2, false, acks(6), 4 * MS));
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
                .extracting(Change::peer)
                .containsExactly(2, 5);
    }

    @Test
    void shouldCompareASingleFollowerWithTheLeadersLog() {
        assertThat(seconds(10, Map.of(2, acks(500)))).containsExactly(new Change(2, true, acks(500), OWN_NS));
    }

    @Test
    void shouldNameOneThatLags() {
        assertThat(seconds(10, Map.of(2, new Figures(-1, 1_001), 3, new Figures(4 * MS, 1_000))))
                .extracting(Change::peer)
                .containsExactly(2);
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
