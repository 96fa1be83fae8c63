package io.parablock.main;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

/** A node whose data directory is lost is replaced while the others serve (protocol.md §9); whole nodes on real files. */
@Timeout(90)
@Isolated("real time")
class ReplaceNodeTest {
    private static final String EXTRA = "pipeline = inline\nraft.election_timeout = 300ms";

    @TempDir
    private Path dir;

    private static byte[] block(int fill) {
        byte[] out = new byte[4096];
        Arrays.fill(out, (byte) fill);
        return out;
    }

    private static JsonNode status(Node node) throws Exception {
        return new ObjectMapper().readTree(NodesInOneProcess.get(node, "/status"));
    }

    private void deleteDirectory(int node) throws IOException {
        try (Stream<Path> all = Files.walk(dir.resolve("node" + node))) {
            for (Path p : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(p);
            }
        }
    }

    @Test
    void shouldReplaceANodeWhoseDiskIsLostAndCountIt() throws Exception {
        try (NodesInOneProcess cluster = new NodesInOneProcess(dir)) {
            cluster.startThree(EXTRA);
            List<Node> nodes = cluster.nodes;
            try (PlainNbdClient c = new PlainNbdClient(nodes.get(0).nbdAddress())) {
                for (int i = 0; i < 8; i++) {
                    c.write(i * 1_048_576L, block(i + 1));
                }
                HttpResponse<String> connected = NodesInOneProcess.post(nodes.get(0), "/admin/replace-node?node=3");
                assertThat(connected.statusCode()).isEqualTo(409);
                assertThat(connected.body()).contains("node 3 is connected");
                assertThat(NodesInOneProcess.post(nodes.get(0), "/admin/replace-node?node=1")
                                .body())
                        .contains("ask another node");
                assertThat(NodesInOneProcess.post(nodes.get(0), "/admin/replace-node?node=7")
                                .statusCode())
                        .isEqualTo(404);
                assertThat(NodesInOneProcess.post(nodes.get(0), "/admin/replace-node")
                                .statusCode())
                        .isEqualTo(400);

                nodes.remove(2).close();
                deleteDirectory(3);
                HttpResponse<String> given = NodesInOneProcess.post(nodes.get(0), "/admin/replace-node?node=3");
                assertThat(given.body()).contains("\"vacant\":true").doesNotContain("\"vacant\":false");
                assertThat(given.statusCode()).isEqualTo(200);
                assertThat(status(nodes.get(0)).path("vacant").toString()).isEqualTo("[3]");
                c.write(0, block(99));

                Node third = cluster.start(3, EXTRA);
                nodes.add(third);
                while (!status(nodes.get(0)).path("vacant").isEmpty()
                        || !status(third).path("vacant").isEmpty()) {
                    c.write(1024, Arrays.copyOf(block(99), 512));
                    Thread.sleep(50);
                }
            }
            // From here on the new disk is needed for every commit.
            nodes.remove(1).close();
            try (PlainNbdClient c = new PlainNbdClient(nodes.get(1).nbdAddress())) {
                c.write(4096, block(55));
                assertThat(c.read(0, 4096)).isEqualTo(block(99));
                assertThat(c.read(4096, 4096)).isEqualTo(block(55));
                assertThat(c.read(7 * 1_048_576L, 4096)).isEqualTo(block(8));
            }
        }
    }
}
