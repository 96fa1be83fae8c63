package io.parablock.tools;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** Types every line of docs/guide.md, and expects what it says there. The pages are tests of cram, which compares. */
final class GuidePage implements AutoCloseable {
    private static final int TIMEOUT_S = 300;
    private static final int NETWORKS = 250;

    private final Path folder;
    private final Path output;
    private final Process cram;

    private GuidePage(Path folder, Path output, Process cram) {
        this.folder = folder;
        this.output = output;
        this.cram = cram;
    }

    /**
     * Begins to type.
     *
     * @param command the {@code parablock} that a shell finds
     * @param folder for all that the page makes; empty
     * @param java for a command that looks for one
     * @param cache this user's folder for caches
     * @param which one of several pages at once: its nodes have loopback addresses of their own
     */
    static GuidePage type(Path command, Path folder, Path java, Path cache, int which) throws IOException {
        Clients.require("cram3", "nbdinfo", "nbdcopy", "jq", "curl");
        // The page's own ports, on loopback addresses that nobody else uses, a demo that is left running for one.
        String addresses = "127." + (1 + ProcessHandle.current().pid() % NETWORKS) + "." + (77 + which) + ".";
        String text = Files.readString(ArchitectureTest.root().resolve("docs/guide.md"))
                .replace("127.0.0.", addresses);
        Path page = Files.writeString(folder.resolve("guide.md"), text);
        Path output = folder.resolve("output");
        ProcessBuilder builder = new ProcessBuilder(
                        "cram3", "--indent=4", "--shell=/bin/bash", "--keep-tmpdir", page.toString())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile());
        builder.environment().put("PATH", command.getParent() + ":" + System.getenv("PATH"));
        builder.environment().put("TMPDIR", folder.toString());
        builder.environment().put("JAVA_HOME", java.toString());
        builder.environment().put("XDG_CACHE_HOME", cache.toString());
        return new GuidePage(folder, output, builder.start());
    }

    /**
     * Begins to type with the command of a clone.
     *
     * @param folder for all that the page makes; empty
     */
    static GuidePage typeInClone(Path folder) throws IOException, InterruptedException {
        Path java = Path.of(System.getProperty("java.home"));
        return type(cloneLauncher(folder), folder, java, folder, 0);
    }

    /** As tools/parablock starts the command, without a build. */
    private static Path cloneLauncher(Path folder) throws IOException, InterruptedException {
        NodeArchive.use();
        Path root = ArchitectureTest.root();
        Path jvm = root.resolve("tools/jvm");
        String extra = Runtime.version().feature() >= 24 ? " @" + jvm.resolve("jdk24.args") : "";
        String archive = System.getProperty("parablock.archive");
        extra += archive == null ? "" : " @" + archive;
        String script = """
                #!/bin/sh
                export CLASSPATH='%s'
                case "$1" in node) args=node.args ;; *) args=command.args ;; esac
                exec '%s/bin/java' @%s/common.args%s "@%s/$args" -Dparablock.home='%s' io.parablock.tools.Parablock "$@"
                """.formatted(
                        System.getProperty("java.class.path"), System.getProperty("java.home"), jvm, extra, jvm, root);
        Path file = Files.createDirectory(folder.resolve("bin")).resolve("parablock");
        Files.writeString(file, script);
        return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    /** Waits for the end, and compares. */
    void requireAsPrinted() throws IOException, InterruptedException {
        boolean ended = cram.waitFor(TIMEOUT_S, TimeUnit.SECONDS);
        cram.destroyForcibly();
        String told = Files.readString(output) + (ended ? "" : "not ended within " + TIMEOUT_S + " s\n") + logs();
        assertThat(ended ? cram.exitValue() : -1).as(told).isZero();
        assertThat(told).contains("Ran 1 tests, 0 skipped, 0 failed");
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
    @Override
    public void close() throws IOException {
        cram.destroyForcibly();
        for (Path first : filesLike("node1\\.conf")) {
            int unused = new ClusterFolder(first.toAbsolutePath().getParent()).stopAll();
        }
    }
}
