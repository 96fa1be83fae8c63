package io.parablock.wal;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * META in two copies with the same sequence number. A save writes copy 0 and then copy 1, and no copy is written over in place
 * unless the other one has just been read from the disk and is whole. What becomes of each pair of copies that a start can find is a
 * table in docs/wal-format.md. One writer at a time; {@link #damaged} from any thread.
 */
final class MetaCopies {
    private final Path directory;
    private final List<MetaFile> copies;
    /** What both copies have to hold; null if nothing was saved or loaded yet. */
    private volatile AtomicFile.@Nullable Content held;

    MetaCopies(Path directory) {
        this.directory = directory;
        this.copies = List.of(new MetaFile(directory.resolve("meta.0")), new MetaFile(directory.resolve("meta.1")));
    }

    /**
     * Finds META, and has both copies hold it durably. Either copy may be in the format of version 1.
     *
     * @return null if there is none
     * @throws StateLostException if there is one and nobody can tell what it was last
     */
    byte @Nullable [] load() throws IOException {
        AtomicFile.Content first = copies.get(0).read();
        AtomicFile.Content second = copies.get(1).read();
        AtomicFile.Content newest = newest(first, second);
        if (newest == null) {
            return null;
        }
        // What a killed process had handed to the disk may be in the disk's own cache only. The newest copy comes
        // first: until it
        // is durable the other one is all that a power loss would leave. What was never answered may count, or not.
        int at = isOf(first, newest.sequence()) ? 0 : 1;
        boolean alike = isOf(first, newest.sequence()) && isOf(second, newest.sequence());
        copies.get(at).write(newest, alike);
        copies.get(1 - at).write(newest, true);
        for (MetaFile copy : copies) {
            copy.deleteLeftOver();
        }
        held = newest;
        return newest.bytes().clone();
    }

    private static boolean isOf(AtomicFile.@Nullable Content copy, long sequence) {
        return copy != null && copy.sequence() == sequence;
    }

    /** Durable in both copies when this returns. */
    void save(byte[] meta) throws IOException {
        if (meta.length > MetaDescriptor.LENGTH_MAX) {
            throw new IllegalArgumentException(
                    "META of " + meta.length + " bytes: at most " + MetaDescriptor.LENGTH_MAX + " have room");
        }
        AtomicFile.Content before = held;
        if (before == null) {
            before = newest(copies.get(0).read(), copies.get(1).read());
        }
        AtomicFile.Content next = new AtomicFile.Content(before == null ? 1 : before.sequence() + 1, meta.clone());
        // Its writer knows what it was, even if both copies have rotted since.
        held = next;
        copies.get(0).write(next, before != null && copies.get(1).holds(before));
        copies.get(1).write(next, true);
    }

    /** How many copies do not hold what was last saved or loaded; 0 before that. */
    int damaged() {
        AtomicFile.Content wanted = held;
        int damaged = 0;
        if (wanted != null) {
            for (MetaFile copy : copies) {
                damaged += copy.holds(wanted) ? 0 : 1;
            }
        }
        return damaged;
    }

    private AtomicFile.@Nullable Content newest(
            AtomicFile.@Nullable Content first, AtomicFile.@Nullable Content second) {
        if (first == null && second == null) {
            if (copies.get(0).exists() || copies.get(1).exists()) {
                throw new StateLostException("meta in " + directory + " is unreadable in all copies");
            }
            return null;
        }
        if (first == null || second == null) {
            return first == null ? second : first;
        }
        if (first.sequence() == second.sequence() && !MetaFile.isSame(first, second)) {
            throw new StateLostException(
                    "the copies of meta in " + directory + " differ under the same sequence number");
        }
        return first.sequence() >= second.sequence() ? first : second;
    }
}
