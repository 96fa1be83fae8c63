package io.parablock.main;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.parablock.catalogue.Catalogue;
import io.parablock.events.EventKind;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

/** A node that has missed more changes of the volumes than the others keep in their logs gets the record as a whole. */
@Timeout(60)
@Tag("second-jdk")
@Isolated("real time")
class CatalogueInstallTest {
    private static final String EXTRA = """
            volumes = []
            raft.retain_slots_max = 1024
            checkpoint { bytes = 1MiB, interval = 100ms }
            """;
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    private Path dir;

    private static JsonNode volumes(Node at) throws Exception {
        return JSON.readTree(NodesInOneProcess.get(at, "/volumes"));
    }

    private static void done(Node at, String action) throws Exception {
        HttpResponse<String> answer = NodesInOneProcess.post(at, "/admin/volume/" + action);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    }

    @Test
    void shouldBeInstalledAndFollowedFromThere() throws Exception {
        try (NodesInOneProcess cluster = new NodesInOneProcess(dir)) {
            cluster.startThree(EXTRA);
            Node first = cluster.nodes.get(0);
            done(first, "create?name=vol&size=4096&chunk_size=16777216");
            cluster.nodes.get(2).close();
            long size = 4096;
            while (volumes(first).path("catalogue").path("commit_watermark").asLong() < 1_500) {
                size += 4096;
                done(first, "resize?name=vol&size=" + size);
            }
            done(first, "create?name=other&size=4096");
            cluster.nodes.set(2, cluster.start(3, EXTRA));
            Node last = cluster.nodes.get(2);
            while (!volumes(last).path("volumes").equals(volumes(first).path("volumes"))) {
                Thread.sleep(20);
            }
            assertThat(cluster.events.get(3).after(0, 1_024))
                    .as("events of the catalogue's group")
                    .filteredOn(e -> e.group() == Catalogue.GROUP)
                    .extracting(e -> e.kind())
                    .contains(EventKind.INSTALL_FINISHED);
            try (PlainNbdClient c = new PlainNbdClient(last.nbdAddress(), "other")) {
                c.write(0, new byte[4096]);
            }
            done(last, "delete?name=vol");
            assertThat(volumes(last).path("volumes")).hasSize(1);
        }
    }
}
