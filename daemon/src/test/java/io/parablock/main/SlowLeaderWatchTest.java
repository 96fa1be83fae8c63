package io.parablock.main;

import static org.assertj.core.api.Assertions.assertThat;

import io.parablock.main.SlowLeaderWatch.Figures;
import io.parablock.main.SlowLeaderWatch.Limits;
import io.parablock.main.SlowLeaderWatch.Verdict;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Seconds of virtual time. */
class SlowLeaderWatchTest {
    private static final long MS = 1_000_000;
    private static final long SECOND = 1_000 * MS;
    private static final Limits LIMITS = new Limits(100 * MS, 3 * SECOND, 60 * SECOND);

    private long nowNs = 5;
    private final SlowLeaderWatch watch = new SlowLeaderWatch(LIMITS);

    private Verdict second(long logMs, long othersMs, long loopMs) {
        nowNs += SECOND;
        return watch.next(nowNs, new Figures(true, ms(logMs), ms(othersMs), ms(loopMs)));
    }

    private static long ms(long ms) {
        return ms < 0 ? -1 : ms * MS;
    }

    private Verdict following() {
        nowNs += SECOND;
        return watch.next(nowNs, new Figures(false, -1, -1, 0));
    }

    private List<Verdict> seconds(int count, long logMs, long othersMs) {
        List<Verdict> out = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            out.add(second(logMs, othersMs, 0));
        }
        return out;
    }

    @Test
    void shouldHandOverAfterBeingSlowForLong() {
        assertThat(seconds(3, 400, 5)).containsOnly(Verdict.NOTHING);
        assertThat(second(400, 5, 0)).isEqualTo(Verdict.HAND_OVER_LOG);
    }

    @Test
    void shouldForgiveASpike() {
        for (int i = 0; i < 20; i++) {
            assertThat(seconds(3, 400, 5)).containsOnly(Verdict.NOTHING);
            assertThat(second(5, 5, 0)).isEqualTo(Verdict.NOTHING);
        }
    }

    @Test
    void shouldNotHandOverBelowTheLimitOrWithoutWrites() {
        assertThat(seconds(20, 99, 1)).containsOnly(Verdict.NOTHING);
        assertThat(seconds(20, -1, 1)).containsOnly(Verdict.NOTHING);
        assertThat(seconds(20, -1, -1)).containsOnly(Verdict.NOTHING);
    }

    @Test
    void shouldStayWhereTheOthersAreAsSlowAndSayItOnceInAWhile() {
        List<Verdict> minutes = seconds(130, 400, 200);
        assertThat(minutes).doesNotContain(Verdict.HAND_OVER_LOG, Verdict.HAND_OVER_LOOP);
        assertThat(minutes.stream().filter(v -> v == Verdict.STAY)).hasSize(3);
        // Nobody else is known to hold anything: nobody could take over.
        assertThat(seconds(20, 400, -1)).containsOnly(Verdict.NOTHING);
    }

    @Test
    void shouldAskAgainWhileNobodyTakesOver() {
        List<Verdict> verdicts = seconds(16, 400, 5);
        assertThat(verdicts.stream().filter(v -> v == Verdict.HAND_OVER_LOG)).hasSize(4);
    }

    @Test
    void shouldBackOffWhenItLeadsAgainAndLongerEachTime() {
        List<Long> handedOver = new ArrayList<>();
        long beganNs = nowNs;
        for (int i = 0; i < 700; i++) {
            if (second(400, 5, 0) == Verdict.HAND_OVER_LOG) {
                handedOver.add((nowNs - beganNs) / SECOND);
                following();
                following();
            }
        }
        assertThat(handedOver).hasSize(4);
        assertThat(handedOver.get(1) - handedOver.get(0)).isBetween(60L, 66L);
        assertThat(handedOver.get(2) - handedOver.get(1)).isBetween(120L, 126L);
        assertThat(handedOver.get(3) - handedOver.get(2)).isBetween(240L, 246L);
    }

    @Test
    void shouldNotJudgeALoopBeforeItHasLedForABackOff() {
        int seconds = 1;
        while (second(5, 5, 400) == Verdict.NOTHING) {
            seconds++;
        }
        assertThat(seconds).isBetween(60, 62);
        assertThat(second(5, 5, 400)).isEqualTo(Verdict.NOTHING);
    }

    @Test
    void shouldDoNothingWhereItIsSwitchedOff() {
        SlowLeaderWatch off = new SlowLeaderWatch(new Limits(0, 3 * SECOND, 60 * SECOND));
        for (int i = 1; i < 100; i++) {
            assertThat(off.next(i * SECOND, new Figures(true, 900 * MS, MS, 900 * MS)))
                    .isEqualTo(Verdict.NOTHING);
        }
    }

    /** Leadership goes where it is asked to, at once. */
    private static int moves(int seconds, long[] logMs, long[] loopMs) {
        SlowLeaderWatch[] nodes = {new SlowLeaderWatch(LIMITS), new SlowLeaderWatch(LIMITS)};
        int leader = 0;
        int moves = 0;
        for (int second = 1; second <= seconds; second++) {
            long now = second * SECOND;
            int leads = leader;
            for (int node = 0; node < nodes.length; node++) {
                Figures f = node == leads
                        ? new Figures(true, logMs[node] * MS, logMs[1 - node] * MS, loopMs[node] * MS)
                        : new Figures(false, -1, -1, loopMs[node] * MS);
                Verdict v = nodes[node].next(now, f);
                if (v == Verdict.HAND_OVER_LOG || v == Verdict.HAND_OVER_LOOP) {
                    leader = 1 - node;
                    moves++;
                }
            }
        }
        return moves;
    }

    @Test
    void shouldNotPlayPingPongBetweenSlowDisks() {
        assertThat(moves(3_600, new long[] {500, 5}, new long[] {0, 0})).isEqualTo(1);
        assertThat(moves(3_600, new long[] {500, 500}, new long[] {0, 0})).isZero();
        assertThat(moves(3_600, new long[] {500, 400}, new long[] {0, 0})).isZero();
    }

    @Test
    void shouldNotPlayPingPongBetweenSlowLoops() {
        // Of another node's loop nothing is known: the waits double.
        assertThat(moves(3_600, new long[] {5, 5}, new long[] {500, 0})).isEqualTo(1);
        assertThat(moves(3_600, new long[] {5, 5}, new long[] {500, 500})).isBetween(1, 16);
    }
}
