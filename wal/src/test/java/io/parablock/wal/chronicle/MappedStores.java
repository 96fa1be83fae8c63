package io.parablock.wal.chronicle;

import io.parablock.wal.segment.SegmentLayout;
import io.parablock.wal.segment.StableStorage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * What the queue has stored into its mapped files since each was forced: every content that a sector had at the end of an
 * operation. A store into a mapping cannot be intercepted, so the files are read after each operation.
 */
final class MappedStores implements StableStorage {
    private static final int SECTOR_BYTES = 512;
    /** Memory may be written to the disk in the middle of a store. */
    private static final int STORE_BYTES = 8;

    private static final int HALF_STORED_PER_MILLE = 100;

    private static final class Stored {
        byte[] latest = new byte[0];
        /** Of each sector that was stored to since the last force: what it held before, the forced content first. */
        final TreeMap<Integer, List<byte[]>> earlier = new TreeMap<>();

        void note(byte[] now) {
            byte[] before = Arrays.copyOf(latest, now.length);
            for (int sector = 0; sector * SECTOR_BYTES < now.length; sector++) {
                int from = sector * SECTOR_BYTES;
                int to = Math.min(now.length, from + SECTOR_BYTES);
                if (!Arrays.equals(before, from, to, now, from, to)) {
                    earlier.computeIfAbsent(sector, s -> new ArrayList<>()).add(Arrays.copyOfRange(before, from, to));
                }
            }
            latest = now;
        }

        byte[] lostPower(Random random) {
            byte[] image = latest.clone();
            int kept = random.nextInt(101); // per cent: often nearly all or nearly nothing
            earlier.forEach((sector, contents) -> {
                if (random.nextInt(100) >= kept) {
                    byte[] old = contents.get(random.nextInt(contents.size()));
                    int from = 0;
                    int to = old.length;
                    if (random.nextInt(1000) < HALF_STORED_PER_MILLE) {
                        int half = random.nextInt(old.length / STORE_BYTES) * STORE_BYTES;
                        from = random.nextBoolean() ? half : 0;
                        to = from == 0 ? half : to;
                    }
                    System.arraycopy(old, from, image, sector * SECTOR_BYTES + from, to - from);
                }
            });
            return image;
        }
    }

    private final Path folder;
    private final TreeMap<Path, Stored> files = new TreeMap<>();
    private final boolean forgetful;

    /** @param forgetful tells of a force that nothing was done for: the test has to find that out */
    MappedStores(Path folder, boolean forgetful) {
        this.folder = folder;
        this.forgetful = forgetful;
    }

    @Override
    public synchronized void force(FileChannel channel) throws IOException {
        FDATASYNC.force(channel);
        if (forgetful) {
            return;
        }
        note();
        byte[] content = new byte[Math.toIntExact(channel.size())];
        ByteBuffer into = ByteBuffer.wrap(content);
        while (into.hasRemaining() && channel.read(into, into.position()) >= 0) {
            // all of it
        }
        for (Stored stored : files.values()) {
            if (Arrays.equals(stored.latest, content)) {
                stored.earlier.clear();
            }
        }
    }

    /** After each operation. */
    synchronized void note() throws IOException {
        files.keySet().removeIf(path -> !Files.exists(path));
        for (Path path : queueFiles()) {
            // A segment's file is zeros that are stable before the queue opens it.
            files.computeIfAbsent(path, p -> new Stored()).note(Files.readAllBytes(path));
        }
    }

    /** Sectors of which the disk may hold something else than the mapping. */
    synchronized int unforcedSectors() {
        return files.values().stream().mapToInt(stored -> stored.earlier.size()).sum();
    }

    private List<Path> queueFiles() throws IOException {
        if (!Files.exists(folder)) {
            return Collections.emptyList();
        }
        try (Stream<Path> all = Files.walk(folder)) {
            return all.filter(path -> SegmentLayout.of(path) == SegmentLayout.QUEUE)
                    .toList();
        }
    }

    /** Copies the folder as a power loss leaves it. */
    synchronized void photograph(Path image, Random random) throws IOException {
        note();
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path path : all.toList()) {
                Path copy = image.resolve(folder.relativize(path));
                Stored stored = files.get(path);
                if (Files.isDirectory(path)) {
                    Files.createDirectories(copy);
                } else if (stored == null) {
                    Files.copy(path, copy);
                } else {
                    Files.write(copy, stored.lostPower(random), StandardOpenOption.CREATE_NEW);
                }
            }
        }
    }
}
