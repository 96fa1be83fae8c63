package io.parablock.blockdev.nbd.conformance;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;

/** One connection of raw bytes; every wait ends at the deadline. Used by one thread. */
final class Wire implements AutoCloseable {
    private static final int READ_BUFFER_BYTES = 1 << 16;

    private final SocketChannel channel;
    private final Selector selector;
    private final SelectionKey key;
    private final ByteBuffer in = ByteBuffer.allocate(READ_BUFFER_BYTES).flip();
    private final long openedNs = System.nanoTime();
    private long deadlineNs;
    private long promptNs = Long.MAX_VALUE;

    private Wire(SocketChannel channel, long deadlineNs) throws IOException {
        this.channel = channel;
        this.deadlineNs = deadlineNs;
        channel.configureBlocking(false);
        selector = Selector.open();
        key = channel.register(selector, SelectionKey.OP_READ);
    }

    static Wire connect(SocketAddress address, long deadlineNs) {
        try {
            if (address instanceof UnixDomainSocketAddress) {
                SocketChannel unix = SocketChannel.open(StandardProtocolFamily.UNIX);
                unix.connect(address);
                return new Wire(unix, deadlineNs);
            }
            SocketChannel tcp = SocketChannel.open(address);
            tcp.setOption(StandardSocketOptions.TCP_NODELAY, true);
            return new Wire(tcp, deadlineNs);
        } catch (IOException e) {
            throw new Violation("cannot connect: " + e.getMessage());
        }
    }

    void deadline(long ns) {
        deadlineNs = ns;
    }

    /** A close later than this after the connection was opened is the handshake deadline's work and proves nothing. */
    void closesPromptlyWithin(long ns) {
        promptNs = ns;
    }

    /** The connection was closed: it must have been for what the check did. */
    void requirePrompt() {
        long tookNs = System.nanoTime() - openedNs;
        Violation.unless(tookNs < promptNs, "closed after %d ms only, by the handshake deadline", tookNs / 1_000_000);
    }

    Wire send(byte[] bytes) {
        return send(bytes, 0, bytes.length);
    }

    Wire send(byte[] bytes, int from, int count) {
        ByteBuffer out = ByteBuffer.wrap(bytes, from, count);
        try {
            while (out.hasRemaining()) {
                if (channel.write(out) == 0) {
                    await(SelectionKey.OP_WRITE, "room to send");
                }
            }
        } catch (IOException e) {
            throw new Violation.Closed("the server closed the connection before it had read everything");
        }
        return this;
    }

    Wire send(Message message) {
        return send(message.array());
    }

    /** Sends {@code bytes} in pieces of {@code count}, with time for the server to see each of them alone. */
    Wire sendSlowly(byte[] bytes, int count) {
        for (int at = 0; at < bytes.length; at += count) {
            send(bytes, at, Math.min(count, bytes.length - at));
            pause(1);
        }
        return this;
    }

    static void pause(long ms) {
        try {
            Thread.sleep(ms);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Violation("interrupted");
        }
    }

    int u16(String what) {
        return fill(2, what).getShort() & 0xffff;
    }

    int u32(String what) {
        return fill(4, what).getInt();
    }

    long u64(String what) {
        return fill(8, what).getLong();
    }

    byte[] bytes(int count, String what) {
        byte[] bytes = new byte[count];
        int at = Math.min(count, in.remaining());
        in.get(bytes, 0, at);
        ByteBuffer rest = ByteBuffer.wrap(bytes, at, count - at);
        while (rest.hasRemaining()) {
            receive(rest, what);
        }
        return bytes;
    }

    private ByteBuffer fill(int count, String what) {
        while (in.remaining() < count) {
            in.compact();
            try {
                receive(in, what);
            } finally {
                in.flip();
            }
        }
        return in;
    }

    private void receive(ByteBuffer into, String what) {
        int count;
        try {
            count = channel.read(into);
            if (count == 0) {
                await(SelectionKey.OP_READ, what);
                count = channel.read(into);
            }
        } catch (IOException e) {
            throw new Violation.Closed("the connection broke where " + what + " was expected");
        }
        if (count < 0) {
            throw new Violation.Closed("the server closed the connection where " + what + " was expected");
        }
    }

    private void await(int interest, String what) throws IOException {
        key.interestOps(interest);
        long waitMs = (deadlineNs - System.nanoTime()) / 1_000_000;
        if (waitMs <= 0) {
            throw new Violation("the deadline passed in wait for " + what);
        }
        selector.selectedKeys().clear();
        selector.select(waitMs);
        selector.selectedKeys().clear();
    }

    /** The server must close the connection and send nothing more. */
    void requireClosed() {
        int more = drain();
        requirePrompt();
        Violation.unless(more == 0, "%d bytes more than the document allows before the close", more);
    }

    /** The server must close the connection; what it sends before does not matter. Returns the count of those bytes. */
    int drain() {
        int total = in.remaining();
        ByteBuffer sink = ByteBuffer.allocate(READ_BUFFER_BYTES);
        while (true) {
            try {
                receive(sink.clear(), "the close of the connection");
                total += sink.position();
            } catch (Violation.Closed closed) {
                return total;
            }
        }
    }

    /** Whether nothing arrives and nothing is closed for {@code ms}. */
    boolean silentFor(long ms) {
        if (in.hasRemaining()) {
            return false;
        }
        try {
            in.clear();
            key.interestOps(SelectionKey.OP_READ);
            selector.selectedKeys().clear();
            selector.select(ms);
            selector.selectedKeys().clear();
            return channel.read(in) == 0;
        } catch (IOException e) {
            return false;
        } finally {
            in.flip();
        }
    }

    /** Says that nothing more will be sent, and goes on reading. */
    void finishSending() {
        try {
            channel.shutdownOutput();
        } catch (IOException e) {
            throw new Violation.Closed("the server closed the connection first");
        }
    }

    @Override
    public void close() {
        try {
            selector.close();
            channel.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
