package io.parablock.perf.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.parablock.perf.NbdClient;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("one-jdk")
class MeasuredLoadTest {
    private static final long SIZE = 64 << 20;
    private static final long DRAIN_MS = 10_000;
    private static final int NEVER = Integer.MAX_VALUE;
    private static final int STALL_MS = 400;
    private static final double MS = 1e6;

    @Test
    void shouldShowAStallToThoseWhoWouldHaveAskedMeanwhile() throws Exception {
        // 1 s at 500 in a second: two in five requests fall into the stall, and half of these wait for more than half
        // of it.
        LoadFigures open = openLoop();
        assertThat(open.errors()).isZero();
        assertThat(open.unanswered()).isZero();
        assertThat(open.answered()).isEqualTo(open.asked()).isEqualTo(500);
        assertThat(open.all().getValueAtPercentile(99)).isGreaterThan((long) (0.9 * STALL_MS * MS));
        assertThat(open.all().getValueAtPercentile(85)).isGreaterThan((long) (0.4 * STALL_MS * MS));
    }

    @Test
    void shouldHideItFromAClosedLoopWhichAsksForNothingMeanwhile() throws Exception {
        LoadFigures closed = closedLoop(1, 0, 100, STALL_MS, NEVER, 0, 1);
        assertThat(closed.answered()).isGreaterThan(100);
        assertThat(closed.all().getMaxValue()).isGreaterThan((long) (0.9 * STALL_MS * MS));
        assertThat(closed.all().getValueAtPercentile(85)).isLessThan((long) (0.4 * STALL_MS * MS));
    }

    @Test
    void shouldCountWhatAnOverloadedServerDoesNotAnswer() throws Exception {
        // It rests for longer than the load waits. Reads: what is asked meanwhile fits into the buffers of the
        // connection.
        try (StallingServer server = new StallingServer(SIZE, 50, 60_000, NEVER);
                NbdClient client = NbdClient.connect(server.address(), StallingServer.EXPORT)) {
            OpenLoop load = new OpenLoop(client, mix(100), 10_000, 0, 0.5, 50);
            LoadFigures seen = load.run(500);
            assertThat(seen.asked()).isEqualTo(5_000);
            assertThat(seen.answered()).isEqualTo(50);
            assertThat(seen.unanswered()).isEqualTo(4_950);
            assertThat(seen.errors()).isZero();
        }
    }

    @Test
    void shouldCountEachAnswerOnce() throws Exception {
        LoadFigures seen = closedLoop(16, 30, NEVER, 0, NEVER, 200, 0.5);
        assertThat(seen.reads().getTotalCount()).isPositive();
        assertThat(seen.writes().getTotalCount()).isPositive();
        assertThat(seen.answered()).isEqualTo(seen.asked()).isEqualTo(seen.all().getTotalCount());
        assertThat(seen.completions()).as("the warm-up too").isGreaterThan(seen.answered());
        assertThat(seen.unanswered()).isZero();
    }

    @Test
    void shouldCountErrorsAndGoOn() throws Exception {
        LoadFigures seen = closedLoop(4, 0, NEVER, 0, 20, 0, 0.5);
        assertThat(seen.errors()).isPositive();
        assertThat(seen.problem()).contains("error 5 of a write");
        assertThat(seen.answered()).isLessThanOrEqualTo(20);
    }

    private static LoadFigures openLoop() throws Exception {
        try (StallingServer server = new StallingServer(SIZE, 100, STALL_MS, NEVER);
                NbdClient client = NbdClient.connect(server.address(), StallingServer.EXPORT)) {
            return new OpenLoop(client, mix(0), 500, 0, 1, DRAIN_MS).run(DRAIN_MS);
        }
    }

    private static LoadFigures closedLoop(
            int depth, int readPercent, int stallAfter, long stallMs, int failAfter, long warmUpMs, double seconds)
            throws Exception {
        try (StallingServer server = new StallingServer(SIZE, stallAfter, stallMs, failAfter);
                NbdClient client = NbdClient.connect(server.address(), StallingServer.EXPORT)) {
            return new ClosedLoop(client, mix(readPercent), depth, warmUpMs * 1_000_000, seconds).run(DRAIN_MS);
        }
    }

    private static RequestMix mix(int readPercent) {
        return new RequestMix(BenchReportTest.settings(readPercent, 0, 8, LoadShape.closed(1)), 0, null, 5);
    }
}
