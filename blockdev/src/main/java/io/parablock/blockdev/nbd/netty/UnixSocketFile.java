package io.parablock.blockdev.nbd.netty;

import java.io.IOException;
import java.net.ConnectException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;

/**
 * The file of a unix socket that somebody listens on here: a process that was killed leaves its own behind, and nobody can
 * listen there until it is gone. Any thread.
 */
final class UnixSocketFile {
    private static final int TYPE_MASK = 0170000;
    private static final int SOCKET = 0140000;

    private final Path path;
    private final Map<String, Object> identity;

    private UnixSocketFile(Path path, Map<String, Object> identity) {
        this.path = path;
        this.identity = identity;
    }

    /** @throws IOException if the path is something else than a socket, or one whose process may be there */
    static void makeRoom(Path path) throws IOException {
        if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        int mode = (Integer) Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS);
        if ((mode & TYPE_MASK) != SOCKET) {
            throw new IOException(path + " is there and is no socket");
        }
        if (isListening(path)) {
            throw new IOException(path + " is in use by another process");
        }
        Files.delete(path);
    }

    /** Only a refused connection says that nobody is there: a full backlog or a missing permission does not. */
    private static boolean isListening(Path path) throws IOException {
        try (SocketChannel probe = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            return probe.connect(UnixDomainSocketAddress.of(path));
        } catch (ConnectException refused) {
            return false;
        } catch (IOException e) {
            throw new IOException(path + " may be in use by another process: " + e.getMessage(), e);
        }
    }

    /** The file that has just been bound. */
    static UnixSocketFile bound(Path path) throws IOException {
        return new UnixSocketFile(path, identityOf(path));
    }

    private static Map<String, Object> identityOf(Path path) throws IOException {
        return Files.readAttributes(path, "unix:dev,ino", LinkOption.NOFOLLOW_LINKS);
    }

    boolean isThere() throws IOException {
        try {
            return identityOf(path).equals(identity);
        } catch (NoSuchFileException gone) {
            return false;
        }
    }

    /** Unless it is another's by now. */
    void delete() throws IOException {
        if (isThere()) {
            Files.delete(path);
        }
    }

    @Override
    public String toString() {
        return path.toString();
    }
}
