package io.parablock.wal.segment;

import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * How the records of a segment lie in its file. The file's name tells which, so that a log may hold segments of both.
 *
 * <pre>
 *   QUEUE   ...|word|record|word|record|...                        4-byte boundaries; the words are the queue's
 *
 *   WRITES  |record|record|..zeros..|marker||record|..zeros..|marker||fill...
 *           ^ 4096-byte boundary            ^ the next write             ^ never written
 * </pre>
 */
public enum SegmentLayout {
    /** A Chronicle Queue's cycle file. Its fill is zeros. */
    QUEUE("F.cq4", 4) {
        /**
         * The queue names a cycle file after a time; our cycles are hours, counted by segment id. The names last until
         * the year 9999: 70 million segments, 4 EiB of them at the default size.
         */
        @Override
        String fileName(int segmentId) {
            LocalDateTime hour = LocalDateTime.ofEpochSecond(segmentId * CYCLE_S, 0, ZoneOffset.UTC);
            return CYCLE_NAME.format(hour) + suffix();
        }

        @Override
        int segmentIdOf(String stem) {
            return (int) (LocalDateTime.parse(stem, CYCLE_NAME).toEpochSecond(ZoneOffset.UTC) / CYCLE_S);
        }

        @Override
        long fillWord(long nonce) {
            return 0;
        }

        @Override
        boolean isFill(long word) {
            return word == 0;
        }
    },

    /**
     * Whole writes from one {@link #WRITE_ALIGNMENT} boundary to another, each ending in a marker. Its fill is a word
     * that follows from the segment's nonce: what a client writes, zeros above all, cannot look as if never written.
     */
    WRITES(".wal", 8) {
        @Override
        String fileName(int segmentId) {
            return String.format(Locale.ROOT, "%010d", segmentId) + suffix();
        }

        @Override
        int segmentIdOf(String stem) {
            return Integer.parseInt(stem);
        }

        @Override
        long fillWord(long nonce) {
            // The finaliser of SplitMix64: every bit of the nonce reaches every bit of the word.
            long z = nonce + 0x9E37_79B9_7F4A_7C15L;
            z = (z ^ (z >>> 30)) * 0xBF58_476D_1CE4_E5B9L;
            z = (z ^ (z >>> 27)) * 0x94D0_49BB_1331_11EBL;
            return (z ^ (z >>> 31)) | 1;
        }

        @Override
        boolean isFill(long word) {
            return (word & 1) != 0;
        }
    };

    /** What O_DIRECT asks for on any disk of today; also the page of the page cache. */
    public static final int WRITE_ALIGNMENT = 4096;

    public static final long CYCLE_S = 3600;
    private static final DateTimeFormatter CYCLE_NAME = DateTimeFormatter.ofPattern("yyyyMMdd-HH", Locale.ROOT);

    private final String suffix;
    private final int recordAlignment;

    SegmentLayout(String suffix, int recordAlignment) {
        this.suffix = suffix;
        this.recordAlignment = recordAlignment;
    }

    abstract String fileName(int segmentId);

    abstract int segmentIdOf(String stem);

    /** What fills a segment before it is written. */
    abstract long fillWord(long nonce);

    /** Whether a word may be the fill of a segment whose nonce is lost. */
    abstract boolean isFill(long word);

    public String suffix() {
        return suffix;
    }

    public int recordAlignment() {
        return recordAlignment;
    }

    /** The layout of a file of this name, or null when it is not a segment. */
    public static @Nullable SegmentLayout of(Path file) {
        for (SegmentLayout layout : values()) {
            if (file.toString().endsWith(layout.suffix)) {
                return layout;
            }
        }
        return null;
    }

    /** @throws IllegalArgumentException if it is not a segment */
    static SegmentLayout require(Path file) {
        SegmentLayout layout = of(file);
        if (layout == null) {
            throw new IllegalArgumentException(file + " is not a segment file");
        }
        return layout;
    }

    /**
     * The id in the name of a segment file.
     *
     * @throws RuntimeException if the name is not one that {@link #fileName} gives
     */
    public int segmentIdOf(Path file) {
        String name = String.valueOf(file.getFileName());
        return segmentIdOf(name.substring(0, name.length() - suffix.length()));
    }

    public static long alignUp(long bytes) {
        return (bytes + WRITE_ALIGNMENT - 1) & -WRITE_ALIGNMENT;
    }
}
