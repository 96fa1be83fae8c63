package io.parablock.wal.chronicle;

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
    private static final int SECTOR_BYTES = 4096;
    private static final int READ_AHEAD_BYTES = 1 << 20;

    private ByteBuffer buffer;
    private UnsafeBuffer bytes;
    private FileChannel channel;
    private long fileBytes;
    private long startBytes;
    private int filledBytes;

    @SuppressWarnings("NullAway.Init") // the channel comes with open
    ScanWindow(int recordBytesMax) {
        buffer = ByteBuffer.allocateDirect(recordBytesMax + READ_AHEAD_BYTES);
        bytes = new UnsafeBuffer(buffer);
    }

    void open(Segment segment) {
        try {
            channel = segment.readChannel();
            fileBytes = Math.min(segment.fileBytes, channel.size());
            startBytes = 0;
            filledBytes = 0;
        } catch (IOException e) {
            throw new WalException("cannot open segment " + segment.path, e);
        }
    }

    long fileBytes() {
        return fileBytes;
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

    private void load(long offsetBytes, int length) {
        startBytes = offsetBytes & -SECTOR_BYTES;
        int needed = (int) (offsetBytes - startBytes) + length;
        if (needed > buffer.capacity()) {
            // Only a header that passed its CRC can ask for more than the configured record size.
            buffer = ByteBuffer.allocateDirect(needed + RecordDescriptor.HEADER_LENGTH_MAX);
            bytes = new UnsafeBuffer(buffer);
        }
        filledBytes = buffer.capacity();
        bytes.setMemory(0, filledBytes, (byte) 0);
        int wanted = (int) Math.min(filledBytes, Math.max(0, fileBytes - startBytes));
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
        }
    }

    private void read(int at, int length) throws IOException {
        buffer.limit(at + length).position(at);
        while (buffer.hasRemaining()) {
            if (channel.read(buffer, startBytes + buffer.position()) < 0) {
                return;
            }
        }
    }
}
