package io.parablock.main;

import io.parablock.blockdev.store.BlockStore;
import io.parablock.blockdev.store.FileBlockStore;
import io.parablock.blockdev.store.SumsMemory;
import io.parablock.catalogue.Catalogue;
import io.parablock.catalogue.CatalogueStore;
import io.parablock.catalogue.GroupNotes;
import io.parablock.config.ConfigException;
import io.parablock.config.NodeConfig;
import io.parablock.raft.membership.Members;
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
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

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
 *   volume-groups     and more of volumes that were created: GroupFiles
 * </pre>
 */
final class NodeDisk implements AutoCloseable {
    /**
     * A chunk on disk and the state of its group.
     *
     * @param members whose disks count at its beginning; null: those with which the cluster formed
     */
    record Group(
            int groupId,
            StateStore state,
            BlockStore store,
            @Nullable Members members) {
        Group(int groupId, StateStore state, BlockStore store) {
            this(groupId, state, store, null);
        }
    }

    /** Only a node that has run leaves these; {@code boot} and {@code clean} are nothing without them. */
    private static final List<String> LEFT_BY_A_NODE = List.of("wal", "groups", "volumes");

    private final FileChannel lockFile;
    private final IdentityFile identity;
    private final CleanMark mark;
    private final Wal wal;
    private final Map<Integer, Group> groups = new ConcurrentSkipListMap<>();
    private final Map<Integer, Recovery.Recovered> recovered;
    private final GroupFiles created;
    /** Groups with amnesia. */
    private final Set<Integer> uncured = new HashSet<>();

    private NodeDisk(
            FileChannel lockFile,
            IdentityFile identity,
            CleanMark mark,
            Wal wal,
            List<Group> groups,
            GroupFiles created,
            Map<Integer, Recovery.Recovered> recovered) {
        this.lockFile = lockFile;
        this.identity = identity;
        this.mark = mark;
        this.wal = wal;
        groups.forEach(g -> this.groups.put(g.groupId, g));
        this.created = created;
        this.recovered = new ConcurrentHashMap<>(recovered);
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
        Wal wal = null;
        boolean good = false;
        try {
            IdentityFile identity = IdentityFile.open(
                    dir,
                    NodeSettings.clusterId(config),
                    config.nodeId(),
                    NodeSettings.voterIds(config),
                    LEFT_BY_A_NODE,
                    new SecureRandom()::nextLong);
            SumsMemory sums = new SumsMemory(config.store().sumsCacheBytes());
            GroupFiles created = GroupFiles.open(dir, sums);
            requireWhole(config, identity.identity().groups(), created.isBegun());
            created.requireWhole();
            CleanMark mark = new CleanMark(dir, CleanMark.currentBoot(CleanMark.BOOT_ID));
            boolean unclean = mark.begin() && (NodeSettings.mapped(config) || mark.isUncured());
            List<Group> groups = groups(config, sums);
            groups.addAll(created.open());
            List<Recovery.Group> toRecover = new ArrayList<>();
            for (Group g : groups) {
                toRecover.add(new Recovery.Group(identity.identity().ofGroup(g.groupId), g.state));
            }
            wal = NodeWal.open(config, listener);
            NodeDisk disk = new NodeDisk(
                    lockFile,
                    identity,
                    mark,
                    wal,
                    groups,
                    created,
                    Recovery.recover(wal, toRecover, unclean, mark.isFlushedHere()));
            // Before the first vote: from here on a group without its META is one that was lost.
            identity.begun(config.groups());
            created.begun(disk.recovered(Catalogue.GROUP).state().hardState().term());
            created.truncate(wal);
            if (!disk.uncured.isEmpty()) {
                // The damage that told may be gone from the log before the last group is cured.
                mark.amnesiac(disk.isFlushedHere());
            }
            good = true;
            return disk;
        } finally {
            if (!good) {
                if (wal != null) {
                    wal.close();
                }
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
    private static void requireWhole(NodeConfig config, int begun, boolean hasCatalogue) throws IOException {
        Path dir = config.dataDir();
        int groupId = 1;
        for (NodeConfig.Volume v : config.volumes()) {
            for (int chunk = 0; chunk < v.chunks() && groupId <= begun; chunk++, groupId++) {
                Path state = dir.resolve("groups").resolve(Integer.toString(groupId));
                require(hasMeta(state), dir, "the state of group " + groupId + " (" + state + ")");
                Path blocks = chunkFile(config, v, chunk);
                require(Files.exists(blocks), dir, "the blocks of group " + groupId + " (" + blocks + ")");
            }
        }
        Path wal = dir.resolve("wal");
        boolean logged = config.wal().engine() == NodeConfig.WalEngine.MEMORY || hasFiles(wal);
        boolean used = begun > 0 || hasCatalogue;
        require(!used || logged, dir, "the log (" + wal + ")");
        require(!used || Files.exists(dir.resolve("boot")), dir, "the file boot");
    }

    /** Whether the folder has the META of a group. */
    static boolean hasMeta(Path state) {
        return Files.exists(state.resolve("meta.0")) || Files.exists(state.resolve("meta.1"));
    }

    private static boolean hasFiles(Path dir) throws IOException {
        if (!Files.isDirectory(dir)) {
            return false;
        }
        try (Stream<Path> files = Files.list(dir)) {
            return files.findAny().isPresent();
        }
    }

    static void require(boolean there, Path dir, String what) {
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

    private static List<Group> groups(NodeConfig config, SumsMemory sums) throws IOException {
        List<Group> out = new ArrayList<>();
        int groupId = 0;
        for (NodeConfig.Volume v : config.volumes()) {
            for (int chunk = 0; chunk < v.chunks(); chunk++) {
                groupId++;
                Path state = Files.createDirectories(
                        config.dataDir().resolve("groups").resolve(Integer.toString(groupId)));
                Path file = chunkFile(config, v, chunk);
                out.add(new Group(
                        groupId, FileStateStore.open(state), FileBlockStore.open(file, v.chunkSizeBytes(chunk), sums)));
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
        return List.copyOf(groups.values());
    }

    /** Which groups of created volumes were begun here. */
    GroupNotes notes() {
        return created.notes();
    }

    /** The store of the catalogue's group. */
    CatalogueStore catalogue() {
        Group g = groups.get(Catalogue.GROUP);
        if (g != null && g.store instanceof CatalogueStore store) {
            return store;
        }
        throw new AssertionError("every node has the catalogue's group");
    }

    Group group(int groupId) {
        Group g = groups.get(groupId);
        if (g == null) {
            throw new AssertionError("group " + groupId + " was not begun");
        }
        return g;
    }

    /** Makes the files of a group that is new here, with its META. It is to be noted before it takes part. */
    void begin(GroupNotes.Noted n) throws IOException {
        if (groups.containsKey(n.group())) {
            // By an attempt that failed at another group.
            return;
        }
        Group g = created.open(n);
        Recovery.Group found = new Recovery.Group(identity.identity().ofGroup(n.group()), g.state);
        recovered.put(n.group(), Recovery.begin(found));
        groups.put(n.group(), g);
    }

    /** Deletes a group whose replica has ended, and its note. */
    void remove(GroupNotes.Noted n) throws IOException {
        Group g = groups.remove(n.group());
        if (g != null) {
            g.store.close();
            g.state.close();
        }
        recovered.remove(n.group());
        cured(n.group());
        created.remove(n);
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
        for (Group g : groups.values()) {
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
