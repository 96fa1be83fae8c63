package io.parablock.main;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.parablock.catalogue.Catalogue;
import io.parablock.events.Event;
import io.parablock.events.EventKind;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

/** A volume that was created while the nodes run is watched as the others are; the status tells of the catalogue. */
@Timeout(60)
@Tag("one-jdk")
@Isolated("real time")
class SlowNodeAtRunTimeTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final long HANDED_OVER_NS_MAX = 30_000_000_000L;

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

    private JsonNode status(int node) throws Exception {
        return JSON.readTree(NodesInOneProcess.get(cluster.nodes.get(node - 1), "/status"));
    }

    @Test
    void shouldTakeACreatedVolumeFromANodeWithASlowDisk() throws Exception {
        String all = "volumes = []\nraft { handover_timeout = 0, slow_leader { limit = 50ms, for = 1s } }\n";
        cluster.nodes.add(cluster.start(1, all + "impairment { wal_delay = 200ms, wal_delay_probability = 1 }"));
        cluster.nodes.add(cluster.start(2, all));
        cluster.nodes.add(cluster.start(3, all));
        Node second = cluster.nodes.get(1);
        HttpResponse<String> created = NodesInOneProcess.post(second, "/admin/volume/create?name=late&size=4194304");
        assertThat(created.statusCode()).as(created.body()).isEqualTo(200);
        long beganNs = System.nanoTime();
        try (PlainNbdClient c = new PlainNbdClient(second.nbdAddress(), "late")) {
            while (!isHandedOver()) {
                c.write(0, new byte[4096]);
                letNodeOneLead();
                assertThat(System.nanoTime() - beganNs)
                        .as("for so long the slow node leads")
                        .isLessThan(HANDED_OVER_NS_MAX);
            }
        }
        JsonNode status = status(2);
        assertThat(status.path("groups")).hasSize(1);
        JsonNode catalogue = status.path("catalogue");
        assertThat(catalogue.path("group").asInt()).isEqualTo(Catalogue.GROUP);
        assertThat(catalogue.path("version").asLong()).isOne();
        assertThat(catalogue.path("decided_version").asLong()).isOne();
        assertThat(catalogue.path("volumes").asInt()).isOne();
        assertThat(catalogue.path("state").asText()).isNotEmpty();
    }

    private void letNodeOneLead() throws Exception {
        JsonNode group = status(2).path("groups").path(0);
        int leader = group.path("leader").asInt();
        if (leader > 1) {
            // Refused until node 1 has opened the group too; it is asked again.
            HttpResponse<String> unused = NodesInOneProcess.post(
                    cluster.nodes.get(leader - 1),
                    "/admin/leader-transfer?to=1&group=" + group.path("group").asInt());
        }
    }

    private boolean isHandedOver() {
        for (Event e : Objects.requireNonNull(cluster.events.get(1)).after(0, 1_024)) {
            if (e.kind() == EventKind.SLOW_LEADER && e.group() > Catalogue.GROUP) {
                return true;
            }
        }
        return false;
    }
}
