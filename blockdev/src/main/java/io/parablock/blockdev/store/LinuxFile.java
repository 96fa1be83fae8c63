package io.parablock.blockdev.store;

import com.sun.jna.LastErrorException;
import com.sun.jna.Native;
import java.nio.file.Path;

/**
 * What libc can do with an open file and the JDK has no call for, on a file descriptor of its own. Every call throws
 * LastErrorException where the file system cannot do it, and after the end. Any thread.
 */
final class LinuxFile implements AutoCloseable {
    /** What the file is opened for: open(2)'s O_RDONLY and O_RDWR. */
    enum Access {
        READ(0),
        READ_WRITE(2);

        private final int flags;

        Access(int flags) {
            this.flags = flags;
        }
    }

    /** There is no data, or no hole, from an offset on. */
    static final long NONE = Long.MAX_VALUE;

    private static final int PUNCH_HOLE_KEEP_SIZE = 0x02 | 0x01;
    private static final int SEEK_DATA = 3;
    private static final int SEEK_HOLE = 4;
    private static final int WILL_NEED = 3;
    private static final int ENXIO = 6;
    private static final int CLOSED = -1;

    private static final class LibC {
        static {
            Native.register(LibC.class, "c");
        }

        private LibC() {}

        static native int open(String path, int flags) throws LastErrorException;

        static native int close(int fd) throws LastErrorException;

        static native long lseek(int fd, long offset, int whence) throws LastErrorException;

        static native int fallocate(int fd, int mode, long offset, long length) throws LastErrorException;

        static native int posix_fadvise(int fd, long offset, long length, int advice);
    }

    /** The number may be another file's after the end. */
    private volatile int fd;

    private LinuxFile(int fd) {
        this.fd = fd;
    }

    /** @throws UnsatisfiedLinkError if this is another system */
    static LinuxFile open(Path file, Access access) {
        return new LinuxFile(LibC.open(file.toString(), access.flags));
    }

    /** Where the first byte at or after this one is that is not in a hole. The position of the descriptor is nobody's. */
    long nextData(long offsetBytes) {
        return seek(offsetBytes, SEEK_DATA);
    }

    /** Where the next hole begins; the end of the file counts as one. */
    long nextHole(long offsetBytes) {
        return seek(offsetBytes, SEEK_HOLE);
    }

    private long seek(long offsetBytes, int whence) {
        try {
            return LibC.lseek(fd, offsetBytes, whence);
        } catch (LastErrorException e) {
            if (e.getErrorCode() == ENXIO) {
                return NONE;
            }
            throw e;
        }
    }

    /** Reads as zeros afterwards, and takes no space. */
    void punch(long offsetBytes, long lengthBytes) {
        LibC.fallocate(fd, PUNCH_HOLE_KEEP_SIZE, offsetBytes, lengthBytes);
    }

    /** Starts reading into the page cache and does not wait for it; no more than a hint. */
    void prefetch(long offsetBytes, long lengthBytes) {
        int unused = LibC.posix_fadvise(fd, offsetBytes, lengthBytes, WILL_NEED);
    }

    /** Once. */
    @Override
    public synchronized void close() {
        int open = fd;
        fd = CLOSED;
        if (open >= 0) {
            LibC.close(open);
        }
    }
}
