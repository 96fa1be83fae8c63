package io.parablock.health;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.parablock.config.NodeConfig.HealthKeys;
import io.parablock.config.NodeConfig.SlowKeys;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a node's status warns of. */
class NodeWatchTest {
    private static final long SECOND = 1_000_000_000L;
    private static final SlowKeys SLOW = new SlowKeys(0, 0, 0, SECOND / 10, 2 * SECOND, 2 * SECOND);
    private static final Limits LIMITS = new Limits(new HealthKeys(0, 0, SECOND / 2), SLOW);

    @TempDir
    private Path dir;

    private final Readings reading = new Readings();
    private final List<FollowerChange> changes = new ArrayList<>();
    private final List<Long> jumpsMs = new ArrayList<>();
    private Map<Integer, GroupTiming> timings = Map.of();
    private long nowNs = SECOND;
    private long wallMs = 1_790_000_000_000L;

    private NodeHealth judge(NodeWatch watch, Limits limits) {
        reading.slowFollowers = watch.slowFollowers();
        return watch.judge(reading.node(2, ""), limits);
    }

    private NodeWatch watch(Path data) {
        return new NodeWatch(data, 16, peer -> true, () -> wallMs, () -> nowNs);
    }

    private void second(NodeWatch watch) {
        nowNs += SECOND;
        wallMs += 1000;
        jumpsMs.add(watch.sampleClock(LIMITS));
        changes.addAll(watch.sample(reading.node(2, ""), timings, LIMITS));
    }

    @Test
    void shouldBeSilentInHealth() {
        NodeWatch watch = watch(dir);
        second(watch);
        second(watch);
        assertThat(judge(watch, LIMITS).warnings()).isEmpty();
        assertThat(judge(watch, LIMITS).state()).isEqualTo("serving: follows node 1");
    }

    /** What becomes events is what the status has, in the same second. */
    @Test
    void shouldNameAFollowerThatAcknowledgesLateInStatusAndChanges() {
        NodeWatch watch = watch(dir);
        reading.leads(100, 100, 100);
        timings = Map.of(1, new GroupTiming(SECOND / 1000, Map.of(1, SECOND / 1000, 3, SECOND)));
        for (int i = 0; i < 5; i++) {
            second(watch);
            boolean told = !changes.isEmpty();
            assertThat(judge(watch, LIMITS).warnings())
                    .hasSize(told ? 1 : 0)
                    .allMatch(w -> w.equals("slow follower: node 3 acknowledges later than raft.slow_follower.limit"));
            assertThat(watch.slowFollowers()).isEqualTo(told ? Map.of(1, List.of(3)) : Map.of());
        }
        assertThat(changes).extracting(FollowerChange::slow).containsExactly(true);
        timings = Map.of(1, new GroupTiming(SECOND / 1000, Map.of(1, SECOND / 1000, 3, SECOND / 1000)));
        while (changes.size() < 2) {
            assertThat(judge(watch, LIMITS).warningsOf("slow follower")).isOne();
            second(watch);
        }
        assertThat(changes).extracting(FollowerChange::slow).containsExactly(true, false);
        assertThat(judge(watch, LIMITS).warnings()).isEmpty();
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
        assertThat(jumpsMs).containsExactly(0L, 0L, -3_600_000L, 0L);
        assertThat(judge(watch, LIMITS).clockJumps()).isOne();
        nowNs += ClockProbe.TOLD_NS;
        assertThat(judge(watch, LIMITS).warnings()).isEmpty();
    }

    @Test
    void shouldTellOfDiskAndLog() {
        NodeWatch watch = watch(dir);
        Limits strict = new Limits(new HealthKeys(Long.MAX_VALUE / 2, 1 << 20, 0), SLOW);
        DiskSpace change = Objects.requireNonNull(watch.sampleDisk(strict));
        assertThat(change.nearlyFull()).isTrue();
        assertThat(watch.sampleDisk(strict)).as("told once").isNull();
        assertThat(judge(watch, strict).warnings())
                .hasSize(1)
                .first()
                .asString()
                .startsWith("disk nearly full: ");
        assertThat(judge(watch, strict).warningsOf("disk nearly full")).isOne();
        assertThat(judge(watch, strict).warningsOf("disk")).isZero();
        reading.walBytes = (1 << 20) + 1;
        assertThat(judge(watch, strict).warnings()).contains("log large: it has 1.0 MiB, health.wal_bytes is 1.0 MiB");
        NodeWatch absent = watch(dir.resolve("absent"));
        assertThat(absent.sampleDisk(LIMITS)).isNull();
        assertThat(judge(absent, LIMITS).warnings())
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
