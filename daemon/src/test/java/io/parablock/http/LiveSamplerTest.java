package io.parablock.http;

import static io.parablock.http.FixedReading.node;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.micrometer.core.instrument.Timer;
import io.parablock.metrics.NodeMeters;
import io.parablock.metrics.RequestMeters.Operation;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** On virtual time: the test is the sampler's thread. */
class LiveSamplerTest {
    private static final long SECOND_NS = 1_000_000_000;

    private final NodeMeters meters = new NodeMeters();
    private long nowNs = 77;
    private int reads;
    private String failure = "";
    private ObjectNode status = node("""
            {'id':1,'role':'leader','term':3,'commit_watermark':1000,'holes':2,'in_flight':5,'unanswered':4,
             'voters':[1,2],'connected':[2],'groups':[{'leader':1,'role':'leader','lag':{'1':0,'2':6}}]}""");
    private final LiveSampler sampler = new LiveSampler(this::read, meters, () -> nowNs);

    private Reading read() throws IOException {
        reads++;
        if (!failure.isEmpty()) {
            throw new IOException(failure);
        }
        return new FixedReading(status.deepCopy());
    }

    private void second() {
        nowNs += SECOND_NS;
        sampler.tick();
    }

    @AfterEach
    void close() {
        sampler.close();
        meters.close();
    }

    @Test
    void shouldReadSeldomWhileNobodyWatches() {
        for (int s = 0; s < 60; s++) {
            second();
        }
        assertThat(reads).isEqualTo(6);
        JsonNode live = sampler.json(-1);
        assertThat(live.at("/fine/at")).isEmpty();
        assertThat(live.at("/coarse/at")).hasSize(6);
        assertThat(live.at("/coarse/columns/holes")).hasToString("[2,2,2,2,2,2]");
    }

    @Test
    void shouldReadEachSecondFromTheFirstQuestionOn() {
        sampler.tick();
        sampler.json(-1);
        for (int s = 0; s < 5; s++) {
            second();
        }
        assertThat(sampler.json(-1).at("/fine/at")).hasToString("[2000,3000,4000,5000]");
        assertThat(sampler.json(4_000).at("/fine/at")).hasToString("[5000]");
        assertThat(sampler.json(4_000).at("/coarse/at")).isEmpty();
        for (int s = 0; s < 30; s++) {
            second();
        }
        // The last question was at second 5.
        assertThat(sampler.json(-1).at("/fine/at")).hasSize(13);
    }

    @Test
    void shouldTellRatesAndPercentilesOfTheInterval() {
        Timer commit = Timer.builder(LiveFigures.STAGE_TIMER)
                .tag("stage", "commit")
                .publishPercentileHistogram()
                .minimumExpectedValue(Duration.ofNanos(10_000))
                .register(meters.registry());
        sampler.json(-1);
        sampler.tick();
        second();
        for (int i = 0; i < 200; i++) {
            meters.onRequest(Operation.WRITE, 4096, TimeUnit.MICROSECONDS.toNanos(500), true);
            commit.record(300, TimeUnit.MICROSECONDS);
        }
        status.put("commit_watermark", 1_400);
        nowNs += SECOND_NS;
        second();
        JsonNode columns = sampler.json(1_000).at("/fine/columns");
        assertThat(columns.at("/write.rate/0").asDouble()).isEqualTo(100);
        assertThat(columns.at("/write.bytes/0").asDouble()).isEqualTo(409_600);
        assertThat(columns.at("/read.rate/0").asDouble()).isZero();
        assertThat(columns.at("/commit.rate/0").asDouble()).isEqualTo(200);
        assertThat(columns.at("/lag.2/0").asInt()).isEqualTo(6);
        assertThat(columns.has("lag.1")).isFalse();
        assertThat(columns.at("/latency.op.write.p50/0").asDouble()).isCloseTo(500, within(0.06 * 500));
        assertThat(columns.at("/latency.commit.p99/0").asDouble()).isCloseTo(300, within(100.0));
        assertThat(columns.has("latency.op.read.p50")).isFalse();
        assertThat(sampler.json(-1).get("stages")).contains(TextNode.valueOf("commit"));
        second();
        // Nothing was written in this second.
        assertThat(sampler.json(3_000).at("/fine/columns").has("latency.commit.p99"))
                .isFalse();
    }

    @Test
    void shouldSayWhyThereAreNoFigures() {
        failure = "group 0 does not answer";
        sampler.tick();
        assertThat(sampler.json(-1).get("error").asText()).isEqualTo("group 0 does not answer");
        assertThat(sampler.json(-1).get("nodes")).isEmpty();
        failure = "";
        second();
        assertThat(sampler.json(-1).get("error").asText()).isEmpty();
        assertThat(sampler.json(-1).at("/node/term").asInt()).isEqualTo(3);
    }

    @Test
    void shouldHaveNoRateWhenACounterFalls() {
        sampler.json(-1);
        sampler.tick();
        status.put("commit_watermark", 10);
        second();
        assertThat(sampler.json(-1).at("/fine/columns").has("commit.rate")).isFalse();
    }

    @Test
    void shouldShowTheCommitOrderThatIsKept() {
        sampler.tick();
        assertThat(sampler.json(-1).has("commit_order")).isFalse();
        sampler.commitOrder(() -> new int[] {0, 3});
        assertThat(sampler.json(-1).at("/commit_order/farthest").asInt()).isEqualTo(3);
    }

    @Test
    void shouldBoundItsAnswer() {
        for (int s = 0; s < 5_000; s++) {
            sampler.json(Long.MAX_VALUE);
            second();
        }
        JsonNode live = sampler.json(-1);
        assertThat(live.at("/fine/at")).hasSize(LiveSampler.FINE_ROWS_MAX);
        assertThat(live.at("/coarse/at")).hasSize(LiveSampler.COARSE_ROWS_MAX);
    }
}
