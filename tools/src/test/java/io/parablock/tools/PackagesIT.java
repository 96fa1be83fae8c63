package io.parablock.tools;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The packages, installed where nothing of the source tree is, and started. {@code mvn verify -Ppackages} makes them. */
@Tag("e2e")
@Tag("one-jdk")
class PackagesIT {
    private static final int SECONDS = 60;
    private static final List<String> CONFFILES =
            List.of("/etc/parablock/parablock.conf", "/etc/parablock/gateway.conf", "/etc/default/parablock");
    private static final Pattern LISTED =
            Pattern.compile("([-dl])([-rwxsStT]{9}) (\\S+)\\s+\\d+ (\\S+ \\S+) \\.(/\\S*)(?: -> (\\S+))?");

    @TempDir
    Path folder;

    private Path home;

    @BeforeEach
    void makeHome() throws IOException {
        home = Files.createDirectory(folder.resolve("home"));
    }

    @Test
    void shouldServeAClusterFromTheTarInAnyFolder() throws Exception {
        Path any = Files.createDirectory(folder.resolve("any folder"));
        Clients.run(SECONDS, "tar", "-xzf", built("parablock.tar").toString(), "-C", any.toString());
        Path parablock = only(any);
        for (String file :
                List.of("LICENSE", "README.md", "THIRD-PARTY.txt", "docs/operating.md", "man/man1/parablock.1")) {
            assertThat(parablock.resolve(file)).isNotEmptyFile();
        }
        assertThat(parablock.resolve("THIRD-PARTY.txt")).content().contains("netty", "Apache", "LGPL");
        Path command = parablock.resolve("bin/parablock");
        String example = Files.readString(parablock.resolve("conf/parablock.conf"));
        int port = InstalledNode.ports();
        List<InstalledNode> nodes = new ArrayList<>();
        try {
            for (int id = 1; id <= 3; id++) {
                Path config = Files.writeString(
                        home.resolve("node" + id + ".conf"),
                        InstalledNode.configured(example, id, 3, port, home.resolve("data" + id)));
                nodes.add(InstalledNode.start(command, config, home, id, port));
            }
            for (InstalledNode node : nodes) {
                node.awaitLeader();
            }
            nodes.get(0).write();
            assertThat(nodes.get(2).readsWhatWasWritten()).isTrue();
            assertThat(command(command, "status", "--http", nodes.get(1).http()))
                    .contains("leader");
            for (InstalledNode node : nodes) {
                assertThat(node.stop()).isEqualTo(InstalledNode.TERMINATED);
                assertThat(node.log()).last().asString().contains("has stopped");
            }
        } catch (Exception | AssertionError e) {
            nodes.forEach(node -> node.log().forEach(System.out::println));
            throw e;
        } finally {
            nodes.forEach(InstalledNode::close);
        }
        // One archive of classes, made by the first node for all, where this user keeps such things.
        try (var kept = Files.list(home.resolve(".cache/parablock/archives"))) {
            assertThat(kept.map(file -> file.getFileName().toString()).toList())
                    .filteredOn(name -> name.endsWith(".jsa"))
                    .hasSize(1);
        }
    }

    /** Three strangers at once: one with the tar, one with the Debian package, one with a clone. */
    @Test
    void shouldDoWhatTheGuideSaysWithEitherPackageAndAClone() throws Exception {
        Path any = Files.createDirectory(folder.resolve("opt"));
        Clients.run(SECONDS, "tar", "-xzf", built("parablock.tar").toString(), "-C", any.toString());
        Clients.require("dpkg-deb");
        Path root = folder.resolve("root");
        Clients.run(SECONDS, "dpkg-deb", "--extract", built("parablock.deb").toString(), root.toString());
        Path java = Path.of(System.getProperty("java.home"));
        Path cache = home.resolve(".cache");
        try (GuidePage clone = GuidePage.typeInClone(Files.createDirectory(folder.resolve("guide-clone")));
                GuidePage tar = GuidePage.type(
                        only(any).resolve("bin/parablock"),
                        Files.createDirectory(folder.resolve("guide-tar")),
                        java,
                        cache,
                        1);
                GuidePage deb = GuidePage.type(
                        root.resolve("usr/bin/parablock"),
                        Files.createDirectory(folder.resolve("guide-deb")),
                        java,
                        cache,
                        2)) {
            clone.requireAsPrinted();
            tar.requireAsPrinted();
            deb.requireAsPrinted();
        }
    }

