package io.parablock.main;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.parablock.events.Event;
import io.parablock.events.EventKind;
import io.parablock.raft.message.Message;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

/** Each state is provoked, and the status of the node that is in it says so. */
@Timeout(90)
@Tag("one-jdk")
@Isolated("real time")
class HealthStatesTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String ONE_GROUP = """
            volumes = [ { name = disk, size = 8MiB } ]
            raft { span = 16, handover_timeout = 0 }
            """;

    @TempDir
    private Path dir;

    private NodesInOneProcess cluster;

    @BeforeEach
    void prepare() {
        cluster = new NodesInOneProcess(dir);
    }

    @AfterEach
    void stop() {
        cluster.passes = (to, m) -> true;
        cluster.close();
    }

    private JsonNode status(int node) throws Exception {
        return JSON.readTree(NodesInOneProcess.get(cluster.nodes.get(node - 1), "/status"));
    }

    private String state(int node) throws Exception {
        return status(node).path("health").path("state").asText();
    }

    private static List<String> warnings(JsonNode status) {
        List<String> out = new ArrayList<>();
        status.path("health").path("warnings").forEach(w -> out.add(w.asText()));
        return out;
    }

    private Stream<EventKind> kinds(int node) {
        return Objects.requireNonNull(cluster.events.get(node)).after(0, 1_024).stream()
                .map(Event::kind);
    }

    /** The status in which the wanted one was seen; the test's timeout ends it otherwise. */
    private JsonNode await(int node, Predicate<JsonNode> wanted) throws Exception {
        while (true) {
            JsonNode status = status(node);
            if (wanted.test(status)) {
                return status;
            }
            Thread.sleep(10);
        }
    }

    private String awaitState(int node, String beginning) throws Exception {
        return await(node, s -> s.path("health").path("state").asText().startsWith(beginning))
                .path("health")
                .path("state")
                .asText();
    }

    private int leader() throws Exception {
        while (true) {
            for (int node = 1; node <= 3; node++) {
                if (state(node).equals("serving: leads")) {
                    return node;
                }
            }
            Thread.sleep(10);
        }
    }

    @Test
    void shouldTellAnElectionAndThatThereIsNoQuorum() throws Exception {
        cluster.passes = (to, m) -> !(m instanceof Message.PreVoteReply);
        cluster.startThree(ONE_GROUP + "health { disk_free = 1024TiB, wal_bytes = 1 }\n");
        assertThat(awaitState(2, "election running")).matches("election running: term \\d+(, for \\d+ s)?");
        cluster.passes = (to, m) -> true;
        int leader = leader();
        int follower = leader % 3 + 1;
        assertThat(awaitState(follower, "serving")).isEqualTo("serving: follows node " + leader);
        assertThat(kinds(leader)).contains(EventKind.DISK_NEARLY_FULL);
        assertThat(NodesInOneProcess.get(cluster.nodes.get(leader - 1), "/metrics"))
                .contains("parablock_warnings{kind=\"disk_nearly_full\"} 1", "parablock_warnings{kind=\"log_large\"} 1")
                .contains("parablock_warnings{kind=\"slow_follower\"} 0");
        assertThat(warnings(status(leader)))
                .anyMatch(w -> w.matches("disk nearly full: .* free of .*, health.disk_free is 1024.0 TiB"))
                .anyMatch(w -> w.startsWith("log large: "))
                .hasSize(2);
        for (int node = 1; node <= 3; node++) {
            if (node != follower) {
                cluster.nodes.get(node - 1).close();
            }
        }
        assertThat(awaitState(follower, "no quorum")).isEqualTo("no quorum: has 1 of 3, needs 2");
        assertThat(warnings(status(follower))).anyMatch(w -> w.startsWith("peer down: node " + leader));
    }

    /** One follower lacks a slot, and may not ask the other one for it when the leader has gone. */
    @Test
    void shouldTellACatchUpAndAMergeThatWaits() throws Exception {
        cluster.startThree(ONE_GROUP);
        int leader = leader();
        int other = leader % 3 + 1;
        int behind = other % 3 + 1;
        cluster.passes = (to, m) -> !(to == behind && m instanceof Message.Append);
        try (PlainNbdClient client =
                new PlainNbdClient(cluster.nodes.get(other - 1).nbdAddress())) {
            for (int i = 0; i < 40; i++) {
                client.write(i * 4096L, new byte[4096]);
            }
            assertThat(awaitState(behind, "catching up")).matches("catching up: \\d+ slots behind(, ETA .*)?");
            JsonNode peer = await(
                    leader,
                    s -> s.path("health")
                                    .path("peers")
                                    .get(behind > other ? 1 : 0)
                                    .path("lag")
                                    .asLong()
                            > 16);
            assertThat(peer.path("health").path("peers").toString())
                    .contains("{\"id\":" + behind + ",\"connected\":true,\"state\":\"catching up: ")
                    .contains("{\"id\":" + other + ",\"connected\":true,\"state\":\"in step\"");
            cluster.passes = (to, m) -> true;
            awaitState(behind, "serving");

            cluster.passes = (to, m) -> !(to == behind && m instanceof Message.Append);
            client.write(0, new byte[4096]);
            cluster.passes = (to, m) -> to == behind
                    ? !(m instanceof Message.Append || m instanceof Message.PreVote || m instanceof Message.Vote)
                    : !(m instanceof Message.Fetch);
            cluster.nodes.get(leader - 1).close();
            assertThat(awaitState(behind, "merging"))
                    .matches("merging: term \\d+, waits for node " + other + "; node " + leader
                            + " is away(, for \\d+ s)?");
            cluster.passes = (to, m) -> true;
            client.write(0, new byte[4096]);
        }
    }

    @Test
    void shouldNameASlowFollower() throws Exception {
        String slow = """
                impairment { wal_delay = 4s, wal_delay_probability = 1 }
                raft.election_timeout = 20s
                """;
        String others = ONE_GROUP + "raft.slow_follower { behind = 500ms, for = 1s }\n";
        cluster.nodes.add(cluster.start(1, others));
        cluster.nodes.add(cluster.start(2, others));
        cluster.nodes.add(cluster.start(3, others + slow));
        int leader = leader();
        AtomicBoolean over = new AtomicBoolean();
        try (PlainNbdClient client = new PlainNbdClient(cluster.nodes.get(0).nbdAddress())) {
            Thread load = new Thread(() -> {
                try {
                    while (!over.get()) {
                        client.write(0, new byte[4096]);
                        Thread.sleep(50);
                    }
                } catch (Exception e) {
                    over.set(true);
                }
            });
            load.start();
            JsonNode told =
                    await(leader, s -> warnings(s).stream().anyMatch(w -> w.startsWith("slow follower: node 3 is ")));
            over.set(true);
            load.join();
            assertThat(warnings(told))
                    .noneMatch(w -> w.contains("node 1") || w.contains("node 2"))
                    .anyMatch(w -> w.matches("slow follower: node 3 is \\d+ slots and \\d+ s behind, by what .*"));
            assertThat(told.path("health").path("state").asText()).isEqualTo("serving: leads");
            assertThat(told.path("slow_followers").toString()).isEqualTo("[3]");
            // The status may have been read before the event was told.
            while (kinds(leader).noneMatch(kind -> kind == EventKind.SLOW_FOLLOWER)) {
                Thread.sleep(10);
            }
        }
    }
}
