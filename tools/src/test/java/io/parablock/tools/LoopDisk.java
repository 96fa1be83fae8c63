package io.parablock.tools;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * An export as a disk of this machine, without the kernel's own NBD client: {@code nbdfuse} makes a file of it, a loop device a
 * disk of the file, and a filesystem on that can be mounted. Whatever was begun is taken down by {@link #close}.
 */
final class LoopDisk implements AutoCloseable {
    private static final Path FUSE = Path.of("/dev/fuse");
    private static final int PROBE_BYTES = 8 << 20;
    private static final int STEP_SECONDS = 60;
    private static final int END_SECONDS = 20;

    private final Path file;
    private final Path mountPoint;
    private final Process nbdfuse;
    private final String device;
    private boolean mounted;
    private boolean closed;

    private LoopDisk(Path file, Path mountPoint, Process nbdfuse, String device) {
        this.file = file;
        this.mountPoint = mountPoint;
        this.nbdfuse = nbdfuse;
        this.device = device;
    }

    /** Skips the test, saying why, where this machine does not permit what a disk needs: tried with a plain file. */
    static void assumePermitted(Path folder) throws Exception {
        Clients.require("nbdfuse", "losetup", "mkfs.ext4", "fsck.ext4", "mount", "umount", "tar");
        try (FileChannel fuse = FileChannel.open(FUSE, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            assumeTrue(fuse.isOpen(), "no " + FUSE);
        } catch (IOException e) {
            // Containers often have the device and not the right to use it.
            assumeTrue(false, FUSE + " is not permitted here: " + e);
        }
        Path plain = folder.resolve("probe");
        Path mountPoint = Files.createDirectories(folder.resolve("probe-mounted"));
        try (RandomAccessFile f = new RandomAccessFile(plain.toFile(), "rw")) {
            f.setLength(PROBE_BYTES);
        }
        String device = null;
        String missing = null;
        try {
            device = attach(plain);
            makeFilesystem(device);
            Clients.run(STEP_SECONDS, "mount", device, mountPoint.toString());
            Clients.run(STEP_SECONDS, "umount", mountPoint.toString());
        } catch (AssertionError | IOException e) {
            missing = e.getMessage();
        } finally {
            if (device != null) {
                Clients.run(STEP_SECONDS, "losetup", "-d", device);
            }
        }
        assumeTrue(missing == null, "loop devices with a filesystem are not permitted here: " + missing);
    }

    /** @param folder a new one */
    static LoopDisk of(String uri, long sizeBytes, Path folder) throws Exception {
        Path file = Files.createFile(Files.createDirectories(folder).resolve("disk"));
        Path mountPoint = Files.createDirectories(folder.resolve("mounted"));
        Process nbdfuse = new ProcessBuilder("nbdfuse", file.toString(), uri)
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("nbdfuse.log").toFile())
                .start();
        String device = null;
        try {
            LiveCluster.await("nbdfuse to serve " + uri, () -> file.toFile().length() == sizeBytes);
            device = attach(file);
            LoopDisk disk = new LoopDisk(file, mountPoint, nbdfuse, device);
            // A test run that is interrupted must not leave devices behind.
            Runtime.getRuntime().addShutdownHook(new Thread(disk::close));
            return disk;
        } finally {
            if (device == null) {
                end(file, nbdfuse);
            }
        }
    }

    private static String attach(Path file) throws Exception {
        return Clients.run(STEP_SECONDS, "losetup", "--find", "--show", file.toString())
                .strip();
    }

    private static void makeFilesystem(String device) throws Exception {
        Clients.run(STEP_SECONDS, "mkfs.ext4", "-q", "-F", device);
    }

    void makeFilesystem() throws Exception {
        makeFilesystem(device);
    }

    /** @param options of mount, or null for its defaults */
    Path mount(@Nullable String options) throws Exception {
        Clients.run(STEP_SECONDS, "mount", "-o", options == null ? "defaults" : options, device, mountPoint.toString());
        mounted = true;
        return mountPoint;
    }

    /** Everything is on the disk then. */
    void unmount() throws Exception {
        Clients.run(STEP_SECONDS, "sync", "-f", mountPoint.toString());
        Clients.run(STEP_SECONDS, "umount", mountPoint.toString());
        mounted = false;
    }

    /** Any complaint is an exit code other than 0. */
    void check() throws Exception {
        Clients.run(STEP_SECONDS, "fsck.ext4", "-f", "-n", device);
    }

    /** After a failure the disk may not answer: nothing here waits for it for ever. */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        if (mounted && !ends("umount", mountPoint.toString())) {
            // What the filesystem still waits for ends with an error now.
            nbdfuse.destroyForcibly();
            boolean unused = ends("umount", "-l", mountPoint.toString());
        }
        boolean unused = ends("losetup", "-d", device);
        end(file, nbdfuse);
    }

    private static void end(Path file, Process nbdfuse) {
        // A mount that is gone leaves its process without work: it ends.
        boolean unused = ends("umount", file.toString()) || ends("umount", "-l", file.toString());
        try {
            if (!nbdfuse.waitFor(END_SECONDS, TimeUnit.SECONDS)) {
                nbdfuse.destroyForcibly();
            }
        } catch (InterruptedException e) {
            nbdfuse.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }

    private static boolean ends(String... command) {
        try {
            Clients.run(END_SECONDS, command);
            return true;
        } catch (Exception | AssertionError e) {
            System.out.println(e.getMessage());
            return false;
        }
    }
}
