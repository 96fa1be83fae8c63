package io.parablock.wal.segment;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.parablock.wal.RecordDescriptor;
import io.parablock.wal.WalException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * A buffer that slides over a segment file. Sectors that cannot be read are zeros in it: the records there turn up as
 * gaps. A mapping would turn them into a signal instead.
 */
final class ScanWindow {
    static final int NOT_FOUND = -1;

    private static final int SECTOR_BYTES = 4096;
    private static final int READ_AHEAD_BYTES = 4 << 20;

    private final int recordBytesMax;
    private final ScanProgress progress;
    private ByteBuffer buffer;
    private UnsafeBuffer bytes;
    private FileChannel channel;
    private long fileBytes;
    private long startBytes;
    private int filledBytes;
    private boolean unreadable;

    @SuppressWarnings("NullAway.Init") // the channel comes with open
    ScanWindow(int recordBytesMax, ScanProgress progress) {
        this.recordBytesMax = recordBytesMax;
        this.progress = progress;
        reserve(0);
    }

    void open(Segment segment) {
        try {
            channel = segment.readChannel();
            fileBytes = Math.min(segment.fileBytes, channel.size());
            startBytes = 0;
            filledBytes = 0;
            unreadable = false;
            progress.beginSegment(fileBytes);
            int wanted = recordBytesMax + (int) Math.min(READ_AHEAD_BYTES, fileBytes);
            if (wanted > buffer.capacity()) {
                reserve(wanted);
            }
        } catch (IOException e) {
            throw new WalException("cannot open segment " + segment.path, e);
        }
    }

    long fileBytes() {
        return fileBytes;
    }

    /** Whether every byte can be read and all words of 8 bytes are the same fill: nothing was ever written here. */
    boolean isUniform(SegmentLayout layout) {
        long first = bytes.getLong(indexOf(0, Long.BYTES), LITTLE_ENDIAN);
        return isFilled(0, fileBytes, first) && !unreadable && layout.isFill(first);
    }

    /** Whether a range, which begins at a multiple of 8, holds nothing but this word in each whole 8 bytes. */
    boolean isFilled(long from, long to, long word) {
        for (long at = from; at + Long.BYTES <= to; ) {
            int index = indexOf(at, Long.BYTES);
            int end = (int) Math.min(filledBytes, to - startBytes) - Long.BYTES;
            for (; index <= end; index += Long.BYTES) {
                if (bytes.getLong(index, LITTLE_ENDIAN) != word) {
                    return false;
                }
            }
            at = startBytes + index;
        }
        return true;
    }

    /**
     * The first offset in a range at which these 4 bytes are, or {@link #NOT_FOUND}. Most of what a scan looks at is no
     * header, so this is its innermost loop: 8 bytes at a time, and the window is asked for once.
     *
     * @param alignment 4 or 8: of the offsets to look at, and of {@code from}
     */
    long find(int word, long from, long to, int alignment) {
        for (long at = from; at < to; ) {
            int index = indexOf(at, Long.BYTES);
            if (alignment < Long.BYTES && index % Long.BYTES != 0) {
                if (bytes.getInt(index, LITTLE_ENDIAN) == word) {
                    return at;
                }
                at += Integer.BYTES;
                continue;
            }
            int end = (int) Math.min(filledBytes - Long.BYTES, to - startBytes - 1);
            for (; index <= end; index += Long.BYTES) {
                long both = bytes.getLong(index, LITTLE_ENDIAN);
                if ((int) both == word) {
                    return startBytes + index;
                }
                if (alignment < Long.BYTES && (int) (both >>> Integer.SIZE) == word) {
                    long found = startBytes + index + Integer.BYTES;
                    return found < to ? found : NOT_FOUND;
                }
            }
            at = startBytes + index;
        }
        return NOT_FOUND;
    }

    UnsafeBuffer bytes() {
        return bytes;
    }

    ByteBuffer buffer() {
        return buffer;
    }

    ByteBuffer slice(int index, int length) {
        return buffer.duplicate().limit(index + length).position(index).slice().asReadOnlyBuffer();
    }

    /** The index in the buffer of a file offset, with this many bytes after it; bytes past the file's end are zeros. */
    int indexOf(long offsetBytes, int length) {
        if (offsetBytes < startBytes || offsetBytes + length > startBytes + filledBytes) {
            load(offsetBytes, length);
        }
        return (int) (offsetBytes - startBytes);
    }

    private void reserve(int capacityBytes) {
        buffer = ByteBuffer.allocateDirect(capacityBytes);
        bytes = new UnsafeBuffer(buffer);
    }

    private void load(long offsetBytes, int length) {
        startBytes = offsetBytes & -SECTOR_BYTES;
        progress.reached(startBytes);
        int needed = (int) (offsetBytes - startBytes) + length;
        if (needed > buffer.capacity()) {
            // Only a header that passed its CRC can ask for more than the configured record size.
            reserve(needed + RecordDescriptor.HEADER_LENGTH_MAX);
        }
        filledBytes = buffer.capacity();
        int wanted = (int) Math.min(filledBytes, Math.max(0, fileBytes - startBytes));
        bytes.setMemory(wanted, filledBytes - wanted, (byte) 0);
        try {
            read(0, wanted);
        } catch (IOException someSectorIsBad) {
            for (int at = 0; at < wanted; at += SECTOR_BYTES) {
                readSectorOrZeros(at, Math.min(SECTOR_BYTES, wanted - at));
            }
        }
        buffer.clear();
    }

    private void readSectorOrZeros(int at, int length) {
        try {
            read(at, length);
        } catch (IOException bad) {
            bytes.setMemory(at, length, (byte) 0);
            unreadable = true;
        }
    }

    private void read(int at, int length) throws IOException {
        buffer.limit(at + length).position(at);
        while (buffer.hasRemaining()) {
            if (channel.read(buffer, startBytes + buffer.position()) < 0) {
                // Shortened since it was opened.
                bytes.setMemory(buffer.position(), buffer.remaining(), (byte) 0);
                return;
            }
        }
    }
}
