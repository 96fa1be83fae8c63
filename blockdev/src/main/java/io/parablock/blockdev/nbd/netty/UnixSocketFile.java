package io.parablock.blockdev.nbd.netty;

import java.io.IOException;
import java.net.ConnectException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.Map;
import java.util.Random;

/**
 * The file of a unix socket that somebody listens on here: a process that was killed leaves its own behind, and nobody can
 * listen there until it is gone. Any thread.
 */
final class UnixSocketFile {
    /** What the system's address of a unix socket has room for. */
    private static final int PATH_BYTES_MAX = 107;

    private static final int PLACE_BYTES = 12;
    private static final int RADIX = 36;
    /** Named limit: a short name may be taken. */
    private static final int ATTEMPTS_MAX = 100;

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

    /**
     * A free name in the same folder to bind at, no longer than {@code path} where that is as long as it may be. Netty's native
     * channels delete the path at which they were bound when they close, whoever listens there by then; of this one nothing is
     * left after {@link #publish}.
     */
    static Path placeBeside(Path path) throws IOException {
        Path name = path.getFileName();
        if (name == null) {
            throw new IOException(path + " is a folder");
        }
        int room = Math.min(PLACE_BYTES, PATH_BYTES_MAX - bytes(path) + bytes(name));
        Random random = new SecureRandom();
        for (int attempt = 0; room > 0 && attempt < ATTEMPTS_MAX; attempt++) {
            StringBuilder text = new StringBuilder();
            for (int i = 0; i < room; i++) {
                text.append(Character.forDigit(random.nextInt(RADIX), RADIX));
            }
            Path place = path.resolveSibling(text.toString());
            if (!Files.exists(place, LinkOption.NOFOLLOW_LINKS)) {
                return place;
            }
        }
        throw new IOException("no name is free beside " + path + ", of " + PATH_BYTES_MAX + " bytes in all");
    }

    private static int bytes(Path path) {
        return path.toString().getBytes(StandardCharsets.UTF_8).length;
    }

    /**
     * Gives the socket that was bound at {@code place} its name.
     *
     * @throws IOException if somebody else has bound there meanwhile
     */
    static UnixSocketFile publish(Path place, Path path) throws IOException {
        try {
            UnixSocketFile file = new UnixSocketFile(path, identityOf(place));
            Files.createLink(path, place);
            return file;
        } catch (FileAlreadyExistsException e) {
            throw new IOException(path + " is in use by another process", e);
        } finally {
            Files.deleteIfExists(place);
        }
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