    /** Else a node of one could not start while one of the other does, as its file of flags would go away under it. */
    @Test
    void shouldLeaveTheArchivesOfAnotherInstallationAlone() throws Exception {
        List<Path> commands = new ArrayList<>();
        for (String version : List.of("old", "new")) {
            Path any = Files.createDirectory(folder.resolve(version));
            Clients.run(SECONDS, "tar", "-xzf", built("parablock.tar").toString(), "-C", any.toString());
            commands.add(only(any).resolve("bin/parablock"));
        }
        List<String> first = archivesAfterAStart(commands.get(0));
        assertThat(first).hasSize(1);
        List<String> both = archivesAfterAStart(commands.get(1));
        assertThat(both).hasSize(2).containsAll(first);
        assertThat(archivesAfterAStart(commands.get(0))).isEqualTo(both);

        // An upgrade in its place: the archive of the jars that are gone goes too.
        try (var jars = Files.list(commands.get(0).resolveSibling("../lib"))) {
            Files.setLastModifiedTime(jars.findFirst().orElseThrow(), FileTime.from(Instant.EPOCH));
        }
        assertThat(archivesAfterAStart(commands.get(0)))
                .hasSize(2)
                .doesNotContainAnyElementsOf(first)
                .containsAnyElementsOf(both);
    }

