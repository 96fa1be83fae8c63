package io.parablock.catalogue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.parablock.catalogue.RefusedChangeException.Reason;
import io.parablock.raft.membership.Members;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The volumes that were created while the cluster runs, as one version of a record that every node has. Pure. A change makes the
 * next version; {@link CatalogueStore} decides which of several next versions is taken.
 *
 * <pre>
 *   {"version": 3, "next_group": 1028, "changes": ["6f0c…", …],
 *    "volumes": [{"name": "disk1", "size": 1073741824, "chunk_size": 10737418240, "groups": [1026]}],
 *    "members": [{"from": 1027, "seats": [{"node": 1, "generation": 0, "incarnation": 4711}, …]}]}
 * </pre>
 *
 * <p>Whose disks count in a group when it begins is decided with its creation (protocol.md §9): every node begins it with the same
 * members, however much it knows of replaced disks by then.
 *
 * @param version how many changes there were
 * @param nextGroup of the next chunk: no group id is given twice
 * @param changes the ids of the newest changes, that of this version first
 * @param volumes in the order of their creation
 * @param beginnings by the first group that begins with them, up to the next one here; before the first, groups begin with the
 *     disks with which the cluster formed
 */
public record Catalogue(
        long version,
        int nextGroup,
        List<String> changes,
        List<Volume> volumes,
        SortedMap<Integer, Members> beginnings) {
    /** The catalogue's own group: the groups of configured volumes end before it. */
    public static final int GROUP = 1025;

    /** The first group of a chunk. */
    public static final int FIRST_GROUP = GROUP + 1;

    /** Named limit of group ids: 16 bits of a log record's token. */
    public static final int GROUP_MAX = 65_535;

    /** Named limit of the chunks of all volumes together: each is a group, with a log and a leader. */
    public static final int CHUNKS_MAX = 1024;

    /** Named limit of a volume's name, in characters. */
    public static final int NAME_MAX = 64;

    /** What a size is a multiple of, in bytes. */
    public static final long BLOCK_BYTES = 4096;

    public static final long SIZE_MAX = 1024L << 40;
    public static final long CHUNK_MIN = 1 << 20;
    public static final long CHUNK_MAX = 1L << 40;

    /** So many changes may follow one before whoever asked for it has read that it was taken. */
    static final int CHANGES_KEPT = 16;

    /** Before the first change. */
    public static final Catalogue EMPTY = new Catalogue(0, FIRST_GROUP, List.of(), List.of());

    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]*");
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String NAME_KEY = "name";
    private static final String MEMBERS_KEY = "members";
    private static final String FROM_KEY = "from";
    private static final String SEATS_KEY = "seats";

    /**
     * A volume. Its chunks are whole: that it grows inside its last one changes nothing but {@code sizeBytes}.
     *
     * @param groups of its chunks, in order
     */
    public record Volume(String name, long sizeBytes, long chunkBytes, List<Integer> groups) {
        public Volume {
            groups = List.copyOf(groups);
        }
    }

    /**
     * What a node lets an administrator do.
     *
     * @param volumesMax {@code limits.volumes}: volumes that were created, at once
     * @param configured names in its configuration
     * @param members whose disks count, as far as the node knows; null: those with which the cluster formed
     */
    public record Rules(
            int volumesMax,
            Set<String> configured,
            @Nullable Members members) {
        public Rules {
            configured = Set.copyOf(configured);
        }

        /** Of a cluster in which no disk was replaced. */
        public Rules(int volumesMax, Set<String> configured) {
            this(volumesMax, configured, null);
        }
    }

    public Catalogue {
        changes = List.copyOf(changes);
        volumes = List.copyOf(volumes);
        beginnings = Collections.unmodifiableSortedMap(new TreeMap<>(beginnings));
    }

    /** All groups begin with the disks with which the cluster formed. */
    public Catalogue(long version, int nextGroup, List<String> changes, List<Volume> volumes) {
        this(version, nextGroup, changes, volumes, new TreeMap<>());
    }

    /** Whose disks count when a group begins; empty: those with which the cluster formed. */
    public Optional<Members> beginsWith(int group) {
        return beginnings.headMap(group + 1).values().stream().reduce((earlier, later) -> later);
    }

    public Optional<Volume> volume(String name) {
        return volumes.stream().filter(v -> v.name.equals(name)).findFirst();
    }

    /** Whether the change has been taken, in this version or shortly before. */
    public boolean has(String change) {
        return changes.contains(change);
    }

    // ---------------------------------------------------------------- changes

    /**
     * The next version, with one more volume.
     *
     * @param change its id, drawn by whoever asks
     */
    public Catalogue create(String change, String name, long sizeBytes, long chunkBytes, Rules rules)
            throws RefusedChangeException {
        if (name.length() > NAME_MAX || !NAME.matcher(name).matches()) {
            throw invalid("a volume's name is 1 to " + NAME_MAX
                    + " letters, digits, dots, dashes and underscores, and begins with a letter or digit: '" + name
                    + "'");
        }
        requireSize("chunk size", chunkBytes, CHUNK_MIN, CHUNK_MAX);
        requireSize("size", sizeBytes, BLOCK_BYTES, SIZE_MAX);
        if (rules.configured.contains(name)) {
            throw conflict("there is a volume " + name + " already: the configuration of the nodes has it");
        }
        if (volume(name).isPresent()) {
            throw conflict("there is a volume " + name + " already");
        }
        if (volumes.size() >= rules.volumesMax) {
            throw conflict("limits.volumes is " + rules.volumesMax + ", and there are as many");
        }
        List<Volume> next = new ArrayList<>(volumes);
        List<Integer> groups = grown(List.of(), sizeBytes, chunkBytes);
        next.add(new Volume(name, sizeBytes, chunkBytes, groups));
        return next(change, nextGroup + groups.size(), next, rules);
    }

    /** The next version, with a volume that has grown. */
    public Catalogue resize(String change, String name, long sizeBytes, Rules rules) throws RefusedChangeException {
        Volume before = required(name, rules);
        requireSize("size", sizeBytes, BLOCK_BYTES, SIZE_MAX);
        if (sizeBytes < before.sizeBytes) {
            throw conflict("volume " + name + " has " + before.sizeBytes + " bytes, and a volume cannot shrink to "
                    + sizeBytes);
        }
        if (sizeBytes == before.sizeBytes) {
            throw conflict("volume " + name + " has " + sizeBytes + " bytes already");
        }
        List<Integer> groups = grown(before.groups, sizeBytes, before.chunkBytes);
        List<Volume> next = new ArrayList<>(volumes);
        next.set(volumes.indexOf(before), new Volume(name, sizeBytes, before.chunkBytes, groups));
        return next(change, nextGroup + groups.size() - before.groups.size(), next, rules);
    }

    /** The next version, with a volume less. */
    public Catalogue delete(String change, String name, Rules rules) throws RefusedChangeException {
        List<Volume> next = new ArrayList<>(volumes);
        next.remove(required(name, rules));
        return next(change, nextGroup, next, rules);
    }

    private Volume required(String name, Rules rules) throws RefusedChangeException {
        Optional<Volume> known = volume(name);
        // Also if there is one that the configuration's hides: that is not the one that is meant.
        if (rules.configured.contains(name)) {
            throw conflict("volume " + name
                    + " is in the configuration of the nodes, under the key volumes: only there can it be changed");
        }
        if (known.isEmpty()) {
            throw new RefusedChangeException(Reason.UNKNOWN, "there is no volume " + name);
        }
        return known.get();
    }

    private List<Integer> grown(List<Integer> before, long sizeBytes, long chunkBytes) throws RefusedChangeException {
        long chunks = (sizeBytes - 1) / chunkBytes + 1;
        int others = volumes.stream().mapToInt(v -> v.groups.size()).sum() - before.size();
        if (others + chunks > CHUNKS_MAX) {
            throw conflict("all volumes together may have " + CHUNKS_MAX + " chunks, and would have "
                    + (others + chunks) + "; larger chunks are fewer");
        }
        int more = Math.max(0, (int) chunks - before.size());
        if (nextGroup + more - 1 > GROUP_MAX) {
            throw conflict("group ids are used up: of " + (GROUP_MAX - GROUP) + " chunks that can ever be created "
                    + (nextGroup - FIRST_GROUP) + " were, and this needs " + more);
        }
        List<Integer> out = new ArrayList<>(before);
        IntStream.range(nextGroup, nextGroup + more).forEach(out::add);
        return out;
    }

    private static void requireSize(String what, long bytes, long min, long max) throws RefusedChangeException {
        if (bytes < min || bytes > max || bytes % BLOCK_BYTES != 0) {
            throw invalid("a " + what + " is a multiple of " + BLOCK_BYTES + " bytes from " + min + " to " + max + ": "
                    + bytes);
        }
    }

    private Catalogue next(String change, int nextGroupThen, List<Volume> volumesThen, Rules rules)
            throws RefusedChangeException {
        List<String> kept = new ArrayList<>();
        kept.add(change);
        changes.stream().limit(CHANGES_KEPT - 1L).forEach(kept::add);
        Catalogue next = new Catalogue(
                version + 1,
                nextGroupThen,
                kept,
                volumesThen,
                nextBeginnings(nextGroupThen, volumesThen, rules.members));
        if (next.encode().length > CatalogueDescriptor.RECORD_BYTES_MAX) {
            throw conflict(
                    "the catalogue of volumes is full: it may take " + CatalogueDescriptor.RECORD_BYTES_MAX + " bytes");
        }
        return next;
    }

    /** The newest account of each seat; what no group needs any more goes. */
    private SortedMap<Integer, Members> nextBeginnings(
            int nextGroupThen, List<Volume> volumesThen, @Nullable Members now) {
        TreeMap<Integer, Members> all = new TreeMap<>(beginnings);
        Members last = all.isEmpty() ? null : all.lastEntry().getValue();
        if (now != null && nextGroupThen > nextGroup) {
            Members members = last == null ? now : last.newest(now);
            boolean isNew = last == null ? !members.isFounding() : !members.equals(last);
            if (isNew) {
                all.put(nextGroup, members);
            }
        }
        TreeMap<Integer, Members> needed = new TreeMap<>();
        for (Map.Entry<Integer, Members> e : all.entrySet()) {
            int from = e.getKey();
            Integer to = all.higherKey(from);
            boolean has = volumesThen.stream()
                    .flatMap(v -> v.groups.stream())
                    .anyMatch(g -> g >= from && (to == null || g < to));
            if (has || to == null) {
                needed.put(from, e.getValue());
            }
        }
        return needed;
    }

    private static RefusedChangeException invalid(String line) {
        return new RefusedChangeException(Reason.INVALID, line);
    }

    private static RefusedChangeException conflict(String line) {
        return new RefusedChangeException(Reason.CONFLICT, line);
    }

    // ---------------------------------------------------------------- the record

    /** As it is kept: the header of {@link CatalogueDescriptor}, then JSON. */
    public byte[] encode() {
        int format = beginnings.isEmpty() ? CatalogueDescriptor.FORMAT : CatalogueDescriptor.FORMAT_WITH_MEMBERS;
        return CatalogueDescriptor.encode(format, version, toJson().toString().getBytes(StandardCharsets.UTF_8));
    }

    ObjectNode toJson() {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("version", version).put("next_group", nextGroup);
        ArrayNode ids = json.putArray("changes");
        changes.forEach(ids::add);
        ArrayNode all = json.putArray("volumes");
        for (Volume v : volumes) {
            ObjectNode one = all.addObject();
            one.put(NAME_KEY, v.name).put("size", v.sizeBytes).put("chunk_size", v.chunkBytes);
            ArrayNode groups = one.putArray("groups");
            v.groups.forEach(g -> groups.add(g.intValue()));
        }
        if (!beginnings.isEmpty()) {
            ArrayNode members = json.putArray(MEMBERS_KEY);
            beginnings.forEach(
                    (from, m) -> members.addObject().put(FROM_KEY, from).set(SEATS_KEY, MembersJson.encode(m)));
        }
        return json;
    }

    /** How long the record is that begins with this block, in bytes; 0 if there is none. */
    public static int recordBytes(byte[] firstBlock) {
        return Math.max(0, CatalogueDescriptor.bytes(firstBlock));
    }

    /**
     * The catalogue in a store's image; {@link #EMPTY} if nothing was ever written.
     *
     * @param image from the store's first byte; as much of it as the record takes
     * @throws IOException with one line if it is damaged, or of a later version of this program
     */
    public static Catalogue decode(byte[] image) throws IOException {
        byte[] json = CatalogueDescriptor.content(image);
        if (json == null) {
            if (CatalogueDescriptor.isBlank(image)) {
                return EMPTY;
            }
            throw new IOException("the catalogue of volumes is damaged, or of a later version of this program");
        }
        return ofJson(JSON.readTree(json));
    }

    /** @throws IOException with one line if it cannot be */
    static Catalogue ofJson(JsonNode tree) throws IOException {
        List<String> changes = new ArrayList<>();
        tree.path("changes").forEach(c -> changes.add(c.asText()));
        List<Volume> volumes = new ArrayList<>();
        Set<Integer> used = new HashSet<>();
        int nextGroup = tree.path("next_group").asInt();
        for (JsonNode v : tree.path("volumes")) {
            List<Integer> groups = new ArrayList<>();
            for (JsonNode g : v.path("groups")) {
                if (g.asInt() < FIRST_GROUP || g.asInt() >= nextGroup || !used.add(g.asInt())) {
                    throw new IOException("the catalogue of volumes has group " + g + " where it cannot be");
                }
                groups.add(g.asInt());
            }
            Volume volume = new Volume(
                    v.path(NAME_KEY).asText(),
                    v.path("size").asLong(),
                    v.path("chunk_size").asLong(),
                    groups);
            if (volume.chunkBytes < 1 || (volume.sizeBytes - 1) / volume.chunkBytes + 1 != groups.size()) {
                throw new IOException("the catalogue of volumes has " + groups.size() + " chunks of " + v);
            }
            volumes.add(volume);
        }
        TreeMap<Integer, Members> beginnings = new TreeMap<>();
        for (JsonNode m : tree.path(MEMBERS_KEY)) {
            beginnings.put(m.path(FROM_KEY).asInt(), MembersJson.decode(m.path(SEATS_KEY)));
        }
        return new Catalogue(tree.path("version").asLong(), nextGroup, changes, volumes, beginnings);
    }
}
