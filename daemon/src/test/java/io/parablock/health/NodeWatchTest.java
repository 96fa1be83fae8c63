package io.parablock.health;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.parablock.config.NodeConfig.HealthKeys;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a node's status warns of. */
class NodeWatchTest {
    private static final long SECOND = 1_000_000_000L;
    private static final HealthKeys LIMITS = new HealthKeys(0, 0, 2 * SECOND, SECOND / 2);

    @TempDir
    private Path dir;

    private final Readings reading = new Readings();
    private long nowNs = SECOND;
    private long wallMs = 1_790_000_000_000L;

    private NodeHealth judge(NodeWatch watch, HealthKeys limits) {
        return watch.judge(reading.node(2, ""), limits);
    }

    private NodeWatch watch(Path data) {
        return new NodeWatch(data, 16, peer -> true, () -> wallMs, () -> nowNs);
    }

    private void second(NodeWatch watch) {
        nowNs += SECOND;
        wallMs += 1000;
        watch.sampleClock(LIMITS);
        watch.sample(reading.node(2, ""), LIMITS);
    }

    @Test
    void shouldBeSilentInHealth() {
        NodeWatch watch = watch(dir);
        second(watch);
        second(watch);
        assertThat(judge(watch, LIMITS).warnings()).isEmpty();
        assertThat(judge(watch, LIMITS).state()).isEqualTo("serving: follows node 1");
    }

    @Test
    void shouldNameAFollowerThatAcknowledgesLate() {
        NodeWatch watch = watch(dir);
        reading.leads(100, 100, 100);
        reading.slowFollowers = Map.of(1, List.of(3));
        second(watch);
        assertThat(judge(watch, LIMITS).warnings())
                .containsExactly("slow follower: node 3 acknowledges later than raft.slow_follower.limit");
    }

    @Test
    void shouldTellOfAClockThatWasSetForTenMinutes() {
        NodeWatch watch = watch(dir);
        second(watch);
        wallMs += 400;
        second(watch);
        assertThat(judge(watch, LIMITS).warnings()).as("a step below the limit").isEmpty();
        wallMs -= 3_600_000;
        second(watch);
        assertThat(judge(watch, LIMITS).warnings())
                .hasSize(1)
                .first()
                .asString()
                .startsWith("clock jump: the wall clock went 3600.0 s back at 2026-09-21T");
        second(watch);
        assertThat(judge(watch, LIMITS).clockJumps()).isOne();
        nowNs += ClockProbe.TOLD_NS;
        assertThat(judge(watch, LIMITS).warnings()).isEmpty();
    }

    @Test
    void shouldTellOfDiskAndLog() {
        NodeWatch watch = watch(dir);
        HealthKeys strict = new HealthKeys(Long.MAX_VALUE, 1 << 20, SECOND, 0);
        assertThat(judge(watch, strict).warnings())
                .hasSize(1)
                .first()
                .asString()
                .startsWith("disk nearly full: ");
        reading.walBytes = (1 << 20) + 1;
        assertThat(judge(watch, strict).warnings()).contains("log large: it has 1.0 MiB, health.wal_bytes is 1.0 MiB");
        assertThat(judge(watch(dir.resolve("absent")), LIMITS).warnings())
                .hasSize(1)
                .first()
                .asString()
                .startsWith("disk: the free space at ");
    }

    @Test
    void shouldTellOfDamage() {
        NodeWatch watch = watch(dir);
        reading.pendingBytes = 8192;
        reading.lostBytes = 4096;
        assertThat(judge(watch, LIMITS).warnings())
                .containsExactly(
                        "damage: 4.0 KiB of blocks are damaged on every node (group 1)",
                        "damage: 8.0 KiB of blocks wait for a peer's copy (group 1)");
    }

    @Test
    void shouldTellHowFarTheScrubIs() {
        NodeWatch watch = watch(dir);
        for (int i = 0; i < 4; i++) {
            reading.scrubPercent += 10;
            reading.scrubBytes += 8 << 20;
            second(watch);
        }
        ObjectNode status = JsonNodeFactory.instance.objectNode();
        status.putObject("scrub");
        status.putArray("groups").addObject();
        judge(watch, LIMITS).into(status);
        assertThat(status.path("scrub")).hasToString("{\"bytes_per_second\":8388608,\"eta_seconds\":6}");
        assertThat(status.path("groups").get(0).path("health").path("state").asText())
                .isEqualTo("serving: follows node 1");
    }
}
