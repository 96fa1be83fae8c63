package io.parablock.tools;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A kernel's filesystem on the replicated disk: what is unpacked there is there, whoever dies meanwhile. */
@Tag("e2e")
@Tag("one-jdk")
class FilesystemE2eTest {
    private static final long SIZE_BYTES = 128L << 20;
    private static final int UNPACK_SECONDS = 240;
    /** Of the files, unpacked when a node dies: one in so many. */
    private static final int KILL_AFTER_PART = 4;

    private static final int CLIENTS_NODE = 1;
    private static final int OTHER_NODE = 2;

    @TempDir
    Path folder;

    @Test
    void shouldKeepAFilesystemWhoeverDies() throws Exception {
        LiveCluster.assumeWanted("parallel");
        LoopDisk.assumePermitted(folder);
        Path archive = folder.resolve("sources.tar");
        pack(archive);
        Path expected = Files.createDirectory(folder.resolve("expected"));
        Clients.run(UNPACK_SECONDS, "tar", "-xf", archive.toString(), "-C", expected.toString());
        Map<String, String> sums = sums(expected);
        assertThat(sums).hasSizeGreaterThan(200);
        try (LiveCluster live =
                LiveCluster.start(folder.resolve("cluster"), SIZE_BYTES + "", "parallel", "fsync", Map.of())) {
            try {
                unpackInPeace(live, archive, sums);
                int killed = unpackThroughADeath(live, archive, sums);
                compareThroughAnother(live, killed, sums);
            } catch (Exception | AssertionError e) {
                live.printLogs();
                throw e;
            }
        }
    }

    private void unpackInPeace(LiveCluster live, Path archive, Map<String, String> sums) throws Exception {
        try (LoopDisk disk = LoopDisk.of(live.uri(CLIENTS_NODE), SIZE_BYTES, folder.resolve("first"))) {
            disk.makeFilesystem();
            Path first = Files.createDirectory(disk.mount(null).resolve("first"));
            Clients.run(UNPACK_SECONDS, "tar", "-xf", archive.toString(), "-C", first.toString());
            disk.unmount();
            disk.check();
            assertThat(sums(disk.mount("ro").resolve("first"))).isEqualTo(sums);
            disk.unmount();
        }
    }

    /** @return who died: the leader, which is not the node that the client is connected to */
    private int unpackThroughADeath(LiveCluster live, Path archive, Map<String, String> sums) throws Exception {
        int victim = live.leaderOtherThan(CLIENTS_NODE);
        try (LoopDisk disk = LoopDisk.of(live.uri(CLIENTS_NODE), SIZE_BYTES, folder.resolve("second"))) {
            // Nothing is only in memory: the disk is at work all the time, and so it is when the node dies.
            Path mounted = disk.mount("sync");
            Path second = Files.createDirectory(mounted.resolve("second"));
            Process tar = new ProcessBuilder("tar", "-xf", archive.toString(), "-C", second.toString())
                    .inheritIO()
                    .start();
            try {
                LiveCluster.await(
                        "a part of the files",
                        () -> !tar.isAlive() || files(second).size() >= sums.size() / KILL_AFTER_PART);
                assertThat(tar.isAlive()).as("in the middle").isTrue();
                live.cluster.kill(victim);
                assertThat(tar.waitFor(UNPACK_SECONDS, TimeUnit.SECONDS)).isTrue();
                assertThat(tar.exitValue()).isZero();
            } finally {
                tar.destroyForcibly();
            }
            assertThat(sums(second)).isEqualTo(sums);
            disk.unmount();
            disk.check();
        }
        return victim;
    }

    /** Nothing that this machine remembers of the disk helps here. */
    private void compareThroughAnother(LiveCluster live, int killed, Map<String, String> sums) throws Exception {
        int node = killed == OTHER_NODE ? CLIENTS_NODE : OTHER_NODE;
        try (LoopDisk disk = LoopDisk.of(live.uri(node), SIZE_BYTES, folder.resolve("third"))) {
            disk.check();
            Path mounted = disk.mount("ro");
            assertThat(sums(mounted.resolve("first"))).isEqualTo(sums);
            assertThat(sums(mounted.resolve("second"))).isEqualTo(sums);
            disk.unmount();
        }
        live.cluster.start(killed);
        live.awaitCaughtUp(killed);
        live.requireIdentical();
    }

    /** This repository's sources and documents. */
    private static void pack(Path archive) throws Exception {
        List<String> command = new ArrayList<>(List.of("tar", "-cf", archive.toString()));
        command.addAll(List.of("-C", ArchitectureTest.root().toString(), "docs", "spec"));
        for (String module : List.of("look-behind-buffer", "wal", "blockdev", "daemon", "perf", "tools")) {
            command.add(module + "/src");
        }
        Clients.run(UNPACK_SECONDS, command.toArray(new String[0]));
    }

    private static List<Path> files(Path root) {
        try (Stream<Path> all = Files.walk(root)) {
            return all.filter(Files::isRegularFile).toList();
        } catch (IOException | java.io.UncheckedIOException goesOn) {
            return List.of();
        }
    }

    private static Map<String, String> sums(Path root) throws Exception {
        Map<String, String> sums = new TreeMap<>();
        try (Stream<Path> all = Files.walk(root)) {
            for (Path file : all.filter(Files::isRegularFile).toList()) {
                sums.put(root.relativize(file).toString(), Clients.sha256(file));
            }
        }
        return sums;
    }
}
