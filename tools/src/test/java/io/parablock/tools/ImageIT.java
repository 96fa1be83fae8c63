package io.parablock.tools;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The image for containers, unpacked into a folder and started there as its configuration says, with nothing of this machine but the
 * kernel, {@code /proc} and {@code /dev}. {@code mvn verify -Ppackages,image} makes it.
 */
@Tag("e2e")
@Tag("one-jdk")
class ImageIT {
    private static final int SECONDS = 60;

    /** In mounts of its own, which end with it: the folder becomes the root. */
    private static final String CONTAINED = """
            mount --bind "$1" "$1" && mount -t proc proc "$1/proc" && mount --rbind /dev "$1/dev" || exit 1
            root=$1 user=$2
            shift 2
            exec chroot --userspec="$user" "$root" "$@"
            """;

    @TempDir
    Path folder;

    private Path layout;

    @Test
    void shouldHoldAllThatANodeNeeds() throws Exception {
        String image = System.getProperty("parablock.image", "");
        assumeTrue(!image.isEmpty(), "without the profile image");
        assumeTrue("root".equals(System.getProperty("user.name")), "only root may mount and chroot");
        Clients.require("unshare", "mount", "chroot", "tar");
        layout = Files.createDirectory(folder.resolve("layout"));
        Clients.run(SECONDS, "tar", "-xf", image, "-C", layout.toString());
        assertThat(layout.resolve("oci-layout")).content().contains("imageLayoutVersion", "1.0.0");
        JsonNode index =
                new ObjectMapper().readTree(layout.resolve("index.json").toFile());
        JsonNode manifest = json(index.at("/manifests/0"));
        JsonNode config = json(manifest.path("config"));
        assertThat(config.path("os").asText()).isEqualTo("linux");
        assertThat(config.path("architecture").asText()).isIn("amd64", "arm64");

        Path root = Files.createDirectory(folder.resolve("root"));
        for (JsonNode layer : manifest.path("layers")) {
            Clients.run(SECONDS, "tar", "-xpzf", blob(layer).toString(), "-C", root.toString());
        }
        serve(root, config.path("config"));
    }

    private void serve(Path root, JsonNode config) throws Exception {
        Path file = root.resolve("etc/parablock/parablock.conf");
        int port = InstalledNode.ports();
        String example = Files.readString(file);
        Files.writeString(file, InstalledNode.configured(example, 1, 1, port, Path.of("/var/lib/parablock")));

        List<String> command = new ArrayList<>(List.of("unshare", "--mount", "sh", "-c", CONTAINED, "sh"));
        command.addAll(List.of(root.toString(), config.path("User").asText(), "/usr/bin/env", "-i"));
        config.path("Env").forEach(variable -> command.add(variable.asText()));
        InstalledNode.SMALL.forEach((key, value) -> command.add(key + "=" + value));
        config.path("Entrypoint").forEach(word -> command.add(word.asText()));
        config.path("Cmd").forEach(word -> command.add(word.asText()));
        try (InstalledNode node = InstalledNode.start(new ProcessBuilder(command), folder, 1, port)) {
            node.awaitLeader();
            node.write();
            assertThat(node.readsWhatWasWritten()).isTrue();
            assertThat(node.stop()).isEqualTo(InstalledNode.TERMINATED);
            assertThat(node.log()).last().asString().contains("has stopped");
        }
        assertThat(root.resolve("var/lib/parablock/identity")).isNotEmptyFile();
    }

    private JsonNode json(JsonNode descriptor) throws Exception {
        return new ObjectMapper().readTree(blob(descriptor).toFile());
    }

    /** What a descriptor names, as long as it says and with the checksum that it says. */
    private Path blob(JsonNode descriptor) throws Exception {
        String digest = descriptor.path("digest").asText();
        assertThat(digest).startsWith("sha256:");
        Path blob = layout.resolve("blobs/sha256").resolve(digest.substring("sha256:".length()));
        assertThat(blob).hasSize(descriptor.path("size").asLong());
        assertThat("sha256:" + Clients.sha256(blob)).isEqualTo(digest);
        return blob;
    }
}
