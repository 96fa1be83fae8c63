package io.parablock.blockdev.nbd.netty;

import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import io.netty.channel.DefaultSelectStrategyFactory;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioChannelOption;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.channel.uring.IoUring;
import io.netty.channel.uring.IoUringChannelOption;
import io.netty.channel.uring.IoUringIoHandler;
import io.netty.channel.uring.IoUringServerDomainSocketChannel;
import io.netty.channel.uring.IoUringServerSocketChannel;
import io.netty.channel.uring.IoUringSocketChannel;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import jdk.net.ExtendedSocketOptions;

/** The socket transport of this process: io_uring, else epoll, else NIO. */
public enum TransportKind {
    IO_URING("io_uring"),
    EPOLL("epoll"),
    NIO("nio");

    /**
     * A choice and why the better ones were passed over.
     *
     * @param fallback empty if the best was taken
     */
    public record Choice(TransportKind kind, String fallback) {}

    /**
     * Named limit: sockets that are looked at before the event loop's other work has its turn. By itself Netty looks at every one
     * that has something to tell.
     */
    private static final int EPOLL_EVENTS_MAX = 64;

    private final String label;

    TransportKind(String label) {
        this.label = label;
    }

    public String label() {
        return label;
    }

    /**
     * @param wanted auto, io_uring, epoll or nio
     * @throws IllegalArgumentException if that one is unknown or not available here
     */
    public static Choice choose(String wanted) {
        if (wanted.equals("auto")) {
            StringBuilder why = new StringBuilder();
            for (TransportKind k : values()) {
                String missing = k.missing();
                if (missing.isEmpty()) {
                    return new Choice(k, why.toString());
                }
                why.append(why.isEmpty() ? "" : "; ")
                        .append(k.label)
                        .append(": ")
                        .append(missing);
            }
        }
        for (TransportKind k : values()) {
            if (k.label.equals(wanted)) {
                String missing = k.missing();
                if (!missing.isEmpty()) {
                    throw new IllegalArgumentException("transport " + wanted + " is not available: " + missing);
                }
                return new Choice(k, "");
            }
        }
        throw new IllegalArgumentException("unknown transport '" + wanted + "' (auto, io_uring, epoll, nio)");
    }

    private String missing() {
        Throwable cause = switch (this) {
            case IO_URING -> IoUring.isAvailable() ? null : IoUring.unavailabilityCause();
            case EPOLL -> Epoll.isAvailable() ? null : Epoll.unavailabilityCause();
            case NIO -> null;
        };
        return cause == null ? "" : String.valueOf(cause.getMessage());
    }

    public IoHandlerFactory ioHandler() {
        return switch (this) {
            case IO_URING -> IoUringIoHandler.newFactory();
            case EPOLL -> EpollIoHandler.newFactory(EPOLL_EVENTS_MAX, DefaultSelectStrategyFactory.INSTANCE);
            case NIO -> NioIoHandler.newFactory();
        };
    }

    public Class<? extends ServerChannel> serverChannel() {
        return switch (this) {
            case IO_URING -> IoUringServerSocketChannel.class;
            case EPOLL -> EpollServerSocketChannel.class;
            case NIO -> NioServerSocketChannel.class;
        };
    }

    public Class<? extends Channel> socketChannel() {
        return switch (this) {
            case IO_URING -> IoUringSocketChannel.class;
            case EPOLL -> EpollSocketChannel.class;
            case NIO -> NioSocketChannel.class;
        };
    }

    public Class<? extends ServerChannel> unixServerChannel() {
        return switch (this) {
            case IO_URING -> IoUringServerDomainSocketChannel.class;
            case EPOLL -> EpollServerDomainSocketChannel.class;
            case NIO -> NioServerDomainSocketChannel.class;
        };
    }

    /** The address as this transport writes it. */
    public SocketAddress unixAddress(UnixDomainSocketAddress address) {
        return this == NIO ? address : new DomainSocketAddress(address.getPath().toString());
    }

    /** Seconds of silence before TCP asks whether the peer is there. */
    public ChannelOption<Integer> keepAliveIdle() {
        return switch (this) {
            case IO_URING -> IoUringChannelOption.TCP_KEEPIDLE;
            case EPOLL -> EpollChannelOption.TCP_KEEPIDLE;
            case NIO -> NioChannelOption.of(ExtendedSocketOptions.TCP_KEEPIDLE);
        };
    }

    /** Seconds between two questions. */
    public ChannelOption<Integer> keepAliveInterval() {
        return switch (this) {
            case IO_URING -> IoUringChannelOption.TCP_KEEPINTVL;
            case EPOLL -> EpollChannelOption.TCP_KEEPINTVL;
            case NIO -> NioChannelOption.of(ExtendedSocketOptions.TCP_KEEPINTERVAL);
        };
    }

    /** Unanswered questions after which the connection is lost. */
    public ChannelOption<Integer> keepAliveProbes() {
        return switch (this) {
            case IO_URING -> IoUringChannelOption.TCP_KEEPCNT;
            case EPOLL -> EpollChannelOption.TCP_KEEPCNT;
            case NIO -> NioChannelOption.of(ExtendedSocketOptions.TCP_KEEPCOUNT);
        };
    }
}
