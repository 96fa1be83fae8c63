package io.parablock.blockdev.store;

import com.sun.jna.LastErrorException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Holes by fallocate(PUNCH_HOLE | KEEP_SIZE). */
final class LinuxHolePuncher implements HolePuncher {
    private static final Logger LOG = LoggerFactory.getLogger(LinuxHolePuncher.class);
    private static final int STAT_BLOCK_BYTES = 512;
    private static final AtomicBoolean REPORTED = new AtomicBoolean();

    private final Path path;
    /** Null if there is none. */
    private final @Nullable LinuxFile file;

    private boolean supported;

    LinuxHolePuncher(Path path) {
        this.path = path;
        LinuxFile opened = null;
        try {
            opened = LinuxFile.open(path, LinuxFile.Access.READ_WRITE);
        } catch (LastErrorException | UnsatisfiedLinkError e) {
            report(e);
        }
        file = opened;
        supported = opened != null;
    }

    private static void report(Throwable why) {
        if (REPORTED.compareAndSet(false, true)) {
            LOG.warn("holes cannot be punched here ({}): zeros are written instead", why.getMessage());
        }
    }

    @Override
    public boolean punch(long offsetBytes, long lengthBytes) {
        LinuxFile open = file;
        if (!supported || open == null) {
            return false;
        }
        try {
            open.punch(offsetBytes, lengthBytes);
            return true;
        } catch (LastErrorException e) {
            supported = false;
            report(e);
            return false;
        }
    }

    @Override
    public long nextAllocated(long offsetBytes) {
        LinuxFile open = file;
        if (open == null) {
            return offsetBytes;
        }
        try {
            return open.nextData(offsetBytes);
        } catch (LastErrorException cannotTell) {
            return offsetBytes;
        }
    }

    /** st_blocks: the JDK does not show it, stat(1) does. Not for a hot path. */
    @Override
    public long allocatedBytes() throws IOException {
        Process p = new ProcessBuilder("stat", "-c", "%b", path.toString()).start();
        try (var in = p.getInputStream()) {
            return Long.parseLong(new String(in.readAllBytes(), StandardCharsets.US_ASCII).strip()) * STAT_BLOCK_BYTES;
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
