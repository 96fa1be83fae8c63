package io.parablock.perf.bench;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;

/** An NBD server that answers everything at once, but takes a rest after so many requests, for so long. One connection. */
final class StallingServer implements AutoCloseable {
    static final String EXPORT = "disk";
    private static final long SERVER_MAGIC = 0x4e42444d41474943L;
    private static final long OPTION_MAGIC = 0x49484156454f5054L;
    private static final long ANSWER_MAGIC = 0x3e889045565a9L;
    private static final int REPLY_MAGIC = 0x67446698;
    private static final int IO_ERROR = 5;

    private final ServerSocket listener;
    private final long sizeBytes;
    private final int stallAfter;
    private final long stallMs;
    private final int failAfter;
    private final Thread thread;

    /** @param failAfter requests after which all others are answered with an error */
    StallingServer(long sizeBytes, int stallAfter, long stallMs, int failAfter) throws IOException {
        this.listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        this.sizeBytes = sizeBytes;
        this.stallAfter = stallAfter;
        this.stallMs = stallMs;
        this.failAfter = failAfter;
        this.thread = new Thread(this::serve, "stalling-server");
        thread.setDaemon(true);
        thread.start();
    }

    InetSocketAddress address() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), listener.getLocalPort());
    }

    private void serve() {
        try (Socket socket = listener.accept()) {
            socket.setTcpNoDelay(true);
            DataInputStream in = new DataInputStream(new java.io.BufferedInputStream(socket.getInputStream()));
            DataOutputStream out = new DataOutputStream(new java.io.BufferedOutputStream(socket.getOutputStream()));
            handshake(in, out);
            for (int requests = 0; ; requests++) {
                if (requests == stallAfter) {
                    Thread.sleep(stallMs);
                }
                in.readInt();
                int type = in.readInt() & 0xffff;
                long cookie = in.readLong();
                in.readLong();
                int bytes = in.readInt();
                if (type == 1) {
                    in.skipNBytes(bytes);
                } else if (type == 2) {
                    return;
                }
                int error = requests >= failAfter ? IO_ERROR : 0;
                out.writeInt(REPLY_MAGIC);
                out.writeInt(error);
                out.writeLong(cookie);
                if (type == 0 && error == 0) {
                    out.write(new byte[bytes]);
                }
                out.flush();
            }
        } catch (IOException | InterruptedException e) {
            // The client has gone, or the test has ended.
        }
    }

    private void handshake(DataInputStream in, DataOutputStream out) throws IOException {
        out.writeLong(SERVER_MAGIC);
        out.writeLong(OPTION_MAGIC);
        out.writeShort(3);
        out.flush();
        in.readInt();
        in.readLong();
        int option = in.readInt();
        in.skipNBytes(in.readInt());
        out.writeLong(ANSWER_MAGIC);
        out.writeInt(option);
        out.writeInt(3);
        out.writeInt(12);
        out.writeShort(0);
        out.writeLong(sizeBytes);
        out.writeShort(1);
        out.writeLong(ANSWER_MAGIC);
        out.writeInt(option);
        out.writeInt(1);
        out.writeInt(0);
        out.flush();
    }

    @Override
    public void close() throws IOException {
        listener.close();
        thread.interrupt();
    }
}
