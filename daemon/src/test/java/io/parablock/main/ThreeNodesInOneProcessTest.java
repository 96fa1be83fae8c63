package io.parablock.main;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.parablock.catalogue.Catalogue;
import io.parablock.events.EventKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

/** Whole nodes on real files and NBD sockets; only the links between them are calls instead of sockets. */
@Timeout(60)
@Isolated("real time")
class ThreeNodesInOneProcessTest {
    private static final long MOVED_NS_MAX = 10_000_000_000L;

    private static final int VOLUME_BYTES = 8 << 20;

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

    @Test
    void shouldServeOneVolumeThroughEveryNode() throws Exception {
        run("pipeline = inline");
    }

    @Test
    void shouldDoTheSameWithThreads() throws Exception {
        run("pipeline = threads");
    }

    /** The groups hear of what is late from another thread than the WAL's. */
    @Test
    @Tag("one-jdk")
    void shouldDoTheSameWithThreadsAndASlowLog() throws Exception {
        run("pipeline = threads\nimpairment { wal_delay = 5ms, wal_delay_probability = 0.2 }");
    }

    @Test
    void shouldDoTheSameInStrictMode() throws Exception {
        run("mode = strict");
    }

    /** Node 1 leads at first, for it alone does not wait long before it stands for election. */
    @Test
    @Tag("one-jdk")
    void shouldTakeLeadershipFromANodeWithASlowDisk() throws Exception {
        String all = "raft { slow_leader { limit = 200ms, for = 1s }, slow_follower { limit = 200ms, for = 1s } }\n"
                + "raft.election_timeout = ";
        nodes.add(cluster.start(1, all + "300ms\nimpairment { wal_delay = 1s, wal_delay_probability = 1 }"));
        nodes.add(cluster.start(2, all + "3s"));
        nodes.add(cluster.start(3, all + "3s"));
        try (PlainNbdClient c = new PlainNbdClient(nodes.get(1).nbdAddress())) {
            writeEveryChunk(c);
            long beganNs = System.nanoTime();
            while (leaders(1).stream().anyMatch(leader -> leader < 2)) {
                writeEveryChunk(c);
                assertThat(System.nanoTime() - beganNs)
                        .as("for so long the slow node leads")
                        .isLessThan(MOVED_NS_MAX);
            }
            String slow = "\"slow_followers\":[1]";
            while (!NodesInOneProcess.get(nodes.get(1), "/status").contains(slow)
                    && !NodesInOneProcess.get(nodes.get(2), "/status").contains(slow)) {
                writeEveryChunk(c);
                assertThat(System.nanoTime() - beganNs)
                        .as("for so long nobody names the slow follower")
                        .isLessThan(3 * MOVED_NS_MAX);
            }
        }
        assertThat(cluster.events.get(1).after(0, 1_024))
                .filteredOn(e -> e.kind() == EventKind.SLOW_LEADER)
                .isNotEmpty()
                .allSatisfy(e -> assertThat(e.fields()).containsKeys("took_ms", "limit_ms", "others_ms"));
        assertThat(cluster.events.get(1).after(0, 1_024))
                .filteredOn(e -> e.kind() == EventKind.LEADERSHIP_LOST)
                .extracting(e -> String.valueOf(e.fields().get("reason")))
                .anyMatch(reason -> reason.startsWith("it was handed over to node "));
    }

    /** Of each group of the volume, as this node knows; 0 for none. */
    private List<Integer> leaders(int node) throws Exception {
        List<Integer> out = new ArrayList<>();
        new ObjectMapper()
                .readTree(NodesInOneProcess.get(nodes.get(node - 1), "/status"))
                .path("groups")
                .forEach(g -> {
                    if (g.path("group").asInt() < Catalogue.GROUP) {
                        out.add(g.path("leader").asInt());
                    }
                });
        return out;
    }

