package io.parablock.blockdev.store;

import com.sun.jna.LastErrorException;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Which parts of a sparse file take space, and a hint to read ahead. Where the system cannot tell, everything takes space. Any
 * thread.
 */
final class LinuxFileRanges implements AutoCloseable {
    private static final int SECTOR_BYTES = 512;

    private final @Nullable LinuxFile file;

    private LinuxFileRanges(@Nullable LinuxFile file) {
        this.file = file;
    }

    static LinuxFileRanges open(Path path) {
        // A file of another file system (a test's) has no descriptor.
        if (path.getFileSystem() != FileSystems.getDefault()) {
            return new LinuxFileRanges(null);
        }
        try {
            return new LinuxFileRanges(LinuxFile.open(path, LinuxFile.Access.READ));
        } catch (LastErrorException | UnsatisfiedLinkError e) {
            return new LinuxFileRanges(null);
        }
    }

    /** The run at {@code offsetBytes}, at most {@code lengthBytes} long. */
    AllocationRun runAt(long offsetBytes, long lengthBytes) {
        LinuxFile open = file;
        if (open == null) {
            return new AllocationRun(lengthBytes, false);
        }
        try {
            long data = open.nextData(offsetBytes);
            if (data == LinuxFile.NONE) {
                return new AllocationRun(lengthBytes, true);
            }
            if (data - offsetBytes >= SECTOR_BYTES) {
                return new AllocationRun(Math.min((data - offsetBytes) & -SECTOR_BYTES, lengthBytes), true);
            }
            long toHole = open.nextHole(data) - offsetBytes;
            return new AllocationRun(
                    Math.min(Math.max(SECTOR_BYTES, (toHole + SECTOR_BYTES - 1) & -SECTOR_BYTES), lengthBytes), false);
        } catch (LastErrorException cannotTell) {
            return new AllocationRun(lengthBytes, false);
        }
    }

    void prefetch(long offsetBytes, long lengthBytes) {
        LinuxFile open = file;
        if (open != null) {
            open.prefetch(offsetBytes, lengthBytes);
        }
    }

    @Override
    public void close() {
        LinuxFile open = file;
        if (open != null) {
            open.close();
        }
    }
}
