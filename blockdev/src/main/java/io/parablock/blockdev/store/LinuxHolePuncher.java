package io.parablock.blockdev.store;

import com.sun.jna.LastErrorException;
import com.sun.jna.Native;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** fallocate(PUNCH_HOLE | KEEP_SIZE) on a file descriptor of its own; the JDK has no call for it. */
final class LinuxHolePuncher implements HolePuncher {
    private static final Logger LOG = LoggerFactory.getLogger(LinuxHolePuncher.class);
    private static final int O_RDWR = 2;
    private static final int PUNCH_HOLE_KEEP_SIZE = 0x02 | 0x01;
    private static final int SEEK_DATA = 3;
    private static final int ENXIO = 6;
    private static final int STAT_BLOCK_BYTES = 512;
    private static final AtomicBoolean REPORTED = new AtomicBoolean();

    private static final class LibC {
        static {
            Native.register(LibC.class, "c");
        }

        private LibC() {}

        static native int open(String path, int flags) throws LastErrorException;

        static native int close(int fd) throws LastErrorException;

        static native long lseek(int fd, long offset, int whence) throws LastErrorException;

        static native int fallocate(int fd, int mode, long offset, long length) throws LastErrorException;
    }

    private final Path file;
    /** -1 if there is none, and after the end: the number may be another file's by then. */
    private volatile int fd;

    private boolean supported;

    LinuxHolePuncher(Path file) {
        this.file = file;
        int opened = -1;
        try {
            opened = LibC.open(file.toString(), O_RDWR);
        } catch (LastErrorException | UnsatisfiedLinkError e) {
            report(e);
        }
        fd = opened;
        supported = opened >= 0;
    }

    private static void report(Throwable why) {
        if (REPORTED.compareAndSet(false, true)) {
            LOG.warn("holes cannot be punched here ({}): zeros are written instead", why.getMessage());
        }
    }

    @Override
    public boolean punch(long offsetBytes, long lengthBytes) {
        if (!supported) {
            return false;
        }
        try {
            LibC.fallocate(fd, PUNCH_HOLE_KEEP_SIZE, offsetBytes, lengthBytes);
            return true;
        } catch (LastErrorException e) {
            supported = false;
            report(e);
            return false;
        }
    }

    /** The position of this descriptor is nobody's. */
    @Override
    public long nextAllocated(long offsetBytes) {
        if (fd < 0) {
            return offsetBytes;
        }
        try {
            return LibC.lseek(fd, offsetBytes, SEEK_DATA);
        } catch (LastErrorException e) {
            return e.getErrorCode() == ENXIO ? Long.MAX_VALUE : offsetBytes;
        }
    }

    /** st_blocks: the JDK does not show it, stat(1) does. Not for a hot path. */
    @Override
    public long allocatedBytes() throws IOException {
        Process p = new ProcessBuilder("stat", "-c", "%b", file.toString()).start();
        try (var in = p.getInputStream()) {
            return Long.parseLong(new String(in.readAllBytes(), StandardCharsets.US_ASCII).strip()) * STAT_BLOCK_BYTES;
        }
    }

    @Override
    public synchronized void close() {
        int open = fd;
        fd = -1;
        if (open >= 0) {
            LibC.close(open);
        }
    }
}
