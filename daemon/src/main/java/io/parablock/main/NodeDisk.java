package io.parablock.main;

import io.parablock.blockdev.store.BlockStore;
import io.parablock.blockdev.store.FileBlockStore;
import io.parablock.config.ConfigException;
import io.parablock.config.NodeConfig;
import io.parablock.replica.CleanMark;
import io.parablock.replica.IdentityFile;
import io.parablock.replica.Recovery;
import io.parablock.wal.FileStateStore;
import io.parablock.wal.StateStore;
import io.parablock.wal.Wal;
import io.parablock.wal.WalListener;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * What a node keeps in its data directory.
 *
 * <pre>
 *   node.lock         held while the node runs
 *   identity          IdentityFile: written before anything below
 *   boot, clean       CleanMark
 *   wal/              the WAL of all groups
 *   groups/G/         META, SYNCREC, CKPT of group G
 *   volumes/NAME-N.chunk
 * </pre>
 */
final class NodeDisk implements AutoCloseable {
    /** A chunk on disk and the state of its group. */
    record Group(int groupId, StateStore state, BlockStore store) {}

    /** Only a node that has run leaves these; {@code boot} and {@code clean} are nothing without them. */
    private static final List<String> LEFT_BY_A_NODE = List.of("wal", "groups", "volumes");

    private final FileChannel lockFile;
    private final IdentityFile identity;
    private final CleanMark mark;
    private final Wal wal;
    private final List<Group> groups;
    private final Map<Integer, Recovery.Recovered> recovered;
    /** Groups with amnesia. */
    private final Set<Integer> uncured = new HashSet<>();

    private NodeDisk(
            FileChannel lockFile,
            IdentityFile identity,
            CleanMark mark,
            Wal wal,
            List<Group> groups,
            Map<Integer, Recovery.Recovered> recovered) {
        this.lockFile = lockFile;
        this.identity = identity;
        this.mark = mark;
        this.wal = wal;
        this.groups = groups;
        this.recovered = recovered;
        recovered.forEach((id, r) -> {
            if (r.state().amnesiac()) {
                uncured.add(id);
            }
        });
    }

    static NodeDisk open(NodeConfig config, WalListener listener) throws IOException {
        Path dir = config.dataDir();
        Files.createDirectories(dir);
        FileChannel lockFile = lock(dir);
        boolean good = false;
        try {
            IdentityFile identity = IdentityFile.open(
                    dir,
                    NodeSettings.clusterId(config),
                    config.nodeId(),
                    NodeSettings.voterIds(config),
                    LEFT_BY_A_NODE,
                    new SecureRandom()::nextLong);
            requireWhole(config, identity.identity().groups());
            CleanMark mark = new CleanMark(dir, CleanMark.currentBoot(CleanMark.BOOT_ID));
            boolean unclean = mark.begin() && (NodeSettings.mapped(config) || mark.isUncured());
            List<Group> groups = groups(config);
            List<Recovery.Group> toRecover = new ArrayList<>();
            for (Group g : groups) {
                toRecover.add(new Recovery.Group(identity.identity().ofGroup(g.groupId), g.state));
            }
            Wal wal = NodeWal.open(config, listener);
            NodeDisk disk = new NodeDisk(
                    lockFile,
                    identity,
                    mark,
                    wal,
                    groups,
                    Recovery.recover(wal, toRecover, unclean, mark.isFlushedHere()));
            // Before the first vote: from here on a group without its META is one that was lost.
            identity.begun(groups.size());
            if (!disk.uncured.isEmpty()) {
                // The damage that told may be gone from the log before the last group is cured.
                mark.amnesiac(disk.isFlushedHere());
            }
            good = true;
            return disk;
        } finally {
            if (!good) {
                lockFile.close();
            }
        }
    }

    private boolean isFlushedHere() {
        return recovered.values().stream()
                .map(Recovery.Recovered::state)
                .allMatch(s -> !s.amnesiac() || s.flushedIsHere());
    }

