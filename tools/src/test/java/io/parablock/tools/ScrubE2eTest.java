package io.parablock.tools;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.parablock.perf.NbdClient;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Bytes of a running node's log and blocks change under it: the scrub finds both, and the record is fetched from a peer. */
@Tag("e2e")
@Tag("one-jdk")
class ScrubE2eTest {
    private static final int BLOCK_BYTES = 4096;
    private static final Map<String, String> OFTEN =
            Map.of("scrub.interval", "1s", "scrub.bytes_per_second", "256MiB", "checkpoint.interval", "1h");

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"direct", "chronicle"})
    void shouldFindWhatRotsUnderARunningNode(String engine) throws Exception {
        try (LiveCluster live = LiveCluster.start(folder, 3, "16MiB", "parallel", "fsync", engine, OFTEN)) {
            try {
                rot(live);
            } catch (Exception | AssertionError e) {
                live.printLogs();
                throw e;
            }
        }
    }

    private static void rot(LiveCluster live) throws Exception {
        int leader = live.cluster.awaitLeader();
        int victim = live.cluster.otherThan(leader);
        byte[] logged = content(1);
        byte[] stored = content(2);
        try (NbdClient client = NbdClient.connect(live.nbd(leader), LiveCluster.EXPORT)) {
            client.writeNow(5 * BLOCK_BYTES, logged, LiveCluster.TIMEOUT_MS);
            client.writeNow(6 * BLOCK_BYTES, stored, LiveCluster.TIMEOUT_MS);
            Path chunk = chunk(live, victim);
            LiveCluster.await("the blocks of node " + victim, () -> holds(chunk, 5, logged) && holds(chunk, 6, stored));
            Place record = find(live, victim, logged);
            assertThat(record).as("the record in the log of node %s", victim).isNotNull();
            flip(record.file, record.offsetBytes + 1000);
            flip(chunk, 6 * BLOCK_BYTES + 100);
            await(
                    live,
                    victim,
                    "find the record",
                    s -> s.path("damaged_records").asLong() == 1);
            awaitBlocks(
                    live, victim, "mend the block", s -> s.path("mended_bytes").asLong() >= 512);
            assertThat(holds(chunk, 6, stored)).as("the block is good again").isTrue();
            LiveCluster.await("the record to be written again", () -> find(live, victim, logged) != null);
            long rounds = scrub(live, victim).path("rounds").asLong();
            await(live, victim, "go on", s -> s.path("rounds").asLong() > rounds + 2);
            assertThat(scrub(live, victim).path("damaged_records").asLong())
                    .as("the record is good again")
                    .isEqualTo(1);
            assertThat(metrics(live, victim)).contains("parablock_scrub_damaged_records_total{group=\"1\"} 1.0");
            assertThat(live.log(victim))
                    .anyMatch(line -> line.contains("unreadable: it is fetched from a peer"))
                    .anyMatch(line -> line.contains("bytes of the block store are damaged, at [24576+512]"));
            assertThat(client.readNow(6 * BLOCK_BYTES, BLOCK_BYTES, LiveCluster.TIMEOUT_MS))
                    .isEqualTo(stored);
            // What a client's read meets first is mended before it is answered.
            Path ofLeader = chunk(live, leader);
            LiveCluster.await("the blocks of the leader", () -> holds(ofLeader, 5, logged));
            flip(ofLeader, 5 * BLOCK_BYTES + 2000);
            assertThat(client.readNow(5 * BLOCK_BYTES, BLOCK_BYTES, LiveCluster.TIMEOUT_MS))
                    .isEqualTo(logged);
            awaitBlocks(
                    live,
                    leader,
                    "have nothing left to mend",
                    s -> s.path("mended_bytes").asLong() >= 512
                            && s.path("pending_bytes").asLong() == 0);
            assertThat(holds(ofLeader, 5, logged)).isTrue();
            await(
                    live,
                    victim,
                    "find all blocks good",
                    s -> s.path("damaged_bytes").asLong() == 0);
        }
        live.requireIdentical();
    }

    private static byte[] content(long seed) {
        byte[] bytes = new byte[BLOCK_BYTES];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    private static Path chunk(LiveCluster live, int node) throws IOException {
        Path data = live.cluster.folder().data(node);
        return data.resolve(ReplicaComparer.ChunkFiles.of(data).get(0));
    }

    private static boolean holds(Path chunk, int block, byte[] content) {
        try (FileChannel channel = FileChannel.open(chunk)) {
            ByteBuffer found = ByteBuffer.allocate(BLOCK_BYTES);
            channel.read(found, (long) block * BLOCK_BYTES);
            return found.flip().equals(ByteBuffer.wrap(content));
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private record Place(Path file, long offsetBytes) {}

    /** Where a payload is in a node's log, bit for bit, or null. */
    private static Place find(LiveCluster live, int node, byte[] payload) {
        try (Stream<Path> files = Files.walk(live.cluster.folder().data(node).resolve("wal"))) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                int at = indexOf(Files.readAllBytes(file), payload);
                if (at >= 0) {
                    return new Place(file, at);
                }
            }
            return null;
        } catch (NoSuchFileException deletedMeanwhile) {
            return null;
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static int indexOf(byte[] in, byte[] what) {
        for (int i = 0; i <= in.length - what.length; i++) {
            if (in[i] == what[0] && Arrays.equals(in, i, i + what.length, what, 0, what.length)) {
                return i;
            }
        }
        return -1;
    }

    private static void flip(Path file, long offset) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            ByteBuffer one = ByteBuffer.allocate(1);
            channel.read(one, offset);
            channel.write(ByteBuffer.wrap(new byte[] {(byte) ~one.get(0)}), offset);
            channel.force(false);
        }
    }

    private static JsonNode scrub(LiveCluster live, int node) throws InterruptedException {
        return status(live, node).path("scrub");
    }

    private static JsonNode status(LiveCluster live, int node) throws InterruptedException {
        for (ClusterStatus.Member m : live.cluster.status().members()) {
            NodeStatus status = m.status();
            if (m.node().id() == node && status != null) {
                return status.json();
            }
        }
        return MissingNode.getInstance();
    }

    private static void await(LiveCluster live, int node, String what, Predicate<JsonNode> done) throws Exception {
        LiveCluster.await("the scrub of node " + node + " to " + what, () -> {
            try {
                JsonNode scrub = scrub(live, node);
                return scrub.has("rounds") && done.test(scrub);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
    }

    private static void awaitBlocks(LiveCluster live, int node, String what, Predicate<JsonNode> done)
            throws Exception {
        LiveCluster.await("node " + node + " to " + what, () -> {
            try {
                JsonNode blocks = status(live, node).path("blocks");
                return blocks.has("mended_bytes") && done.test(blocks);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
    }

    private static List<String> metrics(LiveCluster live, int node) throws Exception {
        URI uri = URI.create("http://127.0.0.1:" + live.http(node).getPort() + "/metrics");
        return HttpClient.newHttpClient()
                .send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString())
                .body()
                .lines()
                .toList();
    }
}
