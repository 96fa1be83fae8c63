package io.parablock.blockdev.store;

import com.sun.jna.LastErrorException;
import com.sun.jna.Native;
import java.nio.file.FileSystems;
import java.nio.file.Path;

/**
 * Which parts of a sparse file take space, and a hint to read ahead: lseek(SEEK_DATA, SEEK_HOLE) and posix_fadvise on a file
 * descriptor of its own. Where the system cannot tell, everything takes space. Any thread.
 */
final class LinuxFileRanges implements AutoCloseable {
    private static final int SECTOR_BYTES = 512;
    private static final int O_RDONLY = 0;
    private static final int SEEK_DATA = 3;
    private static final int SEEK_HOLE = 4;
    private static final int WILL_NEED = 3;
    private static final int ENXIO = 6;

    private static final class LibC {
        static {
            Native.register(LibC.class, "c");
        }

        private LibC() {}

        static native int open(String path, int flags) throws LastErrorException;

        static native int close(int fd) throws LastErrorException;

        static native long lseek(int fd, long offset, int whence) throws LastErrorException;

        static native int posix_fadvise(int fd, long offset, long length, int advice);
    }

    private volatile int fd;

    private LinuxFileRanges(int fd) {
        this.fd = fd;
    }

    static LinuxFileRanges open(Path file) {
        // A file of another file system (a test's) has no descriptor.
        if (file.getFileSystem() != FileSystems.getDefault()) {
            return new LinuxFileRanges(-1);
        }
        try {
            return new LinuxFileRanges(LibC.open(file.toString(), O_RDONLY));
        } catch (LastErrorException | UnsatisfiedLinkError e) {
            return new LinuxFileRanges(-1);
        }
    }

    /** The run at {@code offsetBytes}, at most {@code lengthBytes} long. */
    AllocationRun runAt(long offsetBytes, long lengthBytes) {
        if (fd < 0) {
            return new AllocationRun(lengthBytes, false);
        }
        try {
            long toData = LibC.lseek(fd, offsetBytes, SEEK_DATA) - offsetBytes;
            if (toData >= SECTOR_BYTES) {
                return new AllocationRun(Math.min(toData & -SECTOR_BYTES, lengthBytes), true);
            }
            long toHole = LibC.lseek(fd, offsetBytes + toData, SEEK_HOLE) - offsetBytes;
            return new AllocationRun(
                    Math.min(Math.max(SECTOR_BYTES, (toHole + SECTOR_BYTES - 1) & -SECTOR_BYTES), lengthBytes), false);
        } catch (LastErrorException e) {
            // No data from here to the end of the file; anything else is a system that cannot tell.
            return new AllocationRun(lengthBytes, e.getErrorCode() == ENXIO);
        }
    }

    /** Starts reading into the page cache and does not wait for it. */
    void prefetch(long offsetBytes, long lengthBytes) {
        if (fd >= 0) {
            int unused = LibC.posix_fadvise(fd, offsetBytes, lengthBytes, WILL_NEED);
        }
    }

    /** Once: the number may be somebody else's afterwards. */
    @Override
    public synchronized void close() {
        int open = fd;
        fd = -1;
        if (open >= 0) {
            LibC.close(open);
        }
    }
}
