package io.parablock.perf.nbd;

import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.parablock.blockdev.nbd.netty.NbdServer;
import io.parablock.blockdev.nbd.netty.NbdServerConfig;
import io.parablock.blockdev.nbd.netty.TransportKind;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The NBD layer over a {@link RamDisk}, on one event loop as in a node: nothing else, in a process of its own. */
public final class RamDiskServer implements AutoCloseable {
    private final EventLoopGroup loops;
    private final NbdServer server;

    /**
     * @param transport auto, io_uring, epoll or nio
     * @throws IllegalArgumentException if that one is not available here
     */
    public RamDiskServer(Path socket, long sizeBytes, String transport) {
        TransportKind kind = TransportKind.choose(transport).kind();
        loops = new MultiThreadIoEventLoopGroup(1, kind.ioHandler());
        server = NbdServer.listen(
                loops,
                kind,
                List.of(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), UnixDomainSocketAddress.of(socket)),
                new RamDisk(sizeBytes),
                NbdServerConfig.DEFAULT);
    }

    public InetSocketAddress address() {
        return server.address();
    }

    @Override
    public void close() {
        server.close();
        loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
    }

    /** Arguments: the unix socket's path, the size in bytes, the transport. Prints its TCP port and serves until its input ends. */
    public static void main(String[] arguments) throws IOException {
        long sizeBytes = Long.parseLong(arguments[1]);
        try (RamDiskServer server = new RamDiskServer(Path.of(arguments[0]), sizeBytes, arguments[2])) {
            System.out.println(server.address().getPort());
            long unused = System.in.transferTo(java.io.OutputStream.nullOutputStream());
        }
        System.exit(0);
    }
}
