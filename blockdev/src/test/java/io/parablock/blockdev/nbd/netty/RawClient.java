package io.parablock.blockdev.nbd.netty;

import static org.assertj.core.api.Assertions.assertThat;

import io.parablock.blockdev.nbd.Nbd;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;

/** A client that speaks in bytes. */
final class RawClient implements AutoCloseable {
    /** One chunk of a structured or extended reply. */
    record Chunk(int flags, int type, long cookie, byte[] payload) {
        ByteBuffer content() {
            return ByteBuffer.wrap(payload);
        }

        boolean isDone() {
            return (flags & Nbd.REPLY_FLAG_DONE) != 0;
        }

        int error() {
            assertThat(type).isEqualTo(Nbd.REPLY_ERROR);
            return content().getInt();
        }
    }

    final DataInputStream in;
    final DataOutputStream out;
    private final AutoCloseable socket;
    private boolean extended;

    RawClient(SocketAddress address) throws IOException {
        if (address instanceof InetSocketAddress tcp) {
            Socket s = new Socket(tcp.getAddress(), tcp.getPort());
            s.setSoTimeout(10_000);
            socket = s;
            in = new DataInputStream(s.getInputStream());
            out = new DataOutputStream(s.getOutputStream());
        } else {
            SocketChannel s = SocketChannel.open(StandardProtocolFamily.UNIX);
            assertThat(s.connect(address)).isTrue();
            socket = s;
            InputStream i = Channels.newInputStream(s);
            OutputStream o = Channels.newOutputStream(s);
            in = new DataInputStream(i);
            out = new DataOutputStream(o);
        }
        assertThat(in.readLong()).isEqualTo(Nbd.NBDMAGIC);
        assertThat(in.readLong()).isEqualTo(Nbd.IHAVEOPT);
        assertThat(in.readUnsignedShort()).isEqualTo(Nbd.FIXED_NEWSTYLE | Nbd.NO_ZEROES);
    }

    RawClient flags(int flags) throws IOException {
        out.writeInt(flags);
        return this;
    }

    void option(int option, byte[] content) throws IOException {
        out.writeLong(Nbd.IHAVEOPT);
        out.writeInt(option);
        out.writeInt(content.length);
        out.write(content);
    }

    /** Reads one option reply and returns its type. */
    int reply(int option) throws IOException {
        assertThat(in.readLong()).isEqualTo(Nbd.OPTION_REPLY_MAGIC);
        assertThat(in.readInt()).isEqualTo(option);
        int type = in.readInt();
        in.skipNBytes(in.readInt());
        return type;
    }

    private void acknowledged(int option) throws IOException {
        option(option, new byte[0]);
        assertThat(reply(option)).isEqualTo(Nbd.REP_ACK);
    }

    static byte[] query(String export, String... queries) {
        ByteBuffer b = ByteBuffer.allocate(1024);
        b.putInt(export.length()).put(export.getBytes(StandardCharsets.UTF_8)).putInt(queries.length);
        for (String q : queries) {
            b.putInt(q.length()).put(q.getBytes(StandardCharsets.UTF_8));
        }
        return java.util.Arrays.copyOf(b.array(), b.position());
    }

    void selectAllocation() throws IOException {
        option(Nbd.OPT_SET_META_CONTEXT, query("disk", Nbd.BASE_ALLOCATION));
        assertThat(reply(Nbd.OPT_SET_META_CONTEXT)).isEqualTo(Nbd.REP_META_CONTEXT);
        assertThat(reply(Nbd.OPT_SET_META_CONTEXT)).isEqualTo(Nbd.REP_ACK);
    }

    RawClient structured() throws IOException {
        acknowledged(Nbd.OPT_STRUCTURED_REPLY);
        return this;
    }

    RawClient extended() throws IOException {
        acknowledged(Nbd.OPT_EXTENDED_HEADERS);
        extended = true;
        return this;
    }

    /** @return the transmission flags */
    int attach() throws IOException {
        option(Nbd.OPT_EXPORT_NAME, "disk".getBytes(StandardCharsets.UTF_8));
        in.readLong();
        return in.readUnsignedShort();
    }

    RawClient attached() throws IOException {
        int unused = flags(3).attach();
        return this;
    }

    void request(int flags, int type, long cookie, long offset, long length) throws IOException {
        out.writeInt(extended ? Nbd.EXTENDED_REQUEST_MAGIC : Nbd.REQUEST_MAGIC);
        out.writeShort(flags);
        out.writeShort(type);
        out.writeLong(cookie);
        out.writeLong(offset);
        if (extended) {
            out.writeLong(length);
        } else {
            out.writeInt((int) length);
        }
    }

    int error(long cookie) throws IOException {
        assertThat(in.readInt()).isEqualTo(Nbd.SIMPLE_REPLY_MAGIC);
        int error = in.readInt();
        assertThat(in.readLong()).isEqualTo(cookie);
        return error;
    }

    Chunk chunk(long cookie, long requestOffset) throws IOException {
        assertThat(in.readInt()).isEqualTo(extended ? Nbd.EXTENDED_REPLY_MAGIC : Nbd.STRUCTURED_REPLY_MAGIC);
        int flags = in.readUnsignedShort();
        int type = in.readUnsignedShort();
        assertThat(in.readLong()).isEqualTo(cookie);
        if (extended) {
            assertThat(in.readLong()).isEqualTo(requestOffset);
        }
        long length = extended ? in.readLong() : in.readInt();
        return new Chunk(flags, type, cookie, in.readNBytes((int) length));
    }

    boolean isClosed() throws IOException {
        try {
            in.readByte();
            return false;
        } catch (EOFException | java.net.SocketException e) {
            return true;
        }
    }

    @Override
    public void close() throws IOException {
        try {
            socket.close();
        } catch (IOException e) {
            throw e;
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }
}
