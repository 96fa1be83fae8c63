package io.parablock.blockdev.nbd.netty;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelConfig;
import io.netty.channel.ChannelException;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.util.concurrent.GlobalEventExecutor;
import io.parablock.blockdev.nbd.NbdBackend;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/** Listens for NBD clients, on TCP and on unix sockets. The caller owns the event loops. */
public final class NbdServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(NbdServer.class);
    /** Replies queued for one client above which nothing more is begun for it, until the lower bound. */
    private static final WriteBufferWaterMark REPLY_QUEUE = new WriteBufferWaterMark(1 << 20, 16 << 20);

    private static final int KEEP_ALIVE_INTERVAL_SECONDS = 10;
    private static final int KEEP_ALIVE_PROBES = 3;

    private final EventLoopGroup loops;
    private final TransportKind transport;
    private final NbdBackend backend;
    /** Of connections that come; {@link #reconfigure} changes it on any thread. */
    private volatile NbdServerConfig config;

    private final List<AcceptPace> paces = new CopyOnWriteArrayList<>();
    private final List<SocketAddress> addresses = new ArrayList<>();
    private final List<Channel> listeners = new ArrayList<>();
    private final List<UnixSocketFile> socketFiles = new ArrayList<>();
    /** What was accepted right before the end and comes in after it is closed too. */
    private final ChannelGroup clients = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE, true);

    private final AllClients all;
    private final AtomicLong refused = new AtomicLong();

    private NbdServer(EventLoopGroup loops, TransportKind transport, NbdBackend backend, NbdServerConfig config) {
        this.loops = loops;
        this.transport = transport;
        this.backend = backend;
        this.config = config;
        this.all = new AllClients(config, loops.next());
        backend.exports().forEach(e -> all.counts().declare(e.name()));
    }

    /** See {@link #listen(EventLoopGroup, TransportKind, List, NbdBackend, NbdServerConfig)}. */
    public static NbdServer listen(
            EventLoopGroup loops,
            TransportKind transport,
            SocketAddress address,
            NbdBackend backend,
            NbdServerConfig config) {
        return listen(loops, transport, List.of(address), backend, config);
    }

    /**
     * @param addresses each an InetSocketAddress or a UnixDomainSocketAddress; the socket file of a process that has died is
     *     replaced
     * @throws ChannelException if an address cannot be listened on
     */
    public static NbdServer listen(
            EventLoopGroup loops,
            TransportKind transport,
            List<? extends SocketAddress> addresses,
            NbdBackend backend,
            NbdServerConfig config) {
        NbdServer server = new NbdServer(loops, transport, backend, config);
        boolean bound = false;
        try {
            addresses.forEach(server::bind);
            bound = true;
        } finally {
            if (!bound) {
                server.close();
            }
        }
        return server;
    }

    private void bind(SocketAddress address) {
        AcceptPace pace = new AcceptPace(config.acceptsPerSecond(), this::hasRoomFor, System::nanoTime);
        paces.add(pace);
        ServerBootstrap bootstrap = new ServerBootstrap()
                .group(loops)
                .option(ChannelOption.SO_BACKLOG, config.acceptBacklog())
                .handler(pace)
                .childOption(ChannelOption.WRITE_BUFFER_WATER_MARK, REPLY_QUEUE)
                .childHandler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel ch) {
                        // Else it closes itself at the end of its input, however many do so at the same time.
                        // The transports differ: NIO's unix sockets have no such option, and close themselves.
                        boolean unused = ch.config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
                        accept(ch);
                    }
                });
        if (address instanceof UnixDomainSocketAddress unix) {
            bindUnix(bootstrap.channel(transport.unixServerChannel()), unix);
        } else {
            bootstrap
                    .channel(transport.serverChannel())
                    .option(ChannelOption.SO_REUSEADDR, true)
                    .childOption(ChannelOption.TCP_NODELAY, true);
            Channel listener = bound(bootstrap.bind(address), address);
            listeners.add(listener);
            addresses.add(listener.localAddress());
        }
    }

    private void bindUnix(ServerBootstrap bootstrap, UnixDomainSocketAddress address) {
        Path path = address.getPath();
        try {
            UnixSocketFile.makeRoom(path);
            Path place = UnixSocketFile.placeBeside(path);
            SocketAddress first = transport.unixAddress(UnixDomainSocketAddress.of(place));
            listeners.add(bound(bootstrap.bind(first), address));
            socketFiles.add(UnixSocketFile.publish(place, path));
        } catch (IOException e) {
            throw cannotListen(address, e);
        }
        addresses.add(address);
    }

    private static Channel bound(ChannelFuture binding, SocketAddress address) {
        Throwable failure = binding.awaitUninterruptibly().cause();
        if (failure != null) {
            throw cannotListen(address, failure);
        }
        return binding.channel();
    }

    private static ChannelException cannotListen(SocketAddress address, Throwable why) {
        return new ChannelException("cannot serve NBD at " + address + ": " + why.getMessage(), why);
    }

    private boolean hasRoomFor(Channel ch) {
        // Those that leave make room, but not for more than as many again: their sockets are still open.
        int connected = clients.size() - Math.min(all.leaving(), config.connectionsMax());
        boolean room = connected < config.connectionsMax();
        if (!room) {
            refused.incrementAndGet();
            all.log().line(Level.WARN, "refusing NBD client {}: {} are connected", ch.remoteAddress(), connected);
        }
        return room;
    }

    private void accept(Channel ch) {
        // Asked before, but on the listener's event loop: others may have come in on their own.
        if (!hasRoomFor(ch)) {
            ch.close();
            return;
        }
        clients.add(ch);
        NbdServerConfig now = config;
        if (now.keepAliveSeconds() > 0 && ch.localAddress() instanceof InetSocketAddress) {
            keepAlive(ch.config(), now.keepAliveSeconds());
        }
        ch.pipeline().addLast(new NbdConnection(backend, now, all));
    }

    private void keepAlive(ChannelConfig tcp, int seconds) {
        tcp.setOption(ChannelOption.SO_KEEPALIVE, true);
        tcp.setOption(transport.keepAliveIdle(), seconds);
        tcp.setOption(transport.keepAliveInterval(), KEEP_ALIVE_INTERVAL_SECONDS);
        tcp.setOption(transport.keepAliveProbes(), KEEP_ALIVE_PROBES);
    }

    /**
     * For connections that come from now on, and the pace at which they do. What all connections share stays as it was:
     * {@code connectionsMax}, {@code totalBytesMax} and {@code acceptBacklog} must be the same. On any thread.
     *
     * @throws IllegalArgumentException if one of those differs
     */
    public void reconfigure(NbdServerConfig changed) {
        NbdServerConfig before = config;
        if (changed.connectionsMax() != before.connectionsMax()
                || changed.totalBytesMax() != before.totalBytesMax()
                || changed.acceptBacklog() != before.acceptBacklog()) {
            throw new IllegalArgumentException("what all connections share cannot change");
        }
        config = changed;
        paces.forEach(pace -> pace.changeTo(changed.acceptsPerSecond()));
    }

    /** Where it listens, in the order of the request; a TCP port of 0 is now the real one. */
    public List<SocketAddress> addresses() {
        return List.copyOf(addresses);
    }

    /**
     * The first TCP address.
     *
     * @throws IllegalStateException if it listens on unix sockets only
     */
    public InetSocketAddress address() {
        for (SocketAddress a : addresses) {
            if (a instanceof InetSocketAddress tcp) {
                return tcp;
            }
        }
        throw new IllegalStateException("no TCP address");
    }

    public int connections() {
        return clients.size();
    }

    /** Clients that were turned away since the start, because as many as may be were connected. */
    public long refused() {
        return refused.get();
    }

    /** Of {@link #connections}, those that have come to their end and are closed in their turn. */
    int leaving() {
        return all.leaving();
    }

    /** Request bytes in work over all connections, reads until their replies are written. */
    public long inWorkBytes() {
        return all.budget().inWorkBytes();
    }

    /** Connections that wait for a turn. */
    public int waiting() {
        return all.budget().waiting();
    }

    /** Each export in the order of the names; from any thread. */
    public List<NbdReadings.Export> exports() {
        backend.exports().forEach(e -> all.counts().declare(e.name()));
        return all.counts().exports();
    }

    /** At most {@code max} clients that are attached to an export, those that came first; from any thread. */
    public List<NbdReadings.Client> clients(int max) {
        return all.counts().clients(max);
    }

    /** @param listener hears how long each write took from its header to its whole payload, on any event loop */
    public void onWriteReceived(LongConsumer listener) {
        all.counts().onWriteReceived(listener);
    }

    /** Stops accepting; clients stay. Idempotent. */
    public void stopAccepting() {
        listeners.forEach(listener -> listener.close().syncUninterruptibly());
        listeners.clear();
        for (UnixSocketFile file : socketFiles) {
            try {
                file.delete();
            } catch (IOException e) {
                LOG.warn("cannot remove the socket {}: {}", file, e.getMessage());
            }
        }
        socketFiles.clear();
        addresses.removeIf(a -> a instanceof UnixDomainSocketAddress);
    }

    /**
     * The export is no more: the clients of that name end as at {@link #stop}, the others stay. The backend must not offer it any
     * more. Not on an event loop.
     *
     * @param graceMs what is not finished by then is not waited for
     */
    public void endClients(String export, long graceMs) {
        List<Channel> ending = new ArrayList<>();
        List<CompletableFuture<?>> ends = new ArrayList<>();
        for (Channel ch : clients) {
            NbdConnection connection = ch.pipeline().get(NbdConnection.class);
            if (connection != null && export.equals(connection.export())) {
                ending.add(ch);
                ends.add(connection.stop());
            }
        }
        await(ends, graceMs);
        ending.forEach(ch -> ch.close().awaitUninterruptibly());
        all.counts().retire(export);
    }

    /**
     * Orderly (proto.md, "Terminating the transmission phase"): what is outstanding is finished and answered, what comes
     * meanwhile gets NBD_ESHUTDOWN or is not read ({@link StopReply}), then every client is disconnected. Not on an event loop.
     *
     * @param graceMs what is not finished by then is not waited for
     */
    public void stop(long graceMs) {
        stopAccepting();
        List<CompletableFuture<?>> ends = new ArrayList<>();
        for (Channel ch : clients) {
            NbdConnection connection = ch.pipeline().get(NbdConnection.class);
            if (connection != null) {
                ends.add(connection.stop());
            }
        }
        await(ends, graceMs);
        close();
    }

    private static void await(List<CompletableFuture<?>> ends, long graceMs) {
        try {
            CompletableFuture.allOf(ends.toArray(new CompletableFuture<?>[0])).get(graceMs, TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            LOG.warn("NBD requests are still outstanding after {} ms: they end without an answer", graceMs);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException e) {
            throw new AssertionError("no end fails", e);
        }
    }

    @Override
    public void close() {
        stopAccepting();
        clients.close().awaitUninterruptibly();
    }
}
