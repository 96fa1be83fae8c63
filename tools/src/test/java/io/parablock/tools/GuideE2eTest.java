package io.parablock.tools;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Types every line of docs/guide.md, and expects what it says there. The pages are tests of cram, which compares. */
@Tag("e2e")
@Tag("one-jdk")
class GuideE2eTest {
    private static final int TIMEOUT_S = 300;
    private static final Path ROOT = ArchitectureTest.root();

    @TempDir
    Path folder;

    @Test
    void shouldDoWhatTheGuideSays() throws Exception {
        Clients.require("cram3", "nbdinfo", "nbdcopy", "jq", "curl");
        // The page's own ports, on loopback addresses that nobody else uses, a demo that is left running for one.
        String addresses = "127." + (1 + ProcessHandle.current().pid() % 250) + ".77.";
        String text = Files.readString(ROOT.resolve("docs/guide.md")).replace("127.0.0.", addresses);
        Path page = Files.writeString(folder.resolve("guide.md"), text);
        Path output = folder.resolve("output");
        ProcessBuilder cram = new ProcessBuilder(
                        "cram3", "--indent=4", "--shell=/bin/bash", "--keep-tmpdir", page.toString())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile());
        cram.environment().put("PATH", launcher().getParent() + ":" + System.getenv("PATH"));
        cram.environment().put("TMPDIR", folder.toString());
        Process process = cram.start();
        boolean ended = process.waitFor(TIMEOUT_S, TimeUnit.SECONDS);
        process.destroyForcibly();
        String told = Files.readString(output) + (ended ? "" : "not ended within " + TIMEOUT_S + " s\n") + logs();
        assertThat(ended ? process.exitValue() : -1).as(told).isZero();
        assertThat(told).contains("Ran 1 tests, 0 skipped, 0 failed");
    }

    /** As tools/parablock starts the command, without a build. */
    private Path launcher() throws IOException {
        Path jvm = ROOT.resolve("tools/jvm");
        String extra = Runtime.version().feature() >= 24 ? " @" + jvm.resolve("jdk24.args") : "";
        String script = """
                #!/bin/sh
                export CLASSPATH='%s'
                case "$1" in node) args=node.args ;; *) args=command.args ;; esac
                exec '%s/bin/java' @%s/common.args%s "@%s/$args" -Dparablock.home='%s' io.parablock.tools.Parablock "$@"
                """.formatted(
                        System.getProperty("java.class.path"), System.getProperty("java.home"), jvm, extra, jvm, ROOT);
        Path file = Files.createDirectory(folder.resolve("bin")).resolve("parablock");
        Files.writeString(file, script);
        return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private List<Path> filesLike(String name) throws IOException {
        try (Stream<Path> all = Files.walk(folder, 3)) {
            return all.filter(f -> f.getFileName().toString().matches(name)).toList();
        }
    }

    private String logs() throws IOException {
        StringBuilder all = new StringBuilder();
        for (Path log : filesLike("node\\d\\.log")) {
            all.append(log.getFileName()).append(":\n").append(Files.readString(log));
        }
        return all.toString();
    }

    /** A page that fails in its middle leaves its daemons. */
    @AfterEach
    void stopWhatIsLeft() throws IOException {
        for (Path first : filesLike("node1\\.conf")) {
            int unused = new ClusterFolder(first.toAbsolutePath().getParent()).stopAll();
        }
    }
}
