package io.parablock.tools;

import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** A socket that speaks as much of NBD as its owner wants and ends as rudely as it likes (proto.md, all headings). */
final class RawNbd implements AutoCloseable {
    static final int TYPE_READ = 0;
    static final int TYPE_WRITE = 1;
    static final int CLIENT_FLAGS = 3;
    static final long OPTION_MAGIC = 0x49484156454f5054L;
    static final int OPTION_GO = 7;

    private static final int OPTION_EXTENDED_HEADERS = 11;
    private static final int REQUEST_MAGIC = 0x25609513;
    private static final int REPLY_MAGIC = 0x67446698;
    private static final int EXTENDED_REQUEST_MAGIC = 0x21e41c71;
    private static final short FLAG_PAYLOAD_LEN = 1 << 5;
    private static final int ANSWER_ACK = 1;
    private static final int GREETING_BYTES = 18;
    private static final int TIMEOUT_MS = 10_000;

    private final Socket socket = new Socket();
    private final DataInputStream in;

    RawNbd(InetSocketAddress address) throws IOException {
        try {
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(TIMEOUT_MS);
            socket.connect(address, TIMEOUT_MS);
            in = new DataInputStream(socket.getInputStream());
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }

    /** @return false if the server has ended the connection instead */
    boolean isGreeted() {
        try {
            return in.readNBytes(GREETING_BYTES).length == GREETING_BYTES;
        } catch (IOException e) {
            return false;
        }
    }

    /** The whole handshake, up to the transmission phase. */
    void attach(boolean extended) throws IOException {
        if (!isGreeted()) {
            throw new IOException("no greeting");
        }
        send(ByteBuffer.allocate(4).putInt(CLIENT_FLAGS));
        if (extended) {
            send(option(OPTION_EXTENDED_HEADERS, new byte[0]));
            awaitAck();
        }
        send(option(OPTION_GO, go()));
        awaitAck();
    }

    /** The answers to {@link #handshake}. */
    void awaitAttached() throws IOException {
        if (!isGreeted()) {
            throw new IOException("no greeting");
        }
        awaitAck();
    }

    /** The simple reply to a READ. */
    void awaitRead(int bytes) throws IOException {
        int magic = in.readInt();
        int error = in.readInt();
        long cookie = in.readLong();
        if (magic != REPLY_MAGIC || error != 0 || in.readNBytes(bytes).length != bytes) {
            throw new IOException("READ " + cookie + " is not answered: " + Integer.toHexString(magic) + ", " + error);
        }
    }

    private void awaitAck() throws IOException {
        int type;
        do {
            long magic = in.readLong();
            int option = in.readInt();
            type = in.readInt();
            in.readNBytes(in.readInt());
            if (type < 0) {
                throw new IOException(
                        "option " + option + " is refused: " + type + " (" + Long.toHexString(magic) + ")");
            }
        } while (type != ANSWER_ACK);
    }

    private static byte[] go() {
        byte[] name = LiveCluster.EXPORT.getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(4 + name.length + 2)
                .putInt(name.length)
                .put(name)
                .putShort((short) 0)
                .array();
    }

    /** What an orderly client sends up to the transmission phase. */
    static byte[] handshake() {
        byte[] go = option(OPTION_GO, go()).array();
        return ByteBuffer.allocate(4 + go.length).putInt(CLIENT_FLAGS).put(go).array();
    }

    static ByteBuffer option(int number, byte[] content) {
        return ByteBuffer.allocate(16 + content.length)
                .putLong(OPTION_MAGIC)
                .putInt(number)
                .putInt(content.length)
                .put(content);
    }

    /** @param length unsigned */
    static ByteBuffer request(int type, long cookie, long offset, int length) {
        return ByteBuffer.allocate(28)
                .putInt(REQUEST_MAGIC)
                .putShort((short) 0)
                .putShort((short) type)
                .putLong(cookie)
                .putLong(offset)
                .putInt(length);
    }

    static ByteBuffer extendedWrite(long cookie, long offset, long length) {
        return ByteBuffer.allocate(32)
                .putInt(EXTENDED_REQUEST_MAGIC)
                .putShort(FLAG_PAYLOAD_LEN)
                .putShort((short) TYPE_WRITE)
                .putLong(cookie)
                .putLong(offset)
                .putLong(length);
    }

    /** Sends all of a buffer, whatever its position. */
    void send(ByteBuffer whole) throws IOException {
        byte[] bytes = new byte[whole.capacity()];
        whole.get(0, bytes);
        send(bytes);
    }

    void send(byte[] bytes) throws IOException {
        socket.getOutputStream().write(bytes);
    }

    void send(byte one) throws IOException {
        socket.getOutputStream().write(one);
    }

    /** Ends the connection with a reset. */
    void reset() throws IOException {
        socket.setSoLinger(true, 0);
        socket.close();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
