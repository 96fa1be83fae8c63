package io.parablock.blockdev.nbd.conformance;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** A small NBD server in memory, one thread a connection, correct unless it is given a {@link Mutant}. */
final class ReferenceServer implements AutoCloseable {
    static final long SIZE_BYTES = 16L << 20;
    static final BlockSizes SIZES = new BlockSizes(512, 4096, 4 << 20);
    static final String WRITABLE = "disk";
    static final String READ_ONLY = "frozen";
    private static final int STREAM_BYTES = 1 << 16;

    final List<ReferenceExport> exports = List.of(
            new ReferenceExport(WRITABLE, "a disk in memory", SIZE_BYTES, false),
            new ReferenceExport(READ_ONLY, "a disk that is not written", SIZE_BYTES, true));
    final Mutant mutant;

    private final Duration handshakeDeadline;
    private final ServerSocketChannel listener;
    private final Set<SocketChannel> connections = ConcurrentHashMap.newKeySet();
    private final ScheduledExecutorService deadlines = new ScheduledThreadPoolExecutor(1, ReferenceServer::daemon);

    private ReferenceServer(ServerSocketChannel listener, Mutant mutant, Duration handshakeDeadline) {
        this.listener = listener;
        this.mutant = mutant;
        this.handshakeDeadline = handshakeDeadline;
    }

    static ReferenceServer tcp(Mutant mutant, Duration handshakeDeadline) throws IOException {
        ServerSocketChannel listener = ServerSocketChannel.open();
        listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        return start(new ReferenceServer(listener, mutant, handshakeDeadline));
    }

    static ReferenceServer unix(Path path, Duration handshakeDeadline) throws IOException {
        ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        listener.bind(UnixDomainSocketAddress.of(path));
        return start(new ReferenceServer(listener, Mutant.NONE, handshakeDeadline));
    }

    private static ReferenceServer start(ReferenceServer server) {
        daemon(server::accept).start();
        return server;
    }

    private static Thread daemon(Runnable work) {
        Thread thread = new Thread(work, "reference-nbd");
        thread.setDaemon(true);
        return thread;
    }

    SocketAddress address() {
        try {
            return listener.getLocalAddress();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    boolean is(Mutant other) {
        return mutant == other;
    }

    private void accept() {
        try {
            while (true) {
                SocketChannel connection = listener.accept();
                connections.add(connection);
                daemon(() -> serve(connection)).start();
            }
        } catch (IOException closed) {
            // The listener was closed: no more connections.
        }
    }

    private void serve(SocketChannel channel) {
        try (channel) {
            if (!(channel.getLocalAddress() instanceof UnixDomainSocketAddress)) {
                channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            }
            long deadlineMs = handshakeDeadline.toMillis() / (is(Mutant.HANDSHAKE_DEADLINE_TOO_EARLY) ? 10 : 1);
            var deadline = deadlines.schedule(() -> close(channel), deadlineMs, TimeUnit.MILLISECONDS);
            if (is(Mutant.HANDSHAKE_NEVER_TIMES_OUT)) {
                deadline.cancel(false);
            }
            DataInputStream in =
                    new DataInputStream(new BufferedInputStream(Channels.newInputStream(channel), STREAM_BYTES));
            DataOutputStream out =
                    new DataOutputStream(new BufferedOutputStream(Channels.newOutputStream(channel), STREAM_BYTES));
            ReferenceHandshake handshake = new ReferenceHandshake(this, in, out);
            if (handshake.run()) {
                if (!is(Mutant.HANDSHAKE_DEADLINE_GOES_ON)) {
                    deadline.cancel(false);
                }
                new ReferenceTransmission(this, handshake, in, out).run();
            }
            out.flush();
        } catch (EOFException gone) {
            // The client closed: nothing is owed to it.
        } catch (IOException broken) {
            // The client reset the connection, or the deadline closed it.
        } finally {
            connections.remove(channel);
        }
    }

    private static void close(SocketChannel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() throws IOException {
        deadlines.shutdownNow();
        listener.close();
        for (SocketChannel connection : connections) {
            connection.close();
        }
    }
}