    /** A group that was not handed over would be without a leader for an election timeout at least. */
    @Test
    @Tag("one-jdk")
    void shouldHandOverEveryGroupBeforeAStop() throws Exception {
        long electionTimeoutMs = 5_000;
        String extra = """
                raft.election_timeout = %dms
                raft.handover_timeout = 20s
                volumes = [ { name = disk, size = 8MiB, chunk_size = 1MiB } ]
                """.formatted(electionTimeoutMs);
        cluster.startThree(extra);
        for (int stopped = 0; stopped < 3; stopped++) {
            try (PlainNbdClient c =
                    new PlainNbdClient(nodes.get((stopped + 1) % 3).nbdAddress())) {
                writeEveryChunk(c);
                nodes.get(stopped).close();
                long beganNs = System.nanoTime();
                writeEveryChunk(c);
                assertThat((System.nanoTime() - beganNs) / 1_000_000)
                        .as("ms that 8 groups took after node %d had stopped", stopped + 1)
                        .isLessThan(electionTimeoutMs);
            }
            nodes.set(stopped, cluster.start(stopped + 1, extra));
        }
    }

    private static void writeEveryChunk(PlainNbdClient c) throws IOException {
        for (int offset = 0; offset < VOLUME_BYTES; offset += 1 << 20) {
            c.write(offset, new byte[4096]);
        }
    }

    /** Each of them costs the cluster something only when it writes. */
    @Test
    void shouldServeMoreReadersThanThereMayBeSessions() throws Exception {
        cluster.startThree("raft.sessions_max = 2");
        List<PlainNbdClient> readers = new ArrayList<>();
        try {
            for (int i = 0; i < 12; i++) {
                PlainNbdClient c = new PlainNbdClient(nodes.get(i % 3).nbdAddress());
                readers.add(c);
                assertThat(c.read(0, 4096)).isEqualTo(new byte[4096]);
                c.command(3, 0, 0);
            }
            byte[] content = new byte[4096];
            new Random(2).nextBytes(content);
            readers.get(11).write(0, content);
            readers.get(6).write(4 << 20, content);
            for (PlainNbdClient c : readers) {
                assertThat(c.read(0, 4096)).isEqualTo(content);
            }
        } finally {
            for (PlainNbdClient c : readers) {
                c.close();
            }
        }
    }

    @Test
    void shouldReadByLease() throws Exception {
        assumeTrue(Files.isReadable(Path.of("/proc/uptime")), "this system does not tell its uptime");
        run("reads = lease");
        long deadlineNs = System.nanoTime() + 30_000_000_000L;
        try (PlainNbdClient c = new PlainNbdClient(nodes.get(1).nbdAddress())) {
            long byLease = 0;
            while (byLease == 0 && System.nanoTime() < deadlineNs) {
                c.read(0, 4096);
                for (Node node : nodes) {
                    Matcher m = Pattern.compile("\"lease_reads\" *: *(\\d+)")
                            .matcher(NodesInOneProcess.get(node, "/status"));
                    while (m.find()) {
                        byLease += Long.parseLong(m.group(1));
                    }
                }
            }
            assertThat(byLease).isPositive();
        }
    }

    private void run(String extra) throws Exception {
        cluster.startThree(extra);
        byte[] content = new byte[3 << 20];
        new Random(1).nextBytes(content);
        int offset = (4 << 20) - (1 << 20) - 512;
        try (PlainNbdClient c = new PlainNbdClient(nodes.get(0).nbdAddress())) {
            assertThat(c.size).isEqualTo(VOLUME_BYTES);
            c.write(offset, content);
            c.command(3, 0, 0);
        }
        for (Node node : nodes) {
            try (PlainNbdClient c = new PlainNbdClient(node.nbdAddress())) {
                assertThat(c.read(offset, content.length)).isEqualTo(content);
            }
        }
        for (Node node : nodes) {
            node.close();
        }
        nodes.clear();
        cluster.startThree(extra);
        try (PlainNbdClient c = new PlainNbdClient(nodes.get(2).nbdAddress())) {
            assertThat(c.read(offset, content.length)).isEqualTo(content);
            c.command(4, offset, 4096 * 4);
            assertThat(c.read(offset, 4096)).isEqualTo(new byte[4096]);
        }
        String status = NodesInOneProcess.get(nodes.get(0), "/status");
        assertThat(status).contains("\"wal_engine\":\"direct/", "\"groups\":[");
        String metrics = NodesInOneProcess.get(nodes.get(2), "/metrics");
        assertThat(metrics).contains("parablock_gateway_request_seconds");
    }
}
