package io.parablock.tools;

import com.sun.jna.LastErrorException;
import com.sun.jna.Native;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Which parts of a sparse file hold data; the rest reads as zeros and need not be read. */
final class SparseExtents {
    private static final int O_RDONLY = 0;
    private static final int SEEK_DATA = 3;
    private static final int SEEK_HOLE = 4;

    /** From {@code start}, inclusive, to {@code end}, exclusive, in bytes. */
    record Range(long start, long end) {}

    private SparseExtents() {}

    /** The C library's calls that Java has no words for. */
    private static final class LibC {
        static {
            Native.register(LibC.class, "c");
        }

        static native int open(String path, int flags) throws LastErrorException;

        static native long lseek(int file, long offset, int whence) throws LastErrorException;

        static native int close(int file) throws LastErrorException;
    }

    /** The data ranges of {@code file}, in order; the whole file where the system cannot tell. */
    static List<Range> of(Path file) throws IOException {
        long size = Files.size(file);
        int descriptor;
        try {
            descriptor = LibC.open(file.toString(), O_RDONLY);
        } catch (LastErrorException | UnsatisfiedLinkError e) {
            return List.of(new Range(0, size));
        }
        try {
            return scan(descriptor, size);
        } finally {
            LibC.close(descriptor);
        }
    }

    private static List<Range> scan(int descriptor, long size) {
        List<Range> ranges = new ArrayList<>();
        long position = 0;
        while (position < size) {
            long start;
            try {
                start = LibC.lseek(descriptor, position, SEEK_DATA);
            } catch (LastErrorException e) {
                // ENXIO: no data from here to the end.
                break;
            }
            long end = LibC.lseek(descriptor, start, SEEK_HOLE);
            ranges.add(new Range(start, end));
            position = end;
        }
        return ranges;
    }

    /** The ranges that hold data in at least one of several files, in order and without overlap. */
    static List<Range> union(List<List<Range>> files) {
        List<Range> all = new ArrayList<>();
        files.forEach(all::addAll);
        all.sort(Comparator.comparingLong(Range::start));
        List<Range> merged = new ArrayList<>();
        for (Range range : all) {
            Range last = merged.isEmpty() ? null : merged.get(merged.size() - 1);
            if (last != null && range.start() <= last.end()) {
                merged.set(merged.size() - 1, new Range(last.start(), Math.max(last.end(), range.end())));
            } else {
                merged.add(range);
            }
        }
        return merged;
    }
}
