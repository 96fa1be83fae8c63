package io.parablock.main;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.parablock.config.ConfigException;
import io.parablock.events.EventKind;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

/** Volumes come, grow and go while three nodes run; only the links between the nodes are calls instead of sockets. */
@Timeout(60)
@Tag("second-jdk")
@Isolated("real time")
class VolumesAtRunTimeTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int MIB = 1 << 20;
    private static final long AWAIT_NS_MAX = 20_000_000_000L;

    @TempDir
    private Path dir;

    private NodesInOneProcess cluster;
    private List<Node> nodes;

    @BeforeEach
    void prepare() {
        cluster = new NodesInOneProcess(dir);
        nodes = cluster.nodes;
    }

    @AfterEach
    void stop() {
        cluster.close();
    }

    private static HttpResponse<String> create(Node at, String name, long sizeBytes) throws Exception {
        return NodesInOneProcess.post(
                at, "/admin/volume/create?name=" + name + "&size=" + sizeBytes + "&chunk_size=" + MIB);
    }

    private static HttpResponse<String> resize(Node at, String name, long sizeBytes) throws Exception {
        return NodesInOneProcess.post(at, "/admin/volume/resize?name=" + name + "&size=" + sizeBytes);
    }

    private static HttpResponse<String> delete(Node at, String name) throws Exception {
        return NodesInOneProcess.post(at, "/admin/volume/delete?name=" + name);
    }

    private static void done(HttpResponse<String> answer) throws Exception {
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        JsonNode json = JSON.readTree(answer.body());
        assertThat(json.path("here").asBoolean() && json.path("majority").asBoolean())
                .as(answer.body())
                .isTrue();
    }

    private static void refused(HttpResponse<String> answer, int code, String line) {
        assertThat(answer.body()).contains(line);
        assertThat(answer.statusCode()).isEqualTo(code);
    }

    private static JsonNode volume(Node at, String name) throws Exception {
        for (JsonNode v : JSON.readTree(NodesInOneProcess.get(at, "/volumes")).path("volumes")) {
            if (v.path("name").asText().equals(name)) {
                return v;
            }
        }
        return JSON.missingNode();
    }

    private static void await(String what, Callable<Boolean> condition) throws Exception {
        long beganNs = System.nanoTime();
        while (!condition.call()) {
            assertThat(System.nanoTime() - beganNs).as(what).isLessThan(AWAIT_NS_MAX);
            Thread.sleep(20);
        }
    }

    private static byte[] content(int seed, int bytes) {
        byte[] out = new byte[bytes];
        new Random(seed).nextBytes(out);
        return out;
    }

    private List<String> chunks(int node) throws IOException {
        Path volumes = dir.resolve("node" + node).resolve("volumes");
        if (!Files.isDirectory(volumes)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(volumes)) {
            return files.map(f -> String.valueOf(f.getFileName()))
                    .filter(f -> f.endsWith(".chunk"))
                    .sorted()
                    .toList();
        }
    }

    private void restart(int node) throws IOException {
        nodes.get(node - 1).close();
        nodes.set(node - 1, cluster.start(node, "volumes = []"));
    }

    @Test
    void shouldCreateGrowAndDeleteUnderLoad() throws Exception {
        cluster.startThree("pipeline = threads");
        run();
    }

    @Test
    void shouldDoTheSameInline() throws Exception {
        cluster.startThree("pipeline = inline");
        run();
    }

    /** The configured volume {@code disk} is written all the time. */
    private void run() throws Exception {
        AtomicBoolean stop = new AtomicBoolean();
        CompletableFuture<Integer> load = CompletableFuture.supplyAsync(() -> {
            int writes = 0;
            try (PlainNbdClient c = new PlainNbdClient(nodes.get(2).nbdAddress())) {
                while (!stop.get()) {
                    c.write(4096L * (writes++ % 64), content(writes, 4096));
                }
                return writes;
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        });
        done(create(nodes.get(0), "vol", 2 * MIB));
        byte[] first = content(1, MIB / 2);
        byte[] last = content(2, MIB);
        try (PlainNbdClient c = new PlainNbdClient(nodes.get(0).nbdAddress(), "vol")) {
            assertThat(c.size).isEqualTo(2 * MIB);
            c.write(MIB - MIB / 4, first);
        }
        done(resize(nodes.get(1), "vol", 4 * MIB));
        for (Node n : nodes) {
            await(
                    "the new size on every node",
                    () -> volume(n, "vol").path("size").asLong() == 4 * MIB);
        }
        try (PlainNbdClient c = new PlainNbdClient(nodes.get(1).nbdAddress(), "vol")) {
            assertThat(c.size).isEqualTo(4 * MIB);
            assertThat(c.read(MIB - MIB / 4, first.length)).isEqualTo(first);
            c.write(3 * MIB, last);
        }
        refused(resize(nodes.get(0), "vol", MIB), 409, "cannot shrink");
        refused(resize(nodes.get(0), "disk", 16 * MIB), 409, "is in the configuration of the nodes");
        refused(create(nodes.get(0), "disk", MIB), 409, "the configuration of the nodes has it");
        refused(delete(nodes.get(0), "none"), 404, "there is no volume none");
        refused(NodesInOneProcess.post(nodes.get(0), "/admin/volume/delete?nam=x"), 400, "unknown parameter nam");
        refused(
                NodesInOneProcess.post(nodes.get(0), "/admin/volume/create?name=x&size=1G"),
                400,
                "size wants a number");
        try (PlainNbdClient c = new PlainNbdClient(nodes.get(2).nbdAddress(), "vol")) {
            assertThat(c.read(3 * MIB, last.length)).isEqualTo(last);
            done(delete(nodes.get(1), "vol"));
            assertThatThrownBy(() -> {
                        while (true) {
                            c.read(0, 4096);
                        }
                    })
                    .as("its clients are disconnected")
                    .isInstanceOfAny(IOException.class, AssertionError.class);
        }
        for (int id = 1; id <= 3; id++) {
            int node = id;
            await("the files go", () -> chunks(node).equals(List.of("disk-0.chunk", "disk-1.chunk")));
            assertThat(cluster.events.get(id).after(0, 1_024))
                    .extracting(e -> e.kind())
                    .contains(EventKind.VOLUME_CREATED, EventKind.VOLUME_RESIZED, EventKind.VOLUME_DELETED)
                    .doesNotContain(EventKind.VOLUMES_FAILED);
        }
        stop.set(true);
        assertThat(load.get()).isPositive();
    }

    @Test
    void shouldCatchUpOnWhatANodeHasMissed() throws Exception {
        cluster.startThree("volumes = []");
        done(create(nodes.get(0), "gone", 2 * MIB));
        done(create(nodes.get(0), "grown", MIB));
        await("node 3 has both", () -> chunks(3).size() == 3);
        nodes.get(2).close();
        done(delete(nodes.get(0), "gone"));
        done(resize(nodes.get(0), "grown", 3 * MIB));
        done(create(nodes.get(1), "gone", MIB));
        done(create(nodes.get(1), "brief", MIB));
        done(delete(nodes.get(1), "brief"));
        byte[] written = content(3, MIB);
        try (PlainNbdClient c = new PlainNbdClient(nodes.get(0).nbdAddress(), "grown")) {
            c.write(2 * MIB, written);
        }
        nodes.set(2, cluster.start(3, "volumes = []"));
        await("node 3 follows", () -> chunks(3).equals(chunks(1)) && chunks(1).size() == 4);
        nodes.get(0).close();
        try (PlainNbdClient c = new PlainNbdClient(nodes.get(2).nbdAddress(), "grown")) {
            assertThat(c.size).isEqualTo(3 * MIB);
            assertThat(c.read(2 * MIB, written.length)).isEqualTo(written);
        }
        nodes.set(0, cluster.start(1, "volumes = []"));
    }

    @Test
    void shouldServeWhatWasCreatedRightAfterARestart() throws Exception {
        cluster.startThree("volumes = []");
        done(create(nodes.get(0), "vol", 2 * MIB));
        byte[] written = content(4, MIB);
        try (PlainNbdClient c = new PlainNbdClient(nodes.get(0).nbdAddress(), "vol")) {
            c.write(MIB, written);
        }
        for (int id = 1; id <= 3; id++) {
            restart(id);
            try (PlainNbdClient c = new PlainNbdClient(nodes.get(id - 1).nbdAddress(), "vol")) {
                assertThat(c.read(MIB, written.length)).isEqualTo(written);
            }
        }
        nodes.forEach(Node::close);
        nodes.clear();
        cluster.startThree("volumes = []");
        try (PlainNbdClient c = new PlainNbdClient(nodes.get(1).nbdAddress(), "vol")) {
            assertThat(c.read(MIB, written.length)).isEqualTo(written);
        }
        done(delete(nodes.get(2), "vol"));
    }

    @Test
    void shouldLetOneOfTwoAdministratorsWin() throws Exception {
        cluster.startThree("volumes = []");
        done(create(nodes.get(0), "first", MIB));
        for (int round = 0; round < 3; round++) {
            String name = "v" + round;
            List<CompletableFuture<HttpResponse<String>>> asked = new ArrayList<>();
            for (Node n : nodes) {
                asked.add(CompletableFuture.supplyAsync(() -> {
                    try {
                        return create(n, name, MIB * (1L + nodes.indexOf(n)));
                    } catch (Exception e) {
                        throw new IllegalStateException(e);
                    }
                }));
            }
            List<Integer> codes = new ArrayList<>();
            for (CompletableFuture<HttpResponse<String>> a : asked) {
                codes.add(a.get().statusCode());
            }
            assertThat(codes).containsExactlyInAnyOrder(200, 409, 409);
        }
        for (Node n : nodes) {
            await(
                    "all see the same",
                    () -> volume(n, "v2").equals(volume(nodes.get(0), "v2"))
                            && !volume(n, "v2").isMissingNode());
        }
    }

    /** Different volumes: nobody loses, and no group is given twice. */
    @Test
    void shouldTakeChangesOfSeveralAdministrators() throws Exception {
        cluster.startThree("volumes = []");
        done(create(nodes.get(0), "first", MIB));
        List<CompletableFuture<HttpResponse<String>>> asked = new ArrayList<>();
        for (int i = 0; i < nodes.size(); i++) {
            int node = i;
            asked.add(CompletableFuture.supplyAsync(() -> {
                try {
                    return create(nodes.get(node), "of" + node, 2 * MIB);
                } catch (Exception e) {
                    throw new IllegalStateException(e);
                }
            }));
        }
        for (CompletableFuture<HttpResponse<String>> a : asked) {
            done(a.get());
        }
        List<Integer> groups = new ArrayList<>();
        for (JsonNode v :
                JSON.readTree(NodesInOneProcess.get(nodes.get(0), "/volumes")).path("volumes")) {
            v.path("groups").forEach(g -> groups.add(g.asInt()));
        }
        assertThat(groups).doesNotHaveDuplicates().hasSize(7);
    }

    @Test
    void shouldRefuseToStartWithoutTheStateOfAGroupThatWasBegun() throws Exception {
        cluster.startThree("volumes = []");
        done(create(nodes.get(0), "vol", MIB));
        await("node 2 has it", () -> chunks(2).size() == 1);
        nodes.remove(1).close();
        Path state = dir.resolve("node2/groups/1026");
        Path aside = dir.resolve("aside");
        Files.move(state, aside);
        refusedStart("has lost the state of group 1026");
        Files.move(aside, state);
        Path blocks = dir.resolve("node2/volumes/vol-g1026.chunk");
        Files.move(blocks, aside);
        refusedStart("has lost the blocks of group 1026");
        Files.move(aside, blocks);
        Path notes = dir.resolve("node2/volume-groups");
        Files.move(notes, aside);
        refusedStart("has lost the file volume-groups");
        Files.move(aside, notes);
        nodes.add(cluster.start(2, "volumes = []"));
    }

    private void refusedStart(String line) {
        assertThatThrownBy(() -> cluster.start(2, "volumes = []"))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining(line);
    }

    /** Leftovers of a crash between two steps, of a beginning and of a deletion. */
    @Test
    void shouldFinishAtTheStartWhatACrashCutShort() throws Exception {
        cluster.startThree("volumes = []");
        done(create(nodes.get(0), "vol", MIB));
        await("node 2 has it", () -> chunks(2).size() == 1);
        nodes.get(1).close();
        Path node = dir.resolve("node2");
        Path begun = Files.createDirectories(node.resolve("groups/1030"));
        Files.copy(node.resolve("groups/1026/meta.0"), begun.resolve("meta.0"));
        Files.write(node.resolve("volumes/vol-g1030.chunk"), new byte[4096]);
        nodes.set(1, cluster.start(2, "volumes = []"));
        assertThat(begun).doesNotExist();
        assertThat(chunks(2)).containsExactly("vol-g1026.chunk");
        done(delete(nodes.get(1), "vol"));
        await("its files are gone", () -> chunks(2).isEmpty());
        assertThat(node.resolve("groups/1026")).doesNotExist();
        restart(2);
        assertThat(chunks(2)).isEmpty();
        assertThat(volume(nodes.get(1), "vol").isMissingNode()).isTrue();
    }

    /** The configuration takes the name of a volume that was created: nothing of either is touched. */
    @Test
    void shouldServeTheConfiguredOneOfTwoWithTheSameName() throws Exception {
        String both = "volumes = [ { name = other, size = 4MiB } ]";
        cluster.startThree("volumes = []");
        done(create(nodes.get(0), "other", 2 * MIB));
        byte[] written = content(6, 4096);
        try (PlainNbdClient c = new PlainNbdClient(nodes.get(0).nbdAddress(), "other")) {
            c.write(MIB, written);
        }
        nodes.forEach(Node::close);
        nodes.clear();
        cluster.startThree(both);
        try (PlainNbdClient c = new PlainNbdClient(nodes.get(0).nbdAddress(), "other")) {
            assertThat(c.size).isEqualTo(4 * MIB);
            assertThat(c.read(MIB, 4096)).containsOnly(0);
        }
        assertThat(volume(nodes.get(0), "other").path("from").asText()).isEqualTo("configuration");
        refused(delete(nodes.get(0), "other"), 409, "is in the configuration of the nodes");
        assertThat(cluster.events.get(1).after(0, 1_024))
                .extracting(e -> e.kind())
                .contains(EventKind.VOLUME_NAME_TAKEN);
        nodes.forEach(Node::close);
        nodes.clear();
        cluster.startThree("volumes = []");
        try (PlainNbdClient c = new PlainNbdClient(nodes.get(0).nbdAddress(), "other")) {
            assertThat(c.size).isEqualTo(2 * MIB);
            assertThat(c.read(MIB, 4096)).isEqualTo(written);
        }
    }

    /** An old data directory: its cluster has formed, and knows of no catalogue. */
    @Test
    void shouldBeginTheCatalogueWhereThereWasNone() throws Exception {
        cluster.startThree("");
        byte[] written = content(5, 4096);
        try (PlainNbdClient c = new PlainNbdClient(nodes.get(0).nbdAddress())) {
            c.write(0, written);
        }
        nodes.forEach(Node::close);
        nodes.clear();
        for (int id = 1; id <= 3; id++) {
            Path node = dir.resolve("node" + id);
            Files.delete(node.resolve("volume-groups"));
            try (Stream<Path> files = Files.list(node.resolve("groups/1025"))) {
                for (Path f : files.toList()) {
                    Files.delete(f);
                }
            }
            Files.delete(node.resolve("groups/1025"));
        }
        cluster.startThree("");
        done(create(nodes.get(2), "vol", MIB));
        try (PlainNbdClient c = new PlainNbdClient(nodes.get(1).nbdAddress())) {
            assertThat(c.read(0, 4096)).isEqualTo(written);
        }
    }

    @Test
    void shouldSayWhenNoMajorityAnswers() throws Exception {
        cluster.startThree("volumes = []");
        done(create(nodes.get(0), "vol", MIB));
        nodes.get(1).close();
        nodes.get(2).close();
        nodes.subList(1, 3).clear();
        refused(
                NodesInOneProcess.post(nodes.get(0), "/admin/volume/create?name=more&size=4096&timeout_ms=500"),
                503,
                "no majority of the nodes answers for the catalogue of volumes within 500 ms");
    }
}
