package io.parablock.blockdev.nbd;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import org.jspecify.annotations.Nullable;

/**
 * Transmission requests (proto.md, "Transmission", "Request message"): bytes in, checked requests out. A payload is received
 * once, into one pooled direct buffer. Single-threaded.
 */
public final class RequestDecoder {
    private static final int HEADER_BYTES = 28;
    /** Receives the requests; a payload's reference passes to it. */
    public interface Sink {
        /**
         * Asked before memory is set aside for a sound request.
         *
         * @return false to stop in front of it; nothing more is consumed until {@link RequestDecoder#resume}
         */
        boolean admit(int type, long length);

        void onRequest(int type, int flags, long cookie, long offset, long length, @Nullable ByteBuf payload);

        /** A request to be answered with an error at once. */
        void onRefused(long cookie, int nbdError);

        void onDisconnect();
    }

    private final NbdExport export;
    private final ByteBufAllocator allocator;
    private final Sink sink;
    private boolean haveHeader;
    private boolean stalled;
    private int type;
    private int flags;
    private long cookie;
    private long offset;
    private long length;
    private @Nullable ByteBuf payload;
    private long drain;
    private int drainError;
    private boolean disconnected;

    public RequestDecoder(NbdExport export, ByteBufAllocator allocator, Sink sink) {
        this.export = export;
        this.allocator = allocator;
        this.sink = sink;
    }

    /** @throws ProtocolException if the connection must be closed */
    public void feed(ByteBuf in) throws ProtocolException {
        while (!disconnected && !stalled && step(in)) {
            // Each step consumes one element.
        }
    }

    private boolean step(ByteBuf in) throws ProtocolException {
        if (drain > 0) {
            int n = (int) Math.min(drain, in.readableBytes());
            in.skipBytes(n);
            drain -= n;
            if (drain == 0) {
                sink.onRefused(cookie, drainError);
                return true;
            }
            return false;
        }
        if (haveHeader) {
            return readPayload(in);
        }
        if (in.readableBytes() < HEADER_BYTES) {
            return false;
        }
        if (in.readInt() != Nbd.REQUEST_MAGIC) {
            throw new ProtocolException("bad request magic");
        }
        flags = in.readUnsignedShort();
        type = in.readUnsignedShort();
        cookie = in.readLong();
        offset = in.readLong();
        length = in.readUnsignedInt();
        onHeader();
        return true;
    }

    private void onHeader() throws ProtocolException {
        if (type == Nbd.CMD_DISC) {
            disconnected = true;
            sink.onDisconnect();
            return;
        }
        if ((type == Nbd.CMD_READ || type == Nbd.CMD_WRITE) && length > Nbd.PAYLOAD_MAX) {
            throw new ProtocolException("request for " + length + " bytes, at most " + Nbd.PAYLOAD_MAX);
        }
        int error = check();
        if (type == Nbd.CMD_WRITE) {
            if (error != 0) {
                drain = length;
                drainError = error;
                if (length == 0) {
                    sink.onRefused(cookie, error);
                }
                return;
            }
        } else if (error != 0) {
            sink.onRefused(cookie, error);
            return;
        }
        if (sink.admit(type, length)) {
            begin();
        } else {
            stalled = true;
        }
    }

    private void begin() {
        if (type == Nbd.CMD_WRITE) {
            haveHeader = true;
            payload = allocator.directBuffer((int) length, (int) length);
        } else {
            sink.onRequest(type, flags, cookie, offset, length, null);
        }
    }

    /** Begins the request that was not admitted; {@link #feed} consumes again. */
    public void resume() {
        if (!stalled) {
            throw new IllegalStateException("not stalled");
        }
        stalled = false;
        begin();
    }

    private boolean readPayload(ByteBuf in) {
        ByteBuf p = payload;
        if (p == null) {
            throw new IllegalStateException("no payload under way");
        }
        int n = Math.min(p.writableBytes(), in.readableBytes());
        p.writeBytes(in, n);
        if (p.isWritable()) {
            return false;
        }
        haveHeader = false;
        payload = null;
        sink.onRequest(type, flags, cookie, offset, length, p);
        return true;
    }

    /** The NBD error of a request that must not be carried out, or 0 (proto.md, "Request types", "Error values"). */
    private int check() {
        boolean mutates = type == Nbd.CMD_WRITE || type == Nbd.CMD_TRIM || type == Nbd.CMD_WRITE_ZEROES;
        int allowed = switch (type) {
            case Nbd.CMD_READ, Nbd.CMD_WRITE, Nbd.CMD_TRIM, Nbd.CMD_FLUSH -> Nbd.CMD_FLAG_FUA;
            case Nbd.CMD_WRITE_ZEROES -> Nbd.CMD_FLAG_FUA | Nbd.CMD_FLAG_NO_HOLE;
            default -> -1;
        };
        if (allowed < 0 || (flags & ~allowed) != 0) {
            return Nbd.EINVAL;
        }
        if (mutates && export.readOnly()) {
            return Nbd.EPERM;
        }
        if (type == Nbd.CMD_FLUSH) {
            return offset == 0 && length == 0 ? 0 : Nbd.EINVAL;
        }
        if (((offset | length) & (Nbd.BLOCK_MIN - 1)) != 0 || length == 0) {
            return Nbd.EINVAL;
        }
        // Unsigned: an offset of 2^63 and more is beyond every end.
        if (offset < 0 || offset > export.sizeBytes() - length) {
            return mutates && type != Nbd.CMD_TRIM ? Nbd.ENOSPC : Nbd.EINVAL;
        }
        return 0;
    }

    /** Releases a payload under way. */
    public void close() {
        ByteBuf p = payload;
        if (p != null) {
            payload = null;
            p.release();
        }
        disconnected = true;
    }
}
