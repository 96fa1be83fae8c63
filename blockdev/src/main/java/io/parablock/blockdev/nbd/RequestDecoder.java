package io.parablock.blockdev.nbd;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import org.jspecify.annotations.Nullable;

/**
 * Transmission requests (proto.md, "Request message"): bytes in, checked requests out. A payload is received once, into one
 * pooled direct buffer; one that is not wanted is skipped without being kept. Single-threaded.
 */
public final class RequestDecoder {
    private static final int HEADER_BYTES = 28;
    private static final int EXTENDED_HEADER_BYTES = 32;

    /** Receives the requests; a payload's reference passes to it. */
    public interface Sink {
        /**
         * Asked before memory is set aside for a sound request.
         *
         * @return false to stop in front of it; nothing more is consumed until {@link RequestDecoder#resume}
         */
        boolean admit(int type, int flags, long length);

        void onRequest(int type, int flags, long cookie, long offset, long length, @Nullable ByteBuf payload);

        /** A request to be answered with an error at once. */
        void onRefused(int type, long cookie, long offset, int nbdError);

        void onDisconnect();
    }

    private final NbdExport export;
    private final ReplyMode mode;
    private final boolean allocation;
    private final ByteBufAllocator allocator;
    private final Sink sink;
    private final int headerBytes;
    private boolean haveHeader;
    private boolean stalled;
    private boolean stopping;
    private boolean finishing;
    private int type;
    private int flags;
    private long cookie;
    private long offset;
    private long length;
    private @Nullable ByteBuf payload;
    private long drain;
    private int drainError;
    private boolean disconnected;

    public RequestDecoder(Negotiated negotiated, ByteBufAllocator allocator, Sink sink) {
        this.export = negotiated.export();
        this.mode = negotiated.mode();
        this.allocation = negotiated.allocation();
        this.allocator = allocator;
        this.sink = sink;
        this.headerBytes = mode == ReplyMode.EXTENDED ? EXTENDED_HEADER_BYTES : HEADER_BYTES;
    }

    /** @throws ProtocolException if the connection must be closed */
    public void feed(ByteBuf in) throws ProtocolException {
        while (!disconnected && !stalled && step(in)) {
            // Each step consumes one element.
        }
    }

    /** The server stops: requests whose header comes after this are refused with NBD_ESHUTDOWN. */
    public void stop() {
        stopping = true;
    }

    /** The server stops: the request that is being received is the last one, what is behind it is not consumed. */
    public void finish() {
        finishing = true;
    }

    private boolean step(ByteBuf in) throws ProtocolException {
        if (drain > 0) {
            int n = (int) Math.min(drain, in.readableBytes());
            in.skipBytes(n);
            drain -= n;
            if (drain == 0) {
                sink.onRefused(type, cookie, offset, drainError);
                return true;
            }
            return false;
        }
        if (haveHeader) {
            return readPayload(in);
        }
        if (finishing || in.readableBytes() < headerBytes) {
            return false;
        }
        boolean extended = mode == ReplyMode.EXTENDED;
        if (in.readInt() != (extended ? Nbd.EXTENDED_REQUEST_MAGIC : Nbd.REQUEST_MAGIC)) {
            throw new ProtocolException("bad request magic");
        }
        flags = in.readUnsignedShort();
        type = in.readUnsignedShort();
        cookie = in.readLong();
        offset = in.readLong();
        length = extended ? in.readLong() : in.readUnsignedInt();
        onHeader();
        return true;
    }

    private void onHeader() throws ProtocolException {
        if (type == Nbd.CMD_DISC) {
            disconnected = true;
            sink.onDisconnect();
            return;
        }
        long payloadBytes = payloadBytes();
        if (Long.compareUnsigned(payloadBytes, Nbd.PAYLOAD_MAX) > 0) {
            throw new ProtocolException(
                    "payload of " + Long.toUnsignedString(payloadBytes) + " bytes, at most " + Nbd.PAYLOAD_MAX);
        }
        int error = stopping ? Nbd.ESHUTDOWN : check();
        if (error != 0) {
            drain = payloadBytes;
            drainError = error;
            if (drain == 0) {
                sink.onRefused(type, cookie, offset, error);
            }
        } else if (sink.admit(type, flags, length)) {
            begin();
        } else {
            stalled = true;
        }
    }

    /** What follows the header: with extended headers the flag says it, without them the type does. */
    private long payloadBytes() {
        boolean carries = mode == ReplyMode.EXTENDED ? (flags & Nbd.CMD_FLAG_PAYLOAD_LEN) != 0 : type == Nbd.CMD_WRITE;
        return carries ? length : 0;
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

    /** The flags that proto.md, "Command flags", knows for this request; -1 if the request is unknown. */
    private int allowedFlags() {
        return switch (type) {
            case Nbd.CMD_READ -> Nbd.CMD_FLAG_FUA | (mode == ReplyMode.SIMPLE ? 0 : Nbd.CMD_FLAG_DF);
            case Nbd.CMD_WRITE -> Nbd.CMD_FLAG_FUA | (mode == ReplyMode.EXTENDED ? Nbd.CMD_FLAG_PAYLOAD_LEN : 0);
            case Nbd.CMD_TRIM, Nbd.CMD_FLUSH, Nbd.CMD_CACHE -> Nbd.CMD_FLAG_FUA;
            case Nbd.CMD_WRITE_ZEROES -> Nbd.CMD_FLAG_FUA | Nbd.CMD_FLAG_NO_HOLE | Nbd.CMD_FLAG_FAST_ZERO;
            case Nbd.CMD_BLOCK_STATUS -> allocation ? Nbd.CMD_FLAG_FUA | Nbd.CMD_FLAG_REQ_ONE : -1;
            default -> -1;
        };
    }

    /** The NBD error of a request that must not be carried out, or 0 (proto.md, "Request types", "Error values"). */
    private int check() {
        boolean mutates = type == Nbd.CMD_WRITE || type == Nbd.CMD_TRIM || type == Nbd.CMD_WRITE_ZEROES;
        int allowed = allowedFlags();
        boolean withoutPayload = type == Nbd.CMD_WRITE && payloadBytes() != length;
        if (allowed < 0 || (flags & ~allowed) != 0 || withoutPayload) {
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
        // Unsigned: an offset or length of 2^63 and more is beyond every end.
        if (offset < 0 || length < 0 || offset > export.sizeBytes() - length) {
            return mutates && type != Nbd.CMD_TRIM ? Nbd.ENOSPC : Nbd.EINVAL;
        }
        if (type == Nbd.CMD_READ && length > Nbd.PAYLOAD_MAX) {
            // "NBD_CMD_FLAG_DF": only who asks for one chunk is told that it would be too long.
            return (flags & Nbd.CMD_FLAG_DF) != 0 ? Nbd.EOVERFLOW : Nbd.EINVAL;
        }
        // Written zeros are as slow as any write: that is what the client wants to be told.
        int slowZero = Nbd.CMD_FLAG_NO_HOLE | Nbd.CMD_FLAG_FAST_ZERO;
        return type == Nbd.CMD_WRITE_ZEROES && (flags & slowZero) == slowZero ? Nbd.ENOTSUP : 0;
    }

    /** Whether a payload is being received that will be carried out. */
    public boolean isReceiving() {
        return haveHeader || stalled;
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
