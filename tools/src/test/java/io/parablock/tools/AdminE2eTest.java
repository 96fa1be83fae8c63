package io.parablock.tools;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** An operator's day: hand over, stop a node, see what the cluster says of it. */
@Tag("e2e")
@Tag("one-jdk")
@Timeout(120)
class AdminE2eTest {
    @TempDir
    private Path dir;

    private JsonNode status() throws Exception {
        return new ObjectMapper()
                .readTree(CommandRun.of("status", "--json", "--dir", dir.toString())
                        .out());
    }

    private JsonNode await(String cluster) throws Exception {
        while (true) {
            JsonNode status = status();
            if (status.path("cluster").asText().equals(cluster)) {
                return status;
            }
            Thread.sleep(50);
        }
    }

    @Test
    void shouldHandOverAndStop() throws Exception {
        String where = dir.toString();
        try (LiveCluster live = LiveCluster.start(dir, "64MiB", "parallel", "fsync", Map.of())) {
            int leader = await("healthy").path("leader").asInt();
            CommandRun transfer = CommandRun.of("leader", "transfer", "--dir", where);
            assertThat(transfer.exitCode()).as(transfer.err()).isZero();
            int next = await("healthy").path("leader").asInt();
            assertThat(next).isNotEqualTo(leader);
            // And that of the catalogue of volumes, if the node led it.
            assertThat(transfer.out()).startsWith("group 1: node " + next + " leads\n");

            CommandRun stop = CommandRun.of("node", "stop", "--dir", where, "--node", Integer.toString(next));
            assertThat(stop).isEqualTo(new CommandRun(0, "node " + next + " has stopped\n", ""));
            assertThat(new ClusterFolder(dir).running(next)).isEmpty();
            assertThat(Files.readString(dir.resolve("node" + next + ".log")))
                    .containsPattern("handed over [12] groups")
                    .contains("node " + next + " has stopped");
            JsonNode after = await("degraded: node " + next + " is down");
            assertThat(after.path("leader").asInt()).isNotEqualTo(next).isPositive();
            assertThat(CommandRun.of("scrub", "--dir", where).out().lines()).hasSize(3);
            assertThat(live.dir).isEqualTo(dir);
        }
    }
}
