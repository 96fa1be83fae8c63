package io.parablock.blockdev.nbd.netty;

import io.netty.channel.Channel;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.channel.uring.IoUring;
import io.netty.channel.uring.IoUringIoHandler;
import io.netty.channel.uring.IoUringServerSocketChannel;
import io.netty.channel.uring.IoUringSocketChannel;

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
            case EPOLL -> EpollIoHandler.newFactory();
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
}
