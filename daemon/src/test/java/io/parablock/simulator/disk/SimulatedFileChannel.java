package io.parablock.simulator.disk;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;

/** An open file, or an open directory that can only be forced. Dies with the process that opened it. */
final class SimulatedFileChannel extends FileChannel {
    /** Neither a mapping nor a copy in the kernel says which sectors it wrote: a caller must fail here, not pass unseen. */
    private static final String NOT_MODELLED = "the simulated disk knows reads, writes and forces only";

    private final SimulatedDisk disk;
    private final String path;
    private final SimulatedFile file;
    private final boolean directory;
    private final boolean append;
    /** O_DSYNC. */
    private final boolean synced;
    /** O_DIRECT. */
    private final boolean direct;

    private final int bootCount;
    private long positionBytes;

    String path() {
        return path;
    }

    SimulatedFileChannel(
            SimulatedDisk disk,
            String path,
            SimulatedFile file,
            boolean directory,
            boolean append,
            boolean synced,
            boolean direct) {
        this.disk = disk;
        this.path = path;
        this.file = file;
        this.directory = directory;
        this.append = append;
        this.synced = synced;
        this.direct = direct;
        this.bootCount = disk.bootCount();
    }

    @Override
    public int read(ByteBuffer into) throws IOException {
        int n = read(into, positionBytes);
        positionBytes += Math.max(0, n);
        return n;
    }

    @Override
    public int read(ByteBuffer into, long offsetBytes) throws IOException {
        checkAlive();
        if (direct) {
            checkAligned(offsetBytes, into);
            synchronized (disk) {
                file.evictRange(offsetBytes, into.remaining());
            }
        }
        return disk.read(path, file, offsetBytes, into);
    }

    /** As the kernel does, so that code which asks too much fails here. */
    private void checkAligned(long offsetBytes, ByteBuffer buffer) throws IOException {
        int sector = disk.sectorBytes();
        boolean inMemory = buffer.isDirect() && buffer.alignmentOffset(buffer.position(), sector) == 0;
        if (!inMemory || offsetBytes % sector != 0 || buffer.remaining() % sector != 0) {
            throw new IOException("injected: Invalid argument");
        }
    }

    @Override
    public long read(ByteBuffer[] into, int offset, int length) throws IOException {
        long total = 0;
        for (int i = offset; i < offset + length; i++) {
            int n = into[i].hasRemaining() ? read(into[i]) : 0;
            if (n < 0) {
                return total == 0 ? -1 : total;
            }
            total += n;
        }
        return total;
    }

    @Override
    public int write(ByteBuffer from) throws IOException {
        if (append) {
            positionBytes = size();
        }
        int n = write(from, positionBytes);
        positionBytes += n;
        return n;
    }

    @Override
    public int write(ByteBuffer from, long offsetBytes) throws IOException {
        checkAlive();
        if (direct) {
            checkAligned(offsetBytes, from);
            if (!synced) {
                throw new UnsupportedOperationException(
                        "the disk's own cache is not modelled: direct writes are synced");
            }
        }
        return synced ? disk.writeSynced(path, file, offsetBytes, from) : disk.write(path, file, offsetBytes, from);
    }

    @Override
    public long write(ByteBuffer[] from, int offset, int length) throws IOException {
        long total = 0;
        for (int i = offset; i < offset + length; i++) {
            total += write(from[i]);
        }
        return total;
    }

    @Override
    public long position() {
        return positionBytes;
    }

    @Override
    public FileChannel position(long newPosition) {
        positionBytes = newPosition;
        return this;
    }

    @Override
    public long size() throws IOException {
        checkAlive();
        synchronized (disk) {
            return file.sizeBytes();
        }
    }

    @Override
    public FileChannel truncate(long size) throws IOException {
        checkAlive();
        disk.truncate(path, file, size);
        positionBytes = Math.min(positionBytes, size);
        return this;
    }

    @Override
    public void force(boolean metaData) throws IOException {
        checkAlive();
        if (directory) {
            disk.forceDirectory(path);
        } else {
            disk.force(path, file);
        }
    }

    @Override
    public FileLock lock(long position, long size, boolean shared) throws IOException {
        return tryLock(position, size, shared);
    }

    /** Two processes never run on one simulated disk: a lock is always to be had. */
    @Override
    public FileLock tryLock(long position, long size, boolean shared) throws IOException {
        checkAlive();
        return new FileLock(this, position, size, shared) {
            @Override
            public boolean isValid() {
                return isOpen();
            }

            @Override
            public void release() {}
        };
    }

    @Override
    public long transferTo(long position, long count, WritableByteChannel target) {
        throw new UnsupportedOperationException(NOT_MODELLED);
    }

    @Override
    public long transferFrom(ReadableByteChannel source, long position, long count) {
        throw new UnsupportedOperationException(NOT_MODELLED);
    }

    @Override
    public MappedByteBuffer map(MapMode mode, long position, long size) {
        throw new UnsupportedOperationException(NOT_MODELLED);
    }

    @Override
    protected void implCloseChannel() {}

    private void checkAlive() throws IOException {
        if (!isOpen() || bootCount != disk.bootCount()) {
            throw new ClosedChannelException();
        }
    }
}
