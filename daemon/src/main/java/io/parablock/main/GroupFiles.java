package io.parablock.main;

import io.parablock.blockdev.store.BlockStoreException;
import io.parablock.blockdev.store.FileBlockStore;
import io.parablock.blockdev.store.SumsMemory;
import io.parablock.catalogue.Catalogue;
import io.parablock.catalogue.CatalogueStore;
import io.parablock.catalogue.GroupNotes;
import io.parablock.config.ConfigException;
import io.parablock.wal.AtomicFile;
import io.parablock.wal.FileStateStore;
import io.parablock.wal.Wal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * What the data directory has of the volumes that were created while the cluster runs.
 *
 * <pre>
 *   volume-groups             GroupNotes: which of the groups below were begun here
 *   groups/1025/              META, SYNCREC, CKPT of the catalogue's group, and catalogue.0, catalogue.1
 *   groups/G/                 of a chunk's group
 *   volumes/NAME-gG.chunk     a chunk: group ids are never reused, so that a new volume of an old name is another file
 * </pre>
 */
final class GroupFiles {
    private final Path dir;
    private final GroupNotes notes;
    private final SumsMemory sums;

    private GroupFiles(Path dir, GroupNotes notes, SumsMemory sums) {
        this.dir = dir;
        this.notes = notes;
        this.sums = sums;
    }

    /** @param sums of all stores of the node */
    static GroupFiles open(Path dir, SumsMemory sums) throws IOException {
        return new GroupFiles(dir, GroupNotes.open(dir), sums);
    }

    /** @throws ConfigException with one line if a group that was begun has lost a file */
    void requireWhole() {
        if (!notes.isBegun()) {
            return;
        }
        Path catalogue = state(Catalogue.GROUP);
        requireState(Catalogue.GROUP);
        NodeDisk.require(CatalogueStore.exists(catalogue), dir, "the catalogue of volumes (" + catalogue + ")");
        for (GroupNotes.Noted n : notes.notes().groups().values()) {
            if (!n.deleting()) {
                requireState(n.group());
                Path blocks = chunk(n);
                NodeDisk.require(Files.exists(blocks), dir, "the blocks of group " + n.group() + " (" + blocks + ")");
            }
        }
    }

    private void requireState(int group) {
        Path state = state(group);
        NodeDisk.require(NodeDisk.hasMeta(state), dir, "the state of group " + group + " (" + state + ")");
    }

    GroupNotes notes() {
        return notes;
    }

    boolean isBegun() {
        return notes.isBegun();
    }

    private Path state(int group) {
        return dir.resolve("groups").resolve(Integer.toString(group));
    }

    private Path chunk(GroupNotes.Noted n) {
        return dir.resolve("volumes").resolve(n.volume() + "-g" + n.group() + ".chunk");
    }

    /** The catalogue's group and those of its volumes, but for those that are deleted: they end here. */
    List<NodeDisk.Group> open() throws IOException {
        removeLeftovers();
        List<NodeDisk.Group> out = new ArrayList<>();
        Path catalogue = state(Catalogue.GROUP);
        AtomicFile.createDirectories(catalogue);
        out.add(new NodeDisk.Group(Catalogue.GROUP, FileStateStore.open(catalogue), CatalogueStore.open(catalogue)));
        for (GroupNotes.Noted n : notes.notes().groups().values()) {
            out.add(open(n));
        }
        return out;
    }

    /** Of a deletion or a beginning that a crash cut short. A group that is not noted has promised nothing. */
    private void removeLeftovers() throws IOException {
        for (GroupNotes.Noted n : notes.notes().groups().values()) {
            if (n.deleting()) {
                remove(n);
            }
        }
        Path groups = dir.resolve("groups");
        if (!notes.isBegun() || !Files.isDirectory(groups)) {
            return;
        }
        List<Path> all;
        try (Stream<Path> found = Files.list(groups)) {
            all = found.toList();
        }
        for (Path state : all) {
            String name = String.valueOf(state.getFileName());
            int id = name.matches("[0-9]{1,6}") ? Integer.parseInt(name) : 0;
            if (id > Catalogue.GROUP && !notes.notes().groups().containsKey(id)) {
                deleteChunks("-g" + id + ".chunk");
                deleteAll(state);
            }
        }
    }

    /** Opens the files of a chunk, or makes them, durably. */
    NodeDisk.Group open(GroupNotes.Noted n) throws IOException {
        Path state = state(n.group());
        AtomicFile.createDirectories(state);
        AtomicFile.createDirectories(dir.resolve("volumes"));
        FileBlockStore blocks = FileBlockStore.open(chunk(n), n.chunkBytes(), sums);
        boolean good = false;
        try {
            NodeDisk.Group out = new NodeDisk.Group(n.group(), FileStateStore.open(state), blocks, n.members());
            good = true;
            return out;
        } finally {
            if (!good) {
                blocks.close();
            }
        }
    }

    /**
     * The catalogue's group has its META: from here on it is noted.
     *
     * @param term that this replica has reached in the catalogue's group
     */
    void begun(long term) throws IOException {
        if (!notes.isBegun()) {
            // In a term above 0 it may have voted, and groups may have been begun: the notes were there.
            NodeDisk.require(term == 0, dir, "the file " + GroupNotes.NAME);
            notes.write(notes.notes());
        }
    }

    /** Nothing in the log is needed of groups that are gone. */
    void truncate(Wal wal) {
        GroupNotes.Notes now = notes.notes();
        for (int group = Catalogue.FIRST_GROUP; group < now.catalogue().nextGroup(); group++) {
            if (!now.groups().containsKey(group)) {
                wal.truncate(group, Long.MAX_VALUE);
            }
        }
    }

    /** Deletes the files of a closed group, and then its note. */
    void remove(GroupNotes.Noted n) throws IOException {
        try {
            deleteChunks("-g" + n.group() + ".chunk");
            deleteAll(state(n.group()));
        } catch (IOException e) {
            throw new BlockStoreException("cannot delete group " + n.group() + " in " + dir + ": " + e.getMessage(), e);
        }
        notes.write(notes.notes().without(n.group()));
    }

    /** The blocks and their checksums. */
    private void deleteChunks(String suffix) throws IOException {
        Path volumes = dir.resolve("volumes");
        if (!Files.isDirectory(volumes)) {
            return;
        }
        try (Stream<Path> found = Files.list(volumes)) {
            for (Path file : found.toList()) {
                String name = String.valueOf(file.getFileName());
                if (name.endsWith(suffix) || name.endsWith(suffix + ".sums")) {
                    Files.delete(file);
                }
            }
        }
        AtomicFile.forceDirectory(volumes);
    }

    private static void deleteAll(Path directory) throws IOException {
        if (!Files.isDirectory(directory)) {
            return;
        }
        try (Stream<Path> found = Files.list(directory)) {
            for (Path file : found.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(directory);
        Path parent = directory.getParent();
        if (parent != null) {
            AtomicFile.forceDirectory(parent);
        }
    }
}
