package io.parablock.perf;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * An NBD client with many requests in flight on one connection.
 *
 * <p>Replies are delivered on the client's reader thread. A completion may submit the next request there: it is sent
 * together with the others of the same batch of replies, so that a closed loop costs no thread hand-off and one system
 * call per batch. From any other thread a request is sent at once.
 */
public final class NbdClient implements AutoCloseable {
    /** The most requests in flight on one connection. */
    public static final int IN_FLIGHT_MAX = 1024;
    /** The most bytes in one request. */
    public static final int REQUEST_PAYLOAD_BYTES_MAX = 32 << 20;
    /** The error a completion gets when the connection ended before its reply. */
    public static final int CONNECTION_LOST = -1;

    private static final int HANDSHAKE_TIMEOUT_MS = 10_000;
    private static final int SEND_BUFFER_BYTES = 1 << 20;
    private static final int RECEIVE_BUFFER_BYTES = 256 << 10;
    private static final int OPTION_ANSWER_BYTES_MAX = 64 << 10;

    /** Called once for each request, on the reader thread. */
    @FunctionalInterface
    public interface Completion {
        /**
         * @param error 0, an NBD error number, or {@link #CONNECTION_LOST}
         * @param payload what a READ read; valid during the call only
         */
        void onReply(int error, ByteBuffer payload);
    }

    private static final ByteBuffer EMPTY = ByteBuffer.allocate(0).asReadOnlyBuffer();

    private final ClientSocket socket;
    private final InputStream in;
    private final OutputStream out;
    private final Thread reader;
    private final byte[] inBytes = new byte[RECEIVE_BUFFER_BYTES];
    private final ByteBuffer inBuffer = ByteBuffer.wrap(inBytes).limit(0);
    private byte[] payload = new byte[4096];

    /** Guards everything below. */
    private final Object lock = new Object();

    private final @Nullable Completion[] completions = new @Nullable Completion[IN_FLIGHT_MAX];
    private final int[] readBytes = new int[IN_FLIGHT_MAX];
    private final int[] free = new int[IN_FLIGHT_MAX];
    private int freeCount;
    private final ByteBuffer outBuffer = ByteBuffer.allocate(SEND_BUFFER_BYTES);
    private boolean lost;

    private long sizeBytes;
    private int exportFlags;

    private NbdClient(ClientSocket socket, String name) {
        this.socket = socket;
        this.in = socket.in();
        this.out = socket.out();
        this.reader = new Thread(this::readReplies, name);
        reader.setDaemon(true);
        for (int i = 0; i < IN_FLIGHT_MAX; i++) {
            free[freeCount++] = IN_FLIGHT_MAX - 1 - i;
        }
    }

    /**
     * Connects and shakes hands, within {@value #HANDSHAKE_TIMEOUT_MS} ms.
     *
     * @param address of TCP or of a unix socket
     */
    public static NbdClient connect(SocketAddress address, String export) throws IOException {
        ClientSocket socket = ClientSocket.connect(address, SEND_BUFFER_BYTES);
        ScheduledFuture<?> deadline = socket.closeAfter(HANDSHAKE_TIMEOUT_MS);
        NbdClient client = new NbdClient(socket, "nbd-client-" + address);
        try {
            client.handshake(export);
        } catch (IOException e) {
            boolean late = !deadline.cancel(false);
            socket.close();
            throw late ? new IOException("no NBD handshake within " + HANDSHAKE_TIMEOUT_MS + " ms", e) : e;
        }
        if (!deadline.cancel(false)) {
            throw new IOException("no NBD handshake within " + HANDSHAKE_TIMEOUT_MS + " ms");
        }
        client.reader.start();
        return client;
    }

    public long sizeBytes() {
        return sizeBytes;
    }

    /** The transmission flags of the export. */
    public int exportFlags() {
        return exportFlags;
    }

    /** Whether the connection has ended. */
    public boolean lost() {
        synchronized (lock) {
            return lost;
        }
    }

    public void read(long offsetBytes, int bytes, Completion completion) {
        submit(NbdRequestDescriptor.TYPE_READ, 0, offsetBytes, bytes, EMPTY, completion);
    }

    /** Writes the remaining bytes of {@code data}; its content is copied or sent before the call returns. */
    public void write(long offsetBytes, ByteBuffer data, boolean fua, Completion completion) {
        submit(
                NbdRequestDescriptor.TYPE_WRITE,
                fua ? NbdRequestDescriptor.FLAG_FUA : 0,
                offsetBytes,
                data.remaining(),
                data,
                completion);
    }

    public void flush(Completion completion) {
        submit(NbdRequestDescriptor.TYPE_FLUSH, 0, 0, 0, EMPTY, completion);
    }