    /** What a node that gets no further than its configuration leaves in the cache. */
    private List<String> archivesAfterAStart(Path command) throws Exception {
        ProcessBuilder builder = new ProcessBuilder(command.toString(), "node", "--config", "missing.conf");
        InstalledNode.environment(builder, home);
        Process process = builder.redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(output).isEqualTo(2);
        try (var kept = Files.list(home.resolve(".cache/parablock/archives"))) {
            return kept.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".jsa"))
                    .sorted()
                    .toList();
        }
    }

    @Test
    void shouldRunTheCommandThroughALinkWithoutAHomeOnEveryJava() throws Exception {
        Path any = Files.createDirectory(folder.resolve("opt"));
        Clients.run(SECONDS, "tar", "-xzf", built("parablock.tar").toString(), "-C", any.toString());
        Path link =
                Files.createSymbolicLink(folder.resolve("parablock"), only(any).resolve("bin/parablock"));
        int javas = 0;
        try (var found = Files.list(Path.of("/usr/lib/jvm"))) {
            for (Path java : found.filter(f -> Files.isExecutable(f.resolve("bin/java")) && !Files.isSymbolicLink(f))
                    .toList()) {
                ProcessBuilder builder = new ProcessBuilder(link.toString(), "--version");
                InstalledNode.environment(builder, home);
                builder.environment().put("JAVA_HOME", java.toString());
                builder.environment().remove("HOME");
                assertThat(output(builder)).matches("parablock \\d+\\.\\d+.*\n");
                javas++;
            }
        }
        assertThat(javas).isPositive();
        assertThat(home).isEmptyDirectory();
    }

    /** The same build gives the same bytes: nothing in the packages says when it was. */
    @Test
    void shouldTellNoTimeOfTheBuild() throws Exception {
        String inTar = Clients.run(
                SECONDS, "tar", "--full-time", "-tvzf", built("parablock.tar").toString());
        assertThat(inTar.lines().map(line -> line.split("\\s+")[3]).distinct()).hasSize(1);
        Clients.require("dpkg-deb");
        String inDeb = Clients.run(
                SECONDS, "dpkg-deb", "--contents", built("parablock.deb").toString());
        assertThat(inDeb.lines().map(line -> line.split("\\s+")[3]).distinct()).hasSize(1);
    }

    @Test
    void shouldBeASoundDebianPackage() throws Exception {
        Clients.require("dpkg-deb");
        String deb = built("parablock.deb").toString();
        assertThat(Clients.run(SECONDS, "dpkg-deb", "--field", deb))
                .contains("Package: parablock\n", "Architecture: all\n", "java17-runtime-headless", "Installed-Size: ")
                .doesNotContain("[[");
        Path control = folder.resolve("control");
        Clients.run(SECONDS, "dpkg-deb", "--control", deb, control.toString());
        assertThat(Files.readAllLines(control.resolve("conffiles"))).containsExactlyInAnyOrderElementsOf(CONFFILES);
        for (String script : List.of("postinst", "prerm", "postrm")) {
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(control.resolve(script))))
                    .isEqualTo("rwxr-xr-x");
            assertThat(control.resolve(script)).content().contains("set -e").doesNotContain("[[");
        }
        List<String> seen = new ArrayList<>();
        for (String line :
                Clients.run(SECONDS, "dpkg-deb", "--contents", deb).lines().toList()) {
            Matcher m = LISTED.matcher(line);
            assertThat(m.matches()).as(line).isTrue();
            String path = m.group(5);
            seen.add(path);
            assertThat(path).matches("/|/(usr|etc)/.*");
            assertThat(m.group(3)).as(line).isEqualTo("root/root");
            if (m.group(1).equals("l")) {
                continue; // A link has no mode of its own.
            }
            boolean open = m.group(1).equals("d") || path.equals("/usr/lib/parablock/bin/parablock");
            assertThat(m.group(2)).as(line).isEqualTo(open ? "rwxr-xr-x" : "rw-r--r--");
        }
        assertThat(seen)
                .contains(
                        "/usr/bin/parablock",
                        "/usr/lib/systemd/system/parablock.service",
                        "/usr/lib/systemd/system/parablock-gateway.service",
                        "/usr/share/man/man1/parablock.1.gz",
                        "/usr/share/doc/parablock/copyright",
                        "/usr/share/doc/parablock/operating.md",
                        "/usr/share/bash-completion/completions/parablock")
                .containsAll(CONFFILES);
    }

    @Test
    void shouldBeInstalledUpgradedAndPurgedByDpkg() throws Exception {
        Clients.require("dpkg");
        assumeTrue("root".equals(System.getProperty("user.name")), "dpkg wants to be root");
        DpkgRoot root = new DpkgRoot(folder, built("parablock.deb"));
        root.dpkg("-i");
        assertThat(root.calls())
                .as("a new installation makes the user and starts nothing")
                .hasSize(3)
                .satisfiesExactly(
                        c -> assertThat(c).isEqualTo("getent passwd parablock"),
                        c -> assertThat(c)
                                .startsWith("adduser --system --group")
                                .endsWith(" parablock"),
                        c -> assertThat(c).isEqualTo("systemctl --system daemon-reload"));
        assertThat(CommandRun.of(
                                "config",
                                "--check",
                                root.file("etc/parablock/parablock.conf").toString())
                        .out())
                .isEqualTo("ok\n");

        serve(root);

        String mine = Files.readString(root.file("etc/parablock/parablock.conf"));
        root.running("parablock.service");
        root.dpkg("-i");
        assertThat(root.calls())
                .as("an upgrade stops what runs before its files go, and starts that and nothing else again")
                .containsSubsequence(
                        "deb-systemd-invoke stop parablock.service",
                        "systemctl --system daemon-reload",
                        "systemctl --system start parablock.service")
                .noneMatch(call -> call.contains("stop parablock-gateway") || call.contains("start parablock-gateway"))
                .noneMatch(call -> call.startsWith("adduser"));
        assertThat(root.file("etc/parablock/parablock.conf")).content().isEqualTo(mine);
        assertThat(root.file("run/parablock-stopped")).doesNotExist();

        root.dpkg("-r");
        assertThat(root.calls())
                .contains("deb-systemd-invoke stop parablock.service")
                .noneMatch(call -> call.contains(" start "));
        assertThat(root.file("usr/lib/parablock")).doesNotExist();
        assertThat(root.file("etc/parablock/parablock.conf")).content().isEqualTo(mine);

        Path data = Files.createDirectories(root.file("var/lib/parablock"));
        Files.writeString(data.resolve("identity"), "kept");
        Files.createDirectories(root.file("var/cache/parablock/archives"));
        root.dpkg("-P");
        assertThat(root.file("etc/parablock")).doesNotExist();
        assertThat(root.file("etc/default/parablock")).doesNotExist();
        assertThat(root.file("var/cache/parablock")).doesNotExist();
        assertThat(data.resolve("identity")).content().isEqualTo("kept");
    }

    /** A node of what is installed, by the path that a shell would find, with the operator's configuration. */
    private void serve(DpkgRoot root) throws Exception {
        Path config = root.file("etc/parablock/parablock.conf");
        int port = InstalledNode.ports();
        Files.writeString(config, InstalledNode.configured(Files.readString(config), 1, 1, port, home.resolve("data")));
        try (InstalledNode node = InstalledNode.start(root.file("usr/bin/parablock"), config, home, 1, port)) {
            node.awaitLeader();
            node.write();
            assertThat(node.readsWhatWasWritten()).isTrue();
            String[] arguments = node.process().info().arguments().orElseThrow();
            assertThat(arguments).contains("-Dof.the.operator=1", "-Xmx256m");
            assertThat(node.stop()).isEqualTo(InstalledNode.TERMINATED);
        }
    }

    private String command(Path command, String... arguments) throws Exception {
        List<String> all = new ArrayList<>(List.of(command.toString()));
        all.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(all);
        InstalledNode.environment(builder, home);
        return output(builder);
    }

    private static String output(ProcessBuilder builder) throws Exception {
        Process process = builder.redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(output).isZero();
        return output;
    }

    private static Path only(Path parent) throws IOException {
        try (var all = Files.list(parent)) {
            List<Path> files = all.toList();
            assertThat(files).hasSize(1);
            return files.get(0);
        }
    }

    private static Path built(String property) {
        String file = System.getProperty(property);
        assertThat(file).as("-D" + property + "; mvn verify -Ppackages sets it").isNotNull();
        return Path.of(file);
    }
}
