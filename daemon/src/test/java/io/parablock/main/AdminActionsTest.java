package io.parablock.main;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

/** What an operator asks of a node over HTTP. */
@Timeout(60)
@Tag("one-jdk")
@Isolated("real time")
class AdminActionsTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    private Path dir;

    private NodesInOneProcess cluster;

    @BeforeEach
    void prepare() {
        cluster = new NodesInOneProcess(dir);
    }

    @AfterEach
    void stop() {
        cluster.close();
    }

    private int leaderOf(int group) throws Exception {
        while (true) {
            for (Node node : cluster.nodes) {
                JsonNode g = JSON.readTree(NodesInOneProcess.get(node, "/status"))
                        .path("groups")
                        .get(group - 1);
                if (g.path("ready").asBoolean()) {
                    return g.path("leader").asInt();
                }
            }
            Thread.sleep(20);
        }
    }

    private HttpResponse<String> transfer(int node, String query) throws Exception {
        return NodesInOneProcess.post(cluster.nodes.get(node - 1), "/admin/leader-transfer" + query);
    }

    /** The first group moves three times, and clients go on. */
    @Test
    void shouldHandAGroupOverAgainAndAgain() throws Exception {
        cluster.startThree("");
        try (PlainNbdClient client = new PlainNbdClient(cluster.nodes.get(2).nbdAddress())) {
            client.write(0, new byte[4096]);
            for (int round = 0; round < 3; round++) {
                int from = leaderOf(1);
                HttpResponse<String> answer = transfer(from, "?group=1");
                assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
                JsonNode each = JSON.readTree(answer.body()).path("groups");
                assertThat(each).hasSize(1);
                assertThat(each.get(0).path("group").asInt()).isOne();
                assertThat(each.get(0).path("transferred").asBoolean()).isTrue();
                assertThat(each.get(0).path("leader").asInt())
                        .isNotEqualTo(from)
                        .isPositive();
                client.write(0, new byte[4096]);
            }
            int from = leaderOf(1);
            HttpResponse<String> answer = transfer(from, "");
            assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
            for (JsonNode g : JSON.readTree(answer.body()).path("groups")) {
                assertThat(g.path("leader").asInt()).isNotEqualTo(from).isPositive();
            }
            client.write(0, new byte[4096]);
            client.write(4 << 20, new byte[4096]);
        }
    }

    /** The first group goes round, to each node in turn, where the peer that holds most would always be the same one. */
    @Test
    void shouldHandAGroupOverToTheNamedNode() throws Exception {
        cluster.startThree("");
        try (PlainNbdClient client = new PlainNbdClient(cluster.nodes.get(2).nbdAddress())) {
            client.write(0, new byte[4096]);
            for (int round = 0; round < 3; round++) {
                int from = leaderOf(1);
                int to = (from + 1) % 3 + 1;
                HttpResponse<String> answer = transfer(from, "?group=1&to=" + to);
                assertThat(answer.body())
                        .isEqualTo("{\"groups\":[{\"group\":1,\"leader\":" + to + ",\"transferred\":true}]}\n");
                client.write(0, new byte[4096]);
            }
        }
    }

    @Test
    void shouldRefuseToHandOverToANodeThatCannotLead() throws Exception {
        cluster.startThree("");
        int leader = leaderOf(1);
        int stopped = leader % 3 + 1;
        int other = 6 - leader - stopped;
        assertThat(transfer(leader, "?group=1&to=" + leader).body())
                .isEqualTo("{\"error\":\"node " + leader + " leads already: group 1\"}\n");
        assertThat(transfer(leader, "?to=4").body()).isEqualTo("{\"error\":\"there is no node 4, only [1, 2, 3]\"}\n");
        assertThat(transfer(leader, "?to=two").statusCode()).isEqualTo(404);
        cluster.nodes.get(stopped - 1).close();
        HttpResponse<String> away = transfer(leader, "?group=1&to=" + stopped);
        assertThat(away.statusCode()).isEqualTo(503);
        assertThat(JSON.readTree(away.body()).path("error").asText())
                .isEqualTo("node " + stopped + " has not taken over group 1: it does not answer");
        assertThat(transfer(leader, "?group=1&to=" + other).statusCode()).isEqualTo(200);
    }

    @Test
    void shouldSayWhyThereIsNoTransfer() throws Exception {
        cluster.startThree("");
        int leader = leaderOf(1);
        int follower = leader % 3 + 1;
        assertThat(transfer(follower, "?group=1").body())
                .isEqualTo("{\"error\":\"this node does not lead group 1; node " + leader + " does\"}\n");
        assertThat(transfer(follower, "?group=1").statusCode()).isEqualTo(409);
        assertThat(transfer(leader, "?group=9").statusCode()).isEqualTo(404);
        assertThat(transfer(leader, "?group=first").body()).contains("there is no group first");
        assertThat(transfer(leader, "?node=2").statusCode()).isEqualTo(400);
        assertThat(NodesInOneProcess.get(cluster.nodes.get(0), "/admin/leader-transfer"))
                .contains("only POST");
    }

    /** The start of the nodes has begun a round, which ends first. */
    @Test
    void shouldBeginARoundOfTheScrub() throws Exception {
        cluster.startThree("scrub.bytes_per_second = 64MiB");
        Node node = cluster.nodes.get(0);
        HttpResponse<String> started = NodesInOneProcess.post(node, "/admin/scrub");
        while (started.statusCode() == 409) {
            assertThat(started.body()).isEqualTo("{\"error\":\"a round of the scrub is under way\"}\n");
            Thread.sleep(20);
            started = NodesInOneProcess.post(node, "/admin/scrub");
        }
        assertThat(started.statusCode()).as(started.body()).isEqualTo(200);
        JsonNode json = JSON.readTree(started.body());
        assertThat(json.path("node").asInt()).isOne();
        int begun = 0;
        for (JsonNode g : json.path("groups")) {
            if (g.path("started").asBoolean()) {
                begun = g.path("group").asInt();
                assertThat(g.path("rounds").asLong()).isEqualTo(1);
            }
        }
        assertThat(begun).isPositive();
        assertThat(NodesInOneProcess.post(node, "/admin/scrub?group=1").statusCode())
                .isEqualTo(400);
        while (JSON.readTree(NodesInOneProcess.get(node, "/status"))
                        .path("scrub")
                        .path("rounds")
                        .asLong()
                < 1) {
            Thread.sleep(20);
        }
    }

    @Test
    void shouldSayThatTheScrubIsOff() throws Exception {
        cluster.startThree("scrub.bytes_per_second = 0");
        HttpResponse<String> answer = NodesInOneProcess.post(cluster.nodes.get(0), "/admin/scrub");
        assertThat(answer.statusCode()).isEqualTo(409);
        assertThat(answer.body()).contains("the scrub is off: scrub.bytes_per_second is 0");
    }

    @Test
    void shouldAnswerBeforeItStops() throws Exception {
        CountDownLatch stopped = new CountDownLatch(1);
        StopAction stop = new StopAction(stopped::countDown);
        assertThat(stop.answer(Map.of("now", "")).code()).isEqualTo(400);
        assertThat(stop.answer(Map.of()).body()).contains("\"stopping\":true", "\"pid\":");
        assertThat(stopped.getCount()).isOne();
        assertThat(stopped.await(10, TimeUnit.SECONDS)).isTrue();
    }
}