    public void trim(long offsetBytes, int bytes, Completion completion) {
        submit(NbdRequestDescriptor.TYPE_TRIM, 0, offsetBytes, bytes, EMPTY, completion);
    }

    public void writeZeroes(long offsetBytes, int bytes, Completion completion) {
        submit(NbdRequestDescriptor.TYPE_WRITE_ZEROES, 0, offsetBytes, bytes, EMPTY, completion);
    }

    /** Reads and waits; never from a completion. */
    public byte[] readNow(long offsetBytes, int bytes, long timeoutMs) throws IOException {
        CompletableFuture<byte[]> done = new CompletableFuture<>();
        read(offsetBytes, bytes, (error, content) -> {
            if (error != 0) {
                done.completeExceptionally(failure("READ", error));
            } else {
                byte[] copy = new byte[content.remaining()];
                content.get(copy);
                done.complete(copy);
            }
        });
        return await(done, timeoutMs);
    }

    /** Writes and waits; never from a completion. */
    public void writeNow(long offsetBytes, byte[] data, long timeoutMs) throws IOException {
        CompletableFuture<byte[]> done = new CompletableFuture<>();
        write(offsetBytes, ByteBuffer.wrap(data), false, settle("WRITE", done));
        await(done, timeoutMs);
    }

    public void flushNow(long timeoutMs) throws IOException {
        CompletableFuture<byte[]> done = new CompletableFuture<>();
        flush(settle("FLUSH", done));
        await(done, timeoutMs);
    }

    private static Completion settle(String what, CompletableFuture<byte[]> done) {
        return (error, content) -> {
            if (error != 0) {
                done.completeExceptionally(failure(what, error));
            } else {
                done.complete(new byte[0]);
            }
        };
    }

    private static IOException failure(String what, int error) {
        return new IOException(
                error == CONNECTION_LOST ? "the NBD connection ended" : what + " answered NBD error " + error);
    }

