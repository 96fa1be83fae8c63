package io.parablock.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.micrometer.core.instrument.Timer;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class TimerIntervalTest {
    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);

    private static void record(Timer timer, int times, long us) {
        for (int i = 0; i < times; i++) {
            timer.record(us, TimeUnit.MICROSECONDS);
        }
    }

    /** The first bucket ends at a millisecond unless told otherwise. */
    private Timer withBuckets() {
        return Timer.builder("t")
                .publishPercentileHistogram()
                .minimumExpectedValue(Duration.ofNanos(10_000))
                .maximumExpectedValue(Duration.ofMillis(100))
                .register(registry);
    }

    @Test
    void shouldTellTheIntervalAloneFromHistogramBuckets() {
        Timer timer = withBuckets();
        record(timer, 1_000, 50_000);
        TimerInterval interval = new TimerInterval(timer);
        record(timer, 980, 1_000);
        record(timer, 20, 20_000);
        TimerInterval.Percentiles first = interval.take();
        assertThat(first.count()).isEqualTo(1_000);
        assertThat(first.p50Us()).isCloseTo(1_000, within(300.0));
        assertThat(first.p99Us()).isCloseTo(20_000, within(6_000.0));
        record(timer, 10, 200);
        assertThat(interval.take().p999Us()).isCloseTo(200, within(60.0));
    }

    @Test
    void shouldHaveNoPercentilesOfNothing() {
        Timer timer = withBuckets();
        record(timer, 10, 1_000);
        TimerInterval interval = new TimerInterval(timer);
        assertThat(interval.take().count()).isZero();
        assertThat(interval.take().p50Us()).isNaN();
    }

    @Test
    void shouldTellTheWindowOfATimerWithoutBuckets() {
        Timer timer = Timer.builder("t").publishPercentiles(0.5, 0.99).register(registry);
        TimerInterval interval = new TimerInterval(timer);
        record(timer, 100, 1_000);
        TimerInterval.Percentiles p = interval.take();
        assertThat(p.count()).isEqualTo(100);
        assertThat(p.p50Us()).isCloseTo(1_000, within(20.0));
        assertThat(p.p99Us()).isCloseTo(1_000, within(20.0));
        assertThat(p.p999Us()).isNaN();
        assertThat(interval.take().p50Us()).isNaN();
    }

    @Test
    void shouldNotLoseWhatIsAboveTheLastBucket() {
        Timer timer = withBuckets();
        TimerInterval interval = new TimerInterval(timer);
        record(timer, 5, 3_000_000);
        assertThat(interval.take().p50Us()).isCloseTo(3_000_000, within(1.0));
    }
}
