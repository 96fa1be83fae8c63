package io.parablock.tools;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

/** What {@code parablock status} and {@code scrub} make of what nodes say. */
@Isolated("system properties and streams")
class StatusCommandTest {
    private static final String LEADS = "serving: leads";
    private static final String FOLLOWS = "serving: follows node 1";

    @TempDir
    private Path dir;

    private FakeNodes nodes;

    @BeforeEach
    void prepare() {
        nodes = new FakeNodes(dir);
    }

    @AfterEach
    void stop() {
        nodes.close();
    }

    private CommandRun run(String command, String... more) {
        String[] all = new String[3 + more.length];
        all[0] = command;
        all[1] = "--dir";
        all[2] = dir.toString();
        System.arraycopy(more, 0, all, 3, more.length);
        return CommandRun.of(all);
    }

    private void healthy(String third) throws Exception {
        nodes.add(1, FakeNodes.status(1, 1, "0.1.0", LEADS));
        nodes.add(2, FakeNodes.status(2, 1, "0.1.0", FOLLOWS));
        nodes.add(3, FakeNodes.status(3, 1, third, FOLLOWS));
    }

    /** As the node knows it that is furthest; with a warning of another node, which the cluster passes on. */
    @Test
    void shouldTellOfTheCatalogue() throws Exception {
        String latest = FakeNodes.status(1, 1, "0.1.0", LEADS)
                .replace(
                        "\"groups\"",
                        "\"catalogue\":{\"leader\":2,\"version\":7,\"volumes\":2,\"state\":\"serving: follows node 2\"},\"groups\"");
        String earlier = FakeNodes.status(2, 1, "0.1.0", FOLLOWS, "catalogue: it is stuck")
                .replace("\"groups\"", "\"catalogue\":{\"leader\":null,\"version\":6,\"volumes\":1},\"groups\"");
        nodes.add(1, latest);
        nodes.add(2, earlier);
        nodes.addDown(3);
        assertThat(run("status").out())
                .contains("\nleader: node 1\ncatalogue: version 7, 2 volumes created, node 2 leads it\n")
                .contains("\nwarning: node 2: catalogue: it is stuck\n");
    }

    @Test
    void shouldCallAHealthyClusterHealthy() throws Exception {
        healthy("0.1.0");
        CommandRun run = run("status");
        assertThat(run.exitCode()).isZero();
        assertThat(run.err()).isEmpty();
        assertThat(run.out())
                .startsWith("cluster: healthy\nleader: node 1\n")
                .contains("\nnode 1: " + LEADS + "\nnode 2: " + FOLLOWS + "\nnode 3: " + FOLLOWS + "\n")
                .doesNotContain("warning", "\033");
    }

    @Test
    void shouldNameMixedVersions() throws Exception {
        healthy("0.2.0");
        assertThat(run("status").out())
                .startsWith("cluster: healthy\n")
                .contains("\nwarning: mixed versions: 0.1.0 on nodes 1, 2, 0.2.0 on node 3\n");
        JsonNode json = new ObjectMapper().readTree(run("status", "--json").out());
        assertThat(json.path("cluster").asText()).isEqualTo("healthy");
        assertThat(json.path("warnings")).hasSize(1);
    }

    @Test
    void shouldNameWhatDegradesACluster() throws Exception {
        nodes.add(
                1,
                FakeNodes.status(
                        1,
                        1,
                        "0.1.0",
                        LEADS,
                        "slow follower: node 2 is 9 slots and 4 s behind, by x",
                        "peer down: node 3 is not connected",
                        "clock jump: the wall clock went"));
        nodes.add(2, FakeNodes.status(2, 1, "0.1.0", "catching up: 9 slots behind, ETA 4 s"));
        nodes.addDown(3);
        assertThat(run("status").out())
                .startsWith("cluster: degraded: node 3 is down; slow follower (node 1); node 2: catching up: 9 slots"
                        + " behind, ETA 4 s\n")
                .contains("\nwarning: node 1: slow follower: node 2 is 9 slots", "\nwarning: node 1: clock jump: ")
                .doesNotContain("warning: node 1: peer down");
    }

    @Test
    void shouldTellThatThereIsNoQuorumOrNoLeader() throws Exception {
        nodes.add(1, FakeNodes.status(1, 0, "0.1.0", "no quorum: has 1 of 3, needs 2"));
        nodes.addDown(2);
        nodes.addDown(3);
        assertThat(run("status").out())
                .startsWith(
                        "cluster: no quorum: 1 of 3 nodes, 2 are needed; nodes 2, 3 are down; node 1: no quorum: has"
                                + " 1 of 3, needs 2\nno leader\n");
        nodes.add(2, FakeNodes.status(2, 0, "0.1.0", "election running: term 4"));
        assertThat(run("status").out())
                .startsWith(
                        "cluster: no leader: node 3 is down; node 1: no quorum: has 1 of 3, needs 2; node 2: election");
    }

    @Test
    void shouldTellOneNodesView() throws Exception {
        String one = nodes.add(
                1,
                FakeNodes.status(1, 1, "0.1.0", LEADS)
                        .replace(
                                "\"peers\":[]",
                                "\"peers\":[{\"id\":2,\"connected\":true},{\"id\":3,\"connected\":false}]"));
        assertThat(CommandRun.of("status", "--http", one).out())
                .startsWith("cluster: degraded: node 3 is down\nleader: node 1\n");
    }

    @Test
    void shouldAppendWhatIsWatched() throws Exception {
        healthy("0.1.0");
        CommandRun run = run("status", "--watch", "0.1", "--times", "3");
        assertThat(run.exitCode()).isZero();
        assertThat(run.out().split("cluster: healthy\n", -1)).hasSize(4);
        assertThat(run.out()).doesNotContain("\033");
        assertThat(run("status", "--watch", "0.1", "--times", "2", "--json")
                        .out()
                        .lines())
                .hasSize(2)
                .allMatch(line -> line.startsWith("{\"leader\":1,"));
    }

    @Test
    void shouldTellHowFarScrubsAre() throws Exception {
        healthy("0.1.0");
        CommandRun run = run("scrub");
        assertThat(run.exitCode()).isZero();
        assertThat(run.out().lines()).hasSize(4);
        assertThat(run.out()).contains("1     2       40%       2.0MiB/s  30s  1.0MiB  0 ");
        assertThat(new ObjectMapper().readTree(run("scrub", "--json").out())).hasSize(3);
        assertThat(run("scrub", "--watch", "0.1", "--times", "2").out().lines()).hasSize(8);
    }
}
