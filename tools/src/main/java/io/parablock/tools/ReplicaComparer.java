package io.parablock.tools;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Compares the replicas of a cluster byte by byte, once nothing is under way. */
final class ReplicaComparer {
    private static final long POLL_MS = 100;
    private static final int PIECE_BYTES = 1 << 20;

    private final ClusterFolder folder;

    ReplicaComparer(ClusterFolder folder) {
        this.folder = folder;
    }

    /** What a comparison found: {@code difference} is null if there is none. */
    record Outcome(@Nullable String difference, int chunks, long dataBytes) {}

    /**
     * Waits until every node has applied everything: all watermarks equal and nothing in flight, twice in a row.
     *
     * @throws CommandFailure if that does not come within {@code timeoutMs}
     */
    void awaitQuiet(long timeoutMs) throws InterruptedException {
        long deadlineNs = System.nanoTime() + timeoutMs * 1_000_000;
        List<Long> before = List.of();
        ClusterStatus status;
        do {
            status = ClusterStatus.of(folder);
            if (status.quiet()) {
                List<Long> now = status.watermarks();
                if (now.equals(before)) {
                    return;
                }
                before = now;
            } else {
                before = List.of();
            }
            Thread.sleep(POLL_MS);
        } while (System.nanoTime() < deadlineNs);
        throw new CommandFailure("the replicas do not come to rest: " + describe(status));
    }

    private static String describe(ClusterStatus status) {
        List<String> parts = new ArrayList<>();
        for (ClusterStatus.Member member : status.members()) {
            parts.add(
                    member.status() == null
                            ? "node " + member.node().id() + " does not answer"
                            : "node " + member.node().id() + " " + member.role() + " commit "
                                    + member.number(NodeStatus.COMMIT) + " applied "
                                    + member.number(NodeStatus.APPLIED) + " in flight "
                                    + member.number(NodeStatus.IN_FLIGHT));
        }
        return String.join(", ", parts);
    }

    /** Compares every chunk of every volume over all nodes. */
    Outcome compare() throws IOException {
        List<NodeConfig> nodes = folder.nodes();
        TreeSet<String> chunks = new TreeSet<>();
        for (NodeConfig node : nodes) {
            chunks.addAll(ChunkFiles.of(node.dataDir()));
        }
        if (chunks.isEmpty()) {
            throw new CommandFailure("there are no chunk files in " + folder.dir());
        }
        long dataBytes = 0;
        for (String chunk : chunks) {
            List<Path> files =
                    nodes.stream().map(node -> node.dataDir().resolve(chunk)).toList();
            for (int i = 0; i < files.size(); i++) {
                if (!Files.exists(files.get(i))) {
                    return new Outcome(
                            ChunkFiles.name(chunk) + ": node " + nodes.get(i).id() + " has no file " + chunk,
                            chunks.size(),
                            dataBytes);
                }
            }
            List<SparseExtents.Range> ranges = dataRanges(files);
            String difference = firstDifference(ChunkFiles.name(chunk), nodes, files, ranges);
            dataBytes += ranges.stream()
                    .mapToLong(range -> range.end() - range.start())
                    .sum();
            if (difference != null) {
                return new Outcome(difference, chunks.size(), dataBytes);
            }
        }
        return new Outcome(null, chunks.size(), dataBytes);
    }

    private static List<SparseExtents.Range> dataRanges(List<Path> files) throws IOException {
        List<List<SparseExtents.Range>> each = new ArrayList<>();
        for (Path file : files) {
            each.add(SparseExtents.of(file));
        }
        return SparseExtents.union(each);
    }

    private static @Nullable String firstDifference(
            String volume, List<NodeConfig> nodes, List<Path> files, List<SparseExtents.Range> ranges)
            throws IOException {
        List<FileChannel> channels = new ArrayList<>();
        try {
            for (Path file : files) {
                channels.add(FileChannel.open(file));
            }
            ByteBuffer first = ByteBuffer.allocate(PIECE_BYTES);
            ByteBuffer other = ByteBuffer.allocate(PIECE_BYTES);
            for (SparseExtents.Range range : ranges) {
                for (long at = range.start(); at < range.end(); at += PIECE_BYTES) {
                    int bytes = (int) Math.min(PIECE_BYTES, range.end() - at);
                    readOrZeros(channels.get(0), first, at, bytes);
                    for (int i = 1; i < channels.size(); i++) {
                        readOrZeros(channels.get(i), other, at, bytes);
                        int place = first.mismatch(other);
                        if (place >= 0) {
                            return volume + " differs at byte " + (at + place) + " between node "
                                    + nodes.get(0).id() + " (" + hex(first.get(place)) + ") and node "
                                    + nodes.get(i).id() + " (" + hex(other.get(place)) + ")";
                        }
                    }
                }
            }
            return null;
        } finally {
            for (FileChannel channel : channels) {
                channel.close();
            }
        }
    }

    private static String hex(byte value) {
        return String.format("0x%02x", value);
    }

    /** A file may end early where nothing was ever written: the rest reads as zeros. */
    private static void readOrZeros(FileChannel channel, ByteBuffer target, long at, int bytes) throws IOException {
        target.clear().limit(bytes);
        while (target.hasRemaining()) {
            int count = channel.read(target, at + target.position());
            if (count < 0) {
                target.put(new byte[target.remaining()]);
            }
        }
        target.position(0);
    }

    /** Where a node keeps the chunks of its volumes. */
    static final class ChunkFiles {
        private static final String SUFFIX = ".chunk";

        private ChunkFiles() {}

        /** The chunk files below a data folder, as paths relative to it. */
        static List<String> of(Path dataDir) throws IOException {
            if (!Files.isDirectory(dataDir)) {
                throw new CommandFailure("there is no folder " + dataDir);
            }
            try (Stream<Path> files = Files.walk(dataDir)) {
                return files.filter(ChunkFiles::isChunk)
                        .map(file -> dataDir.relativize(file).toString())
                        .toList();
            }
        }

        static boolean isChunk(Path file) {
            return file.toString().endsWith(SUFFIX);
        }

        static String name(String chunk) {
            // The daemon names them VOLUME-CHUNK.chunk.
            String file = String.valueOf(Path.of(chunk).getFileName()).replace(SUFFIX, "");
            int dash = file.lastIndexOf('-');
            return dash < 0
                    ? "chunk " + chunk
                    : "volume " + file.substring(0, dash) + " chunk " + file.substring(dash + 1);
        }
    }
}