    /** What is gone of a directory that was in use would be taken for new: an empty log, votes forgotten, blocks of zeros. */
    private static void requireWhole(NodeConfig config, int begun) throws IOException {
        Path dir = config.dataDir();
        int groupId = 1;
        for (NodeConfig.Volume v : config.volumes()) {
            for (int chunk = 0; chunk < v.chunks() && groupId <= begun; chunk++, groupId++) {
                Path state = dir.resolve("groups").resolve(Integer.toString(groupId));
                boolean meta = Files.exists(state.resolve("meta.0")) || Files.exists(state.resolve("meta.1"));
                require(meta, dir, "the state of group " + groupId + " (" + state + ")");
                Path blocks = chunkFile(config, v, chunk);
                require(Files.exists(blocks), dir, "the blocks of group " + groupId + " (" + blocks + ")");
            }
        }
        Path wal = dir.resolve("wal");
        boolean logged = config.wal().engine() == NodeConfig.WalEngine.MEMORY || hasFiles(wal);
        require(begun == 0 || logged, dir, "the log (" + wal + ")");
        require(begun == 0 || Files.exists(dir.resolve("boot")), dir, "the file boot");
    }

    private static boolean hasFiles(Path dir) throws IOException {
        if (!Files.isDirectory(dir)) {
            return false;
        }
        try (Stream<Path> files = Files.list(dir)) {
            return files.findAny().isPresent();
        }
    }

    private static void require(boolean there, Path dir, String what) {
        if (!there) {
            throw new ConfigException("the data directory " + dir + " has lost " + what + ": restore all of it");
        }
    }

    IdentityFile identity() {
        return identity;
    }

    @SuppressWarnings("resource") // The lock lives as long as its channel.
    private static FileChannel lock(Path dir) throws IOException {
        FileChannel channel =
                FileChannel.open(dir.resolve("node.lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        FileLock lock;
        try {
            lock = channel.tryLock();
        } catch (OverlappingFileLockException e) {
            lock = null;
        }
        if (lock == null) {
            channel.close();
            throw new ConfigException("node.data_dir " + dir + " is in use by another node process");
        }
        return channel;
    }

    private static List<Group> groups(NodeConfig config) throws IOException {
        List<Group> out = new ArrayList<>();
        int groupId = 0;
        for (NodeConfig.Volume v : config.volumes()) {
            for (int chunk = 0; chunk < v.chunks(); chunk++) {
                groupId++;
                Path state = Files.createDirectories(
                        config.dataDir().resolve("groups").resolve(Integer.toString(groupId)));
                Path file = chunkFile(config, v, chunk);
                out.add(new Group(
                        groupId, FileStateStore.open(state), FileBlockStore.open(file, v.chunkSizeBytes(chunk))));
            }
        }
        return out;
    }

    private static Path chunkFile(NodeConfig config, NodeConfig.Volume v, int chunk) {
        return config.dataDir().resolve("volumes").resolve(v.name() + "-" + chunk + ".chunk");
    }

    Wal wal() {
        return wal;
    }

    List<Group> groups() {
        return List.copyOf(groups);
    }

    Recovery.Recovered recovered(int groupId) {
        Recovery.Recovered r = recovered.get(groupId);
        if (r == null) {
            throw new AssertionError("group " + groupId + " was not recovered");
        }
        return r;
    }

    /** A replica has been cured of amnesia. From any thread; the node forgets the restart once the last one is. */
    synchronized void cured(int groupId) throws IOException {
        if (uncured.remove(groupId) && uncured.isEmpty()) {
            mark.cured();
        }
    }

    /** After an orderly stop: everything is forced, and the next start knows it. */
    void endClean() throws IOException {
        wal.submit();
        wal.force();
        wal.close();
        mark.end();
    }

    /** Also after {@link #endClean}. */
    @Override
    public void close() {
        Map<Integer, Group> sorted = new TreeMap<>();
        groups.forEach(g -> sorted.put(g.groupId, g));
        for (Group g : sorted.values()) {
            g.store.close();
            g.state.close();
        }
        try {
            lockFile.close();
        } catch (IOException e) {
            // The process ends, and the lock with it.
        }
    }
}
