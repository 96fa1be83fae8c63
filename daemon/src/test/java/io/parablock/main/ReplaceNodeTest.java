package io.parablock.main;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.parablock.events.EventKind;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

/** A node whose data directory is lost is replaced while the others serve (protocol.md §9); whole nodes on real files. */
@Timeout(90)
@Tag("one-jdk")
@Isolated("real time")
class ReplaceNodeTest {
    private static final String EXTRA = "pipeline = inline\nraft.election_timeout = 300ms";

    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    private Path dir;

    private static byte[] block(int fill) {
        byte[] out = new byte[4096];
        Arrays.fill(out, (byte) fill);
        return out;
    }

    private static JsonNode status(Node node) throws Exception {
        return JSON.readTree(NodesInOneProcess.get(node, "/status"));
    }

    private Path data(int node) {
        return dir.resolve("node" + node);
    }

    private static HttpResponse<String> replaceThree(Node at) throws Exception {
        return NodesInOneProcess.post(at, "/admin/replace-node?node=3");
    }

    private static void create(Node at, String volume) throws Exception {
        HttpResponse<String> answer =
                NodesInOneProcess.post(at, "/admin/volume/create?name=" + volume + "&size=2097152&chunk_size=1048576");
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    }

    private static void awaitNoVacancy(List<Node> nodes) throws Exception {
        for (Node n : nodes) {
            while (!status(n).path("vacant").isEmpty()) {
                Thread.sleep(50);
            }
        }
    }

    private static void write(Node at, String volume, int fill) throws Exception {
        try (PlainNbdClient c = new PlainNbdClient(at.nbdAddress(), volume)) {
            c.write(4096, block(fill));
            c.write(1_048_576L, block(fill + 1));
        }
    }

    private static void requireWritten(Node at, String volume, int fill) throws Exception {
        try (PlainNbdClient c = new PlainNbdClient(at.nbdAddress(), volume)) {
            assertThat(c.read(4096, 4096)).as(volume).isEqualTo(block(fill));
            assertThat(c.read(1_048_576L, 4096)).as(volume).isEqualTo(block(fill + 1));
        }
    }

    @Test
    void shouldSayWhatIsWrong() throws Exception {
        try (NodesInOneProcess cluster = new NodesInOneProcess(dir)) {
            cluster.startThree(EXTRA);
            Node one = cluster.nodes.get(0);
            try (PlainNbdClient c = new PlainNbdClient(one.nbdAddress())) {
                c.write(0, block(1));
            }
            HttpResponse<String> connected = replaceThree(one);
            assertThat(connected.statusCode()).isEqualTo(409);
            assertThat(connected.body()).contains("node 3 is connected");
            assertThat(NodesInOneProcess.post(one, "/admin/replace-node?node=1").body())
                    .contains("ask another node");
            assertThat(NodesInOneProcess.post(one, "/admin/replace-node?node=7").statusCode())
                    .isEqualTo(404);
            assertThat(NodesInOneProcess.post(one, "/admin/replace-node").statusCode())
                    .isEqualTo(400);
        }
    }

