package io.parablock.perf;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/** A connected socket, TCP or unix, as two streams. A read and a write do not wait for each other. */
final class ClientSocket implements Closeable {
    private static final int CONNECT_TIMEOUT_MS = 2_000;

    private static final ScheduledExecutorService DEADLINES = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "nbd-client-deadlines");
        thread.setDaemon(true);
        return thread;
    });

    private final InputStream in;
    private final OutputStream out;
    private final Closeable socket;

    private ClientSocket(InputStream in, OutputStream out, Closeable socket) {
        this.in = in;
        this.out = out;
        this.socket = socket;
    }

    /**
     * @param address of TCP or of a unix socket
     * @param sendBufferBytes asked of the kernel; it may give another size
     */
    static ClientSocket connect(SocketAddress address, int sendBufferBytes) throws IOException {
        return address instanceof UnixDomainSocketAddress unix
                ? unix(unix, sendBufferBytes)
                : tcp((InetSocketAddress) address, sendBufferBytes);
    }

    private static ClientSocket tcp(InetSocketAddress address, int sendBufferBytes) throws IOException {
        Socket socket = new Socket();
        try {
            socket.setTcpNoDelay(true);
            socket.setSendBufferSize(sendBufferBytes);
            socket.connect(address, CONNECT_TIMEOUT_MS);
            return new ClientSocket(socket.getInputStream(), socket.getOutputStream(), socket);
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }

    private static ClientSocket unix(UnixDomainSocketAddress address, int sendBufferBytes) throws IOException {
        SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            channel.setOption(StandardSocketOptions.SO_SNDBUF, sendBufferBytes);
            channel.connect(address);
            return new ClientSocket(new Input(channel), new Output(channel), channel);
        } catch (IOException e) {
            channel.close();
            throw new IOException(e.getMessage() + ": " + address, e);
        }
    }

    InputStream in() {
        return in;
    }

    OutputStream out() {
        return out;
    }

    /** Closes it then, unless the returned is cancelled before. */
    ScheduledFuture<?> closeAfter(long timeoutMs) {
        return DEADLINES.schedule(this::close, timeoutMs, TimeUnit.MILLISECONDS);
    }

    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException e) {
            // Closing is all that could be done.
        }
    }

    /** The JDK's own streams of a channel let a write wait for a read. */
    private static final class Input extends InputStream {
        private final SocketChannel channel;

        Input(SocketChannel channel) {
            this.channel = channel;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            return channel.read(ByteBuffer.wrap(bytes, offset, length));
        }
    }

    private static final class Output extends OutputStream {
        private final SocketChannel channel;

        Output(SocketChannel channel) {
            this.channel = channel;
        }

        @Override
        public void write(int one) throws IOException {
            write(new byte[] {(byte) one}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            ByteBuffer left = ByteBuffer.wrap(bytes, offset, length);
            while (left.hasRemaining()) {
                channel.write(left);
            }
        }
    }
}
