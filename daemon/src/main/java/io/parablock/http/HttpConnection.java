package io.parablock.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.socket.DuplexChannel;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** One request, one answer, then the end. All state lives on the channel's event loop. */
final class HttpConnection extends SimpleChannelInboundHandler<ByteBuf> {
    private static final int REQUEST_TIMEOUT_MS = 5_000;
    /** What a client still sends is taken for this long, so that its system does not throw the answer away. */
    private static final int LINGER_MS = 1_000;

    /** A page has nothing but what this server serves, and is no part of another page. */
    private static final String HEADERS =
            "\r\nConnection: close\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff"
                    + "\r\nReferrer-Policy: no-referrer"
                    + "\r\nContent-Security-Policy: default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    /** Makes the answer on a thread that may wait, and hands it to {@link #answer}. */
    @FunctionalInterface
    interface Pages {
        void serve(RequestHead head, HttpConnection to);
    }

    private final Pages pages;
    /** Set on the event loop before anything is read. */
    private volatile @Nullable ChannelHandlerContext ctx;

    private ByteBuf received = Unpooled.EMPTY_BUFFER;
    private boolean understood;
    private boolean answered;

    HttpConnection(Pages pages) {
        this.pages = pages;
    }

    private ChannelHandlerContext ctx() {
        ChannelHandlerContext c = ctx;
        if (c == null) {
            throw new IllegalStateException("not active");
        }
        return c;
    }

    @Override
    public void channelActive(ChannelHandlerContext context) {
        ctx = context;
        received = context.alloc().buffer(512, RequestHead.BYTES_MAX);
        context.executor()
                .schedule(
                        () -> {
                            if (!understood && !answered) {
                                context.close();
                            }
                        },
                        REQUEST_TIMEOUT_MS,
                        TimeUnit.MILLISECONDS);
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, ByteBuf in) {
        if (understood || answered) {
            return;
        }
        received.writeBytes(in, Math.min(in.readableBytes(), received.maxWritableBytes()));
        try {
            RequestHead head = RequestHead.parse(received);
            if (head != null) {
                understood = true;
                pages.serve(head, this);
            }
        } catch (RequestHead.BadRequest e) {
            answerInLoop("GET", Answer.error(400, String.valueOf(e.getMessage())));
        }
    }

    /** Whether the client is surely on this machine: it has a loopback address, or the one that it has connected to. On any thread. */
    boolean isFromThisMachine() {
        return ctx().channel().remoteAddress() instanceof InetSocketAddress from
                && ctx().channel().localAddress() instanceof InetSocketAddress to
                && (from.getAddress().isLoopbackAddress() || from.getAddress().equals(to.getAddress()));
    }

    /** On any thread. */
    void answer(String method, Answer answer) {
        ctx().executor().execute(() -> answerInLoop(method, answer));
    }

    private void answerInLoop(String method, Answer answer) {
        if (answered) {
            return;
        }
        answered = true;
        byte[] body = answer.body().getBytes(StandardCharsets.UTF_8);
        String head = "HTTP/1.1 " + answer.code() + " " + reason(answer.code()) + "\r\nContent-Type: " + answer.type()
                + "\r\nContent-Length: " + body.length + HEADERS + "\r\n\r\n";
        ByteBuf out = ctx().alloc().buffer(head.length() + body.length);
        out.writeCharSequence(head, StandardCharsets.US_ASCII);
        if (!method.equals("HEAD")) {
            out.writeBytes(body);
        }
        ctx().writeAndFlush(out).addListener(f -> end());
    }

    private void end() {
        if (ctx().channel() instanceof DuplexChannel c && c.isActive()) {
            c.shutdownOutput();
            ctx().executor().schedule(() -> ctx().close(), LINGER_MS, TimeUnit.MILLISECONDS);
        }
    }

    private static String reason(int code) {
        return switch (code) {
            case 200 -> "OK";
            case 400 -> "Bad Request";
            case 403 -> "Forbidden";
            case 404 -> "Not Found";
            case 405 -> "Method Not Allowed";
            case 422 -> "Unprocessable Content";
            default -> "Service Unavailable";
        };
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        answered = true;
        received.release();
        received = Unpooled.EMPTY_BUFFER;
    }

    /** A client that goes away is nothing to tell of. */
    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        context.close();
    }
}