    /** Volumes come before, during and after it; the lost disk comes back in the end. */
    @Test
    void shouldReplaceANodeWhoseDiskIsLostAndCountItInEveryGroup() throws Exception {
        try (NodesInOneProcess cluster = new NodesInOneProcess(dir)) {
            cluster.startThree(EXTRA);
            List<Node> nodes = cluster.nodes;
            create(nodes.get(0), "before");
            write(nodes.get(0), "before", 10);
            write(nodes.get(0), "disk", 20);
            nodes.remove(2).close();
            Path lost = Files.move(data(3), dir.resolve("lost"));
            HttpResponse<String> given = replaceThree(nodes.get(0));
            assertThat(given.body()).contains("\"vacant\":true").doesNotContain("\"vacant\":false");
            assertThat(given.body()).contains("\"group\":1,", "\"group\":1025,", "\"group\":1026,", "\"group\":1027,");
            assertThat(given.statusCode()).isEqualTo(200);
            assertThat(status(nodes.get(0)).path("vacant").toString()).isEqualTo("[3]");
            write(nodes.get(0), "disk", 30);
            create(nodes.get(1), "during");
            write(nodes.get(0), "during", 40);

            nodes.add(cluster.start(3, EXTRA));
            awaitNoVacancy(nodes);
            create(nodes.get(2), "after");
            write(nodes.get(0), "after", 50);
            while (JSON.readTree(NodesInOneProcess.get(nodes.get(2), "/volumes"))
                            .path("volumes")
                            .size()
                    < 4) {
                Thread.sleep(50);
            }
            awaitNoVacancy(nodes);
            // From here on the new disk is needed for every commit and every read.
            nodes.remove(1).close();
            for (Node n : nodes) {
                requireWritten(n, "disk", 30);
                requireWritten(n, "before", 10);
                requireWritten(n, "during", 40);
                requireWritten(n, "after", 50);
            }
            write(nodes.get(1), "before", 60);
            write(nodes.get(1), "during", 70);

            nodes.remove(1).close();
            deleteDirectory(data(3));
            Files.move(lost, data(3));
            requireOldDiskCountsNot(cluster);
        }
    }

    /** Its process would halt; here it goes on, and the links let it in: what it says is up to the other's logs. */
    private static void requireOldDiskCountsNot(NodesInOneProcess cluster) throws Exception {
        Node one = cluster.nodes.get(0);
        cluster.nodes.add(cluster.start(3, EXTRA));
        assertThat(cluster.fatals)
                .isNotEmpty()
                .allSatisfy(line -> assertThat(line).contains("has given up the disk of node 3"));
        for (String volume : List.of("disk", "before", "during", "after")) {
            try (PlainNbdClient c = new PlainNbdClient(one.nbdAddress(), volume)) {
                CompletableFuture<Boolean> written = CompletableFuture.supplyAsync(() -> {
                    try {
                        c.write(0, block(1));
                        return true;
                    } catch (IOException closed) {
                        return false;
                    }
                });
                assertThat(written.completeOnTimeout(false, 500, TimeUnit.MILLISECONDS)
                                .get())
                        .as("a write to " + volume + " with the old disk alone")
                        .isFalse();
            }
        }
        cluster.fatals.clear();
    }

    /** The configuration has a volume more, of which nobody decided with whose disks it begins. */
    @Test
    void shouldGiveTheOldDiskUpInGroupsThatBeginLater() throws Exception {
        try (NodesInOneProcess cluster = new NodesInOneProcess(dir)) {
            cluster.startThree(EXTRA);
            List<Node> nodes = cluster.nodes;
            write(nodes.get(0), "disk", 20);
            nodes.remove(2).close();
            deleteDirectory(data(3));
            assertThat(replaceThree(nodes.get(0)).statusCode()).isEqualTo(200);
            nodes.add(cluster.start(3, EXTRA));
            awaitNoVacancy(nodes);
            nodes.forEach(Node::close);
            nodes.clear();
            cluster.startThree(EXTRA + """

                    volumes = [ { name = disk, size = 8MiB, chunk_size = 4MiB }, { name = later, size = 2MiB } ]
                    """);
            write(nodes.get(0), "later", 30);
            while (memberChanges(cluster) < 2) {
                Thread.sleep(50);
            }
            awaitNoVacancy(nodes);
            nodes.remove(1).close();
            requireWritten(nodes.get(1), "later", 30);
            write(nodes.get(1), "later", 40);
            requireWritten(nodes.get(0), "later", 40);
        }
    }

    private static long memberChanges(NodesInOneProcess cluster) {
        return cluster.events.values().stream()
                .flatMap(told -> told.after(0, 1_024).stream())
                .filter(e -> e.kind() == EventKind.MEMBER_CHANGE_BEGUN && e.group() == 3)
                .count();
    }

    private static void deleteDirectory(Path directory) throws IOException {
        try (Stream<Path> all = Files.walk(directory)) {
            for (Path p : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(p);
            }
        }
    }
}
