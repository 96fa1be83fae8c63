package io.parablock.main;

import static org.assertj.core.api.Assertions.assertThat;

import io.parablock.metrics.Metric;
import io.parablock.metrics.NodeMeters;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The lines of a replica, in the order in which it tells them, as figures. */
class ElectionCountsTest {
    private static final String CAMPAIGN = "campaigning in term 5 (accepted term 4, contiguous prefix 12";

    private final NodeMeters meters = new NodeMeters();
    private final ElectionCounts counts = new ElectionCounts(meters);

    @AfterEach
    void close() {
        meters.close();
    }

    private void line(String line) {
        counts.onEvent(3, ReplicaLines.of(line));
    }

    private double count(Metric metric, String label) {
        return meters.registry()
                .get(metric.meterName())
                .tag("group", "3")
                .tag(metric.tags().get(1), label)
                .counter()
                .count();
    }

    @Test
    void shouldCountElectionsByReason() {
        counts.onGroup(3);
        assertThat(count(Metric.ELECTIONS, "transfer")).isZero();
        line(CAMPAIGN + ")");
        line(CAMPAIGN + ")");
        line(CAMPAIGN + ", asked by the leader)");
        line(CAMPAIGN + ") for a merge over every voter: no quorum is free of amnesia");
        assertThat(count(Metric.ELECTIONS, "heartbeat_timeout")).isEqualTo(2);
        assertThat(count(Metric.ELECTIONS, "transfer")).isEqualTo(1);
        assertThat(count(Metric.ELECTIONS, "every_voter")).isEqualTo(1);
    }

    @Test
    void shouldCountMergesByOutcome() {
        counts.onGroup(3);
        counts.onLeader(3, true, false);
        line("leading term 5, merged log up to slot 9");
        counts.onLeader(3, true, true);
        counts.onLeader(3, false, false);
        counts.onLeader(3, true, false);
        line("giving up term 7: slot 8 is nowhere");
        counts.onLeader(3, false, false);
        counts.onLeader(3, true, false);
        counts.onLeader(3, false, false);
        counts.onLeader(3, false, false);
        assertThat(count(Metric.MERGES, "finished")).isEqualTo(1);
        assertThat(count(Metric.MERGES, "given_up")).isEqualTo(1);
        assertThat(count(Metric.MERGES, "overtaken")).isEqualTo(1);
    }

    /** A cluster of one node has won as soon as it stands. */
    @Test
    void shouldCountAMergeThatTookNoTime() {
        counts.onGroup(3);
        line("leading term 5, merged log up to slot 9");
        counts.onLeader(3, true, true);
        counts.onLeader(3, false, false);
        assertThat(count(Metric.MERGES, "finished")).isEqualTo(1);
        assertThat(count(Metric.MERGES, "overtaken")).isZero();
    }
}
