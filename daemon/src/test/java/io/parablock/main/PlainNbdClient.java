package io.parablock.main;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/** The least NBD client: EXPORT_NAME, one request at a time. */
final class PlainNbdClient implements AutoCloseable {
    private static final int ANSWER_TIMEOUT_MS = 30_000;

    private final Socket socket;
    private final DataInputStream in;
    private final DataOutputStream out;
    final long size;

    /** Of the volume {@code disk}. */
    PlainNbdClient(InetSocketAddress address) throws IOException {
        this(address, "disk");
    }

    PlainNbdClient(InetSocketAddress address, String export) throws IOException {
        socket = new Socket(InetAddress.getLoopbackAddress(), address.getPort());
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(ANSWER_TIMEOUT_MS);
        in = new DataInputStream(socket.getInputStream());
        out = new DataOutputStream(new java.io.BufferedOutputStream(socket.getOutputStream()));
        in.readFully(new byte[18]);
        out.writeInt(3);
        out.writeLong(0x49484156454F5054L);
        out.writeInt(1);
        out.writeInt(export.length());
        out.write(export.getBytes(StandardCharsets.US_ASCII));
        out.flush();
        size = in.readLong();
        int unused = in.readUnsignedShort();
    }

    private void request(int type, long offset, int length) throws IOException {
        out.writeInt(0x25609513);
        out.writeShort(0);
        out.writeShort(type);
        out.writeLong(7);
        out.writeLong(offset);
        out.writeInt(length);
    }

    private void reply() throws IOException {
        out.flush();
        assertThat(in.readInt()).isEqualTo(0x67446698);
        assertThat(in.readInt()).isZero();
        assertThat(in.readLong()).isEqualTo(7);
    }

    void write(long offset, byte[] content) throws IOException {
        request(1, offset, content.length);
        out.write(content);
        reply();
    }

    void command(int type, long offset, int length) throws IOException {
        request(type, offset, length);
        reply();
    }

    byte[] read(long offset, int length) throws IOException {
        request(0, offset, length);
        reply();
        byte[] content = new byte[length];
        in.readFully(content);
        return content;
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
