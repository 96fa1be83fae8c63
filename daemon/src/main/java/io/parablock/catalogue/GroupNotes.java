package io.parablock.catalogue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.parablock.raft.membership.Members;
import io.parablock.wal.AtomicFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The file {@code volume-groups} of a data directory: which groups of the catalogue's volumes this node has begun, and the catalogue
 * that it followed. A group is
 * noted, durably, once its files are there and before it votes or acknowledges for the first time. So a group that is noted and
 * has no files has lost them, and one that is in the catalogue and not noted is new here and begins empty.
 *
 * <p>Below that catalogue's next group nothing begins any more: a group there that is not noted was deleted here, and a replica that
 * has forgotten its votes must not count. The catalogue may go back in time, after a crash and until its log has been replayed;
 * these notes do not. Thread-safe.
 */
public final class GroupNotes {
    public static final String NAME = "volume-groups";

    private static final int MAGIC = 0x47564250; // "PBVG"
    private static final ObjectMapper JSON = new ObjectMapper();

    /**
     * A group that was begun here.
     *
     * @param volume whose chunk it is
     * @param deleting the volume is deleted, and the files are about to go
     * @param members whose disks count at its beginning, decided with its creation; null: those with which the cluster formed
     */
    public record Noted(
            int group,
            String volume,
            long chunkBytes,
            boolean deleting,
            @Nullable Members members) {
        /** Of a cluster in which no disk was replaced before. */
        public Noted(int group, String volume, long chunkBytes, boolean deleting) {
            this(group, volume, chunkBytes, deleting, null);
        }
    }

    /**
     * What the file says.
     *
     * @param catalogue that this node has followed last: what it serves right after a start
     * @param groups by their ids
     */
    public record Notes(Catalogue catalogue, SortedMap<Integer, Noted> groups) {
        public Notes {
            groups = Collections.unmodifiableSortedMap(new TreeMap<>(groups));
        }

        /** Whether the group is new here and may begin empty. */
        public boolean mayBegin(int group) {
            return group >= catalogue.nextGroup() && !groups.containsKey(group);
        }

        /** Having begun these, and with all deleting that {@code next} does not have any more. */
        public Notes following(Catalogue next, List<Noted> begun) {
            SortedMap<Integer, Noted> all = new TreeMap<>(groups);
            begun.forEach(n -> all.put(n.group, n));
            Set<Integer> kept =
                    next.volumes().stream().flatMap(v -> v.groups().stream()).collect(Collectors.toSet());
            all.replaceAll(
                    (id, n) -> new Noted(id, n.volume, n.chunkBytes, n.deleting || !kept.contains(id), n.members));
            return new Notes(next, all);
        }

        /** The group's files are gone. */
        public Notes without(int group) {
            SortedMap<Integer, Noted> rest = new TreeMap<>(groups);
            rest.remove(group);
            return new Notes(catalogue, rest);
        }
    }

    private final Path path;
    private final AtomicFile file;
    private boolean begun;
    private long sequence;
    private Notes notes = new Notes(Catalogue.EMPTY, new TreeMap<>());

    private GroupNotes(Path path) {
        this.path = path;
        this.file = new AtomicFile(path, MAGIC);
    }

    /** @throws IOException with one line for the operator if the file is there and unreadable */
    public static GroupNotes open(Path directory) throws IOException {
        GroupNotes out = new GroupNotes(directory.resolve(NAME));
        if (out.file.exists()) {
            AtomicFile.Content content = out.file.read();
            if (content == null) {
                throw new IOException(out.path + " is unreadable: nobody can tell which groups were begun here; restore"
                        + " all of the data directory");
            }
            out.notes = decode(content.bytes());
            out.sequence = content.sequence();
            out.begun = true;
        }
        return out;
    }

    /** Whether the catalogue's own group was begun here. */
    public synchronized boolean isBegun() {
        return begun;
    }

    public synchronized Notes notes() {
        return notes;
    }

    /** Durable when this returns. */
    public synchronized void write(Notes next) throws IOException {
        file.write(sequence + 1, encode(next));
        sequence++;
        notes = next;
        begun = true;
    }

    private static byte[] encode(Notes notes) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.set("catalogue", notes.catalogue.toJson());
        ArrayNode groups = json.putArray("groups");
        for (Noted n : notes.groups.values()) {
            ObjectNode one = groups.addObject()
                    .put("group", n.group)
                    .put("volume", n.volume)
                    .put("chunk_size", n.chunkBytes)
                    .put("deleting", n.deleting);
            if (n.members != null) {
                one.set("members", MembersJson.encode(n.members));
            }
        }
        return json.toString().getBytes(StandardCharsets.UTF_8);
    }

    private static Notes decode(byte[] bytes) throws IOException {
        JsonNode json = JSON.readTree(bytes);
        SortedMap<Integer, Noted> byId = new TreeMap<>();
        for (JsonNode g : json.path("groups")) {
            int group = g.path("group").asInt();
            byId.put(
                    group,
                    new Noted(
                            group,
                            g.path("volume").asText(),
                            g.path("chunk_size").asLong(),
                            g.path("deleting").asBoolean(),
                            g.has("members") ? MembersJson.decode(g.path("members")) : null));
        }
        return new Notes(Catalogue.ofJson(json.path("catalogue")), byId);
    }
}
