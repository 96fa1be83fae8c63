package io.parablock.transport.impair;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ImpairedLinkTest {
    private static final long MS = 1_000_000;
    private static final int MESSAGES = 20_000;

    private record Sent(long arrivalNs, long bytes, long releaseNs) {}

    private static LinkImpairment wrong(double stallProbability, double lossProbability, long bytesPerSecond) {
        return new LinkImpairment(3 * MS, 2 * MS, stallProbability, 20 * MS, lossProbability, 5 * MS, bytesPerSecond);
    }

    private static LinkImpairment delay(long delayNs, long jitterNs) {
        return new LinkImpairment(delayNs, jitterNs, 0, 0, 0, 0, 0);
    }

    private static List<Sent> send(ImpairedLink link, long seed, long gapNsMax, int messages) {
        SplittableRandom random = new SplittableRandom(seed);
        List<Sent> out = new ArrayList<>();
        // As System.nanoTime may begin anywhere.
        long nowNs = random.nextLong(-1_000_000_000_000L, 1_000_000_000_000L);
        for (int i = 0; i < messages; i++) {
            nowNs += random.nextLong(gapNsMax + 1);
            long bytes = random.nextLong(100_000);
            out.add(new Sent(nowNs, bytes, link.releaseNs(nowNs, bytes)));
        }
        return out;
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void shouldKeepTheOrderAndReleaseNothingEarly(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        for (int run = 0; run < 50; run++) {
            LinkImpairment wrong = wrong(random.nextDouble(), random.nextDouble(), random.nextLong(50_000_000));
            long lastNs = Long.MIN_VALUE;
            for (Sent s : send(new ImpairedLink(wrong, random.nextLong()), seed, random.nextLong(30 * MS), 200)) {
                assertThat(s.releaseNs).isGreaterThanOrEqualTo(s.arrivalNs + wrong.delayNs());
                assertThat(s.releaseNs).isGreaterThanOrEqualTo(lastNs);
                lastNs = s.releaseNs;
            }
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void shouldAnswerTheSameForTheSameSeedAndOtherwiseForAnother(long seed) {
        LinkImpairment wrong = wrong(0.01, 0.02, 10_000_000);
        List<Sent> one = send(new ImpairedLink(wrong, seed), 9, 10 * MS, MESSAGES);
        assertThat(send(new ImpairedLink(wrong, seed), 9, 10 * MS, MESSAGES)).isEqualTo(one);
        assertThat(send(new ImpairedLink(wrong, seed + 1), 9, 10 * MS, MESSAGES))
                .isNotEqualTo(one);
    }

    @Test
    void shouldPassEverythingAtOnceIfNothingIsWrong() {
        assertThat(delay(0, 0).isNone()).isTrue();
        assertThat(send(new ImpairedLink(delay(0, 0), 1), 1, MS, 1000)).allMatch(s -> s.releaseNs == s.arrivalNs);
    }

    @Test
    void shouldSpreadJitterEvenly() {
        // Gaps longer than the jitter: nobody waits for the one before.
        double sum = 0;
        long least = Long.MAX_VALUE;
        long most = 0;
        for (Sent s : apart(new ImpairedLink(delay(3 * MS, 2 * MS), 1), MESSAGES)) {
            long late = s.releaseNs - s.arrivalNs;
            sum += late;
            least = Math.min(least, late);
            most = Math.max(most, late);
        }
        assertThat(least).isBetween(3 * MS, 3 * MS + MS / 100);
        assertThat(most).isBetween(5 * MS - MS / 100, 5 * MS);
        assertThat(sum / MESSAGES / MS).isCloseTo(4, within(0.02));
    }

    private static List<Sent> apart(ImpairedLink link, int messages) {
        List<Sent> out = new ArrayList<>();
        for (int i = 0; i < messages; i++) {
            long arrivalNs = i * (60_000 * MS);
            out.add(new Sent(arrivalNs, 100, link.releaseNs(arrivalNs, 100)));
        }
        return out;
    }

    @Test
    void shouldHoldUpWhatIsBehindAStall() {
        // One message each millisecond.
        ImpairedLink link = new ImpairedLink(new LinkImpairment(0, 0, 0.01, 20 * MS, 0, 0, 0), 1);
        long readyNs = 0;
        int stalls = 0;
        for (int i = 0; i < MESSAGES; i++) {
            long arrivalNs = i * MS;
            long releaseNs = link.releaseNs(arrivalNs, 100);
            long turnNs = Math.max(arrivalNs, readyNs);
            assertThat(releaseNs - turnNs).isIn(0L, 20 * MS);
            stalls += releaseNs > turnNs ? 1 : 0;
            readyNs = releaseNs;
        }
        assertThat(stalls).isBetween(MESSAGES / 100 - 60, MESSAGES / 100 + 60);
    }

    @Test
    void shouldDoubleThePausesOfAMessageThatIsLostAgain() {
        ImpairedLink link = new ImpairedLink(new LinkImpairment(0, 0, 0, 0, 0.5, 5 * MS, 0), 1);
        int[] lost = new int[LinkImpairment.LOSSES_MAX + 1];
        for (Sent s : apart(link, MESSAGES)) {
            // 5, 5 + 10, 5 + 10 + 20, ...
            long times = (s.releaseNs - s.arrivalNs) / (5 * MS) + 1;
            assertThat(Long.bitCount(times)).isEqualTo(1);
            lost[Long.numberOfTrailingZeros(times)]++;
        }
        for (int n = 0; n < LinkImpairment.LOSSES_MAX; n++) {
            double expected = MESSAGES * Math.pow(0.5, n + 1);
            assertThat((double) lost[n]).isCloseTo(expected, within(6 * Math.sqrt(expected)));
        }
        ImpairedLink always = new ImpairedLink(new LinkImpairment(0, 0, 0, 0, 1, 5 * MS, 0), 1);
        assertThat(always.releaseNs(0, 1)).isEqualTo(5 * MS * (1 + 2 + 4 + 8 + 16 + 32));
    }

    @Test
    void shouldTakeNoMoreThanItsBandwidth() {
        ImpairedLink link = new ImpairedLink(new LinkImpairment(MS, 0, 0, 0, 0, 0, 1_000_000), 1);
        assertThat(link.releaseNs(0, 1000)).isEqualTo(2 * MS);
        assertThat(link.releaseNs(0, 500)).isEqualTo(2 * MS + MS / 2);
        assertThat(link.releaseNs(MS, 500)).isEqualTo(3 * MS);
        assertThat(link.releaseNs(10 * MS, 500)).as("it was idle").isEqualTo(11 * MS + MS / 2);
    }

    @Test
    void shouldDrawForEachCauseAlone() {
        LinkImpairment stalls = new LinkImpairment(0, 0, 0.01, 20 * MS, 0, 0, 0);
        LinkImpairment both = new LinkImpairment(0, 2 * MS, 0.01, 20 * MS, 0.1, 100 * MS, 0);
        Set<Integer> alone = new HashSet<>();
        Set<Integer> besides = new HashSet<>();
        List<Sent> one = apart(new ImpairedLink(stalls, 7), MESSAGES);
        List<Sent> other = apart(new ImpairedLink(both, 7), MESSAGES);
        for (int i = 0; i < MESSAGES; i++) {
            if (one.get(i).releaseNs > one.get(i).arrivalNs) {
                alone.add(i);
            }
            // Pauses are multiples of 100 ms, the jitter is below 2 ms.
            if ((other.get(i).releaseNs - other.get(i).arrivalNs) % (100 * MS) >= 20 * MS) {
                besides.add(i);
            }
        }
        assertThat(alone).isNotEmpty().isEqualTo(besides);
    }

    @Test
    void shouldForgetWhatWasOnItsWayWhenItRestarts() {
        ImpairedLink link = new ImpairedLink(new LinkImpairment(MS, 0, 0, 0, 0, 0, 1_000_000), 1);
        assertThat(link.releaseNs(0, 1_000_000)).isEqualTo(1001 * MS);
        link.restart();
        assertThat(link.releaseNs(0, 1_000)).isEqualTo(2 * MS);
    }

    @Test
    void shouldRefuseWhatIsOutOfRange() {
        assertThatThrownBy(() -> delay(-1, 0)).hasMessageContaining("delay of -1 ns");
        assertThatThrownBy(() -> delay(0, LinkImpairment.TIME_NS_MAX + 1)).hasMessageContaining("jitter");
        assertThatThrownBy(() -> wrong(1.01, 0, 0)).hasMessageContaining("stall 1.01");
        assertThatThrownBy(() -> wrong(0, Double.NaN, 0)).hasMessageContaining("loss NaN");
        assertThatThrownBy(() -> wrong(0, 0, -1)).hasMessageContaining("bandwidth of -1");
    }
}