    private static byte[] await(CompletableFuture<byte[]> done, long timeoutMs) throws IOException {
        try {
            return done.get(timeoutMs, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        } catch (TimeoutException e) {
            throw new IOException("no NBD reply within " + timeoutMs + " ms", e);
        } catch (ExecutionException e) {
            Throwable cause = e.getCause();
            throw new IOException(cause == null ? "the request failed" : cause.getMessage(), e);
        }
    }

    private void submit(int type, int flags, long offsetBytes, int bytes, ByteBuffer data, Completion completion) {
        if (bytes > REQUEST_PAYLOAD_BYTES_MAX) {
            throw new IllegalArgumentException("a request has at most " + REQUEST_PAYLOAD_BYTES_MAX + " bytes");
        }
        synchronized (lock) {
            if (!lost) {
                if (freeCount == 0) {
                    throw new IllegalStateException("more than " + IN_FLIGHT_MAX + " requests in flight");
                }
                int place = free[--freeCount];
                completions[place] = completion;
                readBytes[place] = type == NbdRequestDescriptor.TYPE_READ ? bytes : 0;
                send(type, flags, offsetBytes, bytes, data, place);
                return;
            }
        }
        completion.onReply(CONNECTION_LOST, EMPTY);
    }

    private void send(int type, int flags, long offsetBytes, int bytes, ByteBuffer data, int place) {
        try {
            if (outBuffer.remaining() < NbdRequestDescriptor.REQUEST_BYTES + data.remaining()) {
                sendBuffered();
            }
            outBuffer
                    .putInt(NbdRequestDescriptor.REQUEST_MAGIC)
                    .putShort((short) flags)
                    .putShort((short) type)
                    .putLong(place)
                    .putLong(offsetBytes)
                    .putInt(bytes);
            if (data.remaining() > outBuffer.remaining()) {
                sendBuffered();
                byte[] copy = new byte[data.remaining()];
                data.get(copy);
                out.write(copy);
            } else {
                outBuffer.put(data);
            }
            if (Thread.currentThread() != reader) {
                sendBuffered();
            }
        } catch (IOException e) {
            // The reader sees the same end of the connection and fails everything in flight.
            socket.close();
        }
    }

    private void sendBuffered() throws IOException {
        if (outBuffer.position() > 0) {
            out.write(outBuffer.array(), 0, outBuffer.position());
            outBuffer.clear();
        }
    }

    private void handshake(String export) throws IOException {
        DataInputStream input = new DataInputStream(in);
        DataOutputStream output = new DataOutputStream(out);
        require(input.readLong() == NbdRequestDescriptor.SERVER_MAGIC, "no NBD server");
        require(input.readLong() == NbdRequestDescriptor.OPTION_MAGIC, "no newstyle NBD server");
        int flags = input.readUnsignedShort();
        require((flags & NbdRequestDescriptor.HANDSHAKE_FIXED_NEWSTYLE) != 0, "no fixed newstyle NBD server");
        byte[] name = export.getBytes(StandardCharsets.UTF_8);
        ByteBuffer go = ByteBuffer.allocate(4 + 16 + 4 + name.length + 2);
        go.putInt(flags & (NbdRequestDescriptor.HANDSHAKE_FIXED_NEWSTYLE | NbdRequestDescriptor.HANDSHAKE_NO_ZEROES));
        go.putLong(NbdRequestDescriptor.OPTION_MAGIC);
        go.putInt(NbdRequestDescriptor.OPTION_GO).putInt(4 + name.length + 2);
        go.putInt(name.length).put(name).putShort((short) 0);
        output.write(go.array());
        boolean known = false;
        while (true) {
            require(input.readLong() == NbdRequestDescriptor.ANSWER_MAGIC, "a bad option answer");
            require(input.readInt() == NbdRequestDescriptor.OPTION_GO, "an answer to another option");
            int type = input.readInt();
            int length = input.readInt();
            require(length >= 0 && length <= OPTION_ANSWER_BYTES_MAX, "an option answer of " + length + " bytes");
            ByteBuffer content = ByteBuffer.wrap(input.readNBytes(length));
            if (type == NbdRequestDescriptor.ANSWER_ACK) {
                require(known, "an export without a size");
                return;
            }
            if (type < 0) {
                String why = StandardCharsets.UTF_8.decode(content).toString();
                throw new IOException("the server refused export '" + export + "'" + (why.isEmpty() ? "" : ": " + why));
            }
            if (type == NbdRequestDescriptor.ANSWER_INFO && content.getShort() == NbdRequestDescriptor.INFO_EXPORT) {
                sizeBytes = content.getLong();
                exportFlags = Short.toUnsignedInt(content.getShort());
                known = true;
            }
        }
    }

    private static void require(boolean held, String otherwise) throws IOException {
        if (!held) {
            throw new IOException(otherwise);
        }
    }

    private void readReplies() {
        try {
            while (true) {
                if (inBuffer.remaining() < NbdRequestDescriptor.REPLY_BYTES) {
                    synchronized (lock) {
                        sendBuffered();
                    }
                    fill(NbdRequestDescriptor.REPLY_BYTES);
                }
                reply();
            }
        } catch (IOException e) {
            socket.close();
            failAll();
        }
    }

    private void reply() throws IOException {
        require(inBuffer.getInt() == NbdRequestDescriptor.REPLY_MAGIC, "a bad reply");
        int error = inBuffer.getInt();
        int place = (int) inBuffer.getLong();
        Completion completion;
        int bytes;
        synchronized (lock) {
            Completion waiting = place >= 0 && place < IN_FLIGHT_MAX ? completions[place] : null;
            if (waiting == null) {
                throw new IOException("a reply to no request");
            }
            completion = waiting;
            bytes = error == 0 ? readBytes[place] : 0;
        }
        ByteBuffer content = bytes == 0 ? EMPTY : readPayload(bytes);
        synchronized (lock) {
            completions[place] = null;
            free[freeCount++] = place;
        }
        completion.onReply(error, content);
    }

    private ByteBuffer readPayload(int bytes) throws IOException {
        if (payload.length < bytes) {
            payload = new byte[bytes];
        }
        int have = Math.min(bytes, inBuffer.remaining());
        inBuffer.get(payload, 0, have);
        if (in.readNBytes(payload, have, bytes - have) < bytes - have) {
            throw new EOFException("the connection ended inside a reply");
        }
        return ByteBuffer.wrap(payload, 0, bytes);
    }

    private void fill(int bytes) throws IOException {
        inBuffer.compact();
        while (inBuffer.position() < bytes) {
            int count = in.read(inBytes, inBuffer.position(), inBuffer.remaining());
            if (count < 0) {
                throw new EOFException("the server closed the connection");
            }
            inBuffer.position(inBuffer.position() + count);
        }
        inBuffer.flip();
    }

    private void failAll() {
        synchronized (lock) {
            lost = true;
        }
        for (int place = 0; place < IN_FLIGHT_MAX; place++) {
            Completion completion;
            synchronized (lock) {
                completion = completions[place];
                completions[place] = null;
            }
            if (completion != null) {
                completion.onReply(CONNECTION_LOST, EMPTY);
            }
        }
    }

    /** Says DISC and ends the connection; requests in flight complete with {@link #CONNECTION_LOST}. */
    @Override
    public void close() {
        synchronized (lock) {
            if (!lost) {
                send(NbdRequestDescriptor.TYPE_DISC, 0, 0, 0, EMPTY, 0);
            }
        }
        socket.close();
        if (Thread.currentThread() != reader) {
            try {
                reader.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
