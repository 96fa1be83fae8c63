package io.parablock.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.micrometer.core.instrument.distribution.CountAtBucket;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class LatencyHistogramTest {
    private static final long SECOND_NS = TimeUnit.SECONDS.toNanos(1);

    private final LatencyHistogram histogram = new LatencyHistogram(0);

    @Test
    void shouldCountEachIntoThePublishedBucketThatHoldsIt() {
        double[] bounds = LatencyHistogram.publishedSeconds();
        Random random = new Random(1);
        long[] wanted = new long[bounds.length];
        for (int i = 0; i < 10_000; i++) {
            long elapsedNs = (long) Math.pow(10, 2 + random.nextDouble() * 10);
            int at = 0;
            while (elapsedNs / 1e9 > bounds[at]) {
                at++;
            }
            wanted[at]++;
            histogram.record(elapsedNs);
        }
        assertThat(histogram.published()).isEqualTo(wanted);
        assertThat(histogram.count()).isEqualTo(10_000);
    }

    @Test
    void shouldTakeABoundAsPartOfItsBucket() {
        double[] bounds = LatencyHistogram.publishedSeconds();
        for (int i = 0; i < bounds.length - 1; i++) {
            histogram.record(Math.round(bounds[i] * SECOND_NS));
        }
        long[] counts = histogram.published();
        assertThat(Arrays.copyOf(counts, bounds.length - 1)).containsOnly(1);
        assertThat(counts[bounds.length - 1]).isZero();
    }

    @Test
    void shouldPutWhatIsNextToABoundOnItsSideOfIt() {
        List<Long> durations = new ArrayList<>(List.of(Long.MIN_VALUE, -1L, 0L, 1L, Long.MAX_VALUE));
        for (CountAtBucket step : histogram.cumulative()) {
            long boundNs = (long) step.bucket();
            durations.addAll(List.of(boundNs - 1, boundNs, boundNs + 1));
        }
        durations.forEach(histogram::record);
        for (CountAtBucket step : histogram.cumulative()) {
            long boundNs = (long) step.bucket();
            long upTo = durations.stream().filter(d -> d <= boundNs).count();
            assertThat(step.count()).as("up to %s ns", boundNs).isEqualTo((double) upTo);
        }
        assertThat(histogram.count()).isEqualTo(durations.size());
    }

    @Test
    void shouldFindPercentilesWithinAStep() {
        for (int i = 1; i <= 10_000; i++) {
            histogram.record(i * 1_000L);
        }
        LatencyHistogram.Window window = histogram.window(0);
        assertThat(window.percentileNs(0.5)).isCloseTo(5_000_000, within(300_000.0));
        assertThat(window.percentileNs(0.99)).isCloseTo(9_900_000, within(600_000.0));
        assertThat(window.maxNs()).isEqualTo(10_000_000);
        assertThat(histogram.sumNs()).isEqualTo(10_000L * 10_001 / 2 * 1_000);
    }

    @Test
    void shouldForgetInItsPercentilesWhatIsLongAgo() {
        histogram.record(SECOND_NS);
        assertThat(histogram.window(31 * SECOND_NS).maxNs()).isEqualTo((double) SECOND_NS);
        histogram.record(1_000_000);
        assertThat(histogram.window(45 * SECOND_NS).maxNs()).isEqualTo((double) SECOND_NS);
        assertThat(histogram.window(62 * SECOND_NS).maxNs()).isEqualTo(1_000_000);
        assertThat(histogram.count()).isEqualTo(2);
    }

    @Test
    void shouldSayZeroOfNothing() {
        LatencyHistogram.Window window = histogram.window(0);
        assertThat(window.percentileNs(0.99)).isZero();
        assertThat(window.maxNs()).isZero();
    }
}
