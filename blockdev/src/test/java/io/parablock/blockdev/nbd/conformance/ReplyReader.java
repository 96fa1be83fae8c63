package io.parablock.blockdev.nbd.conformance;

import static io.parablock.blockdev.nbd.conformance.Proto.*;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads replies and holds each chunk against proto.md, headings "Transmission" and "Structured reply types". */
final class ReplyReader {
    private static final int OVERHEAD_BYTES_MAX = 1 << 20;
    private static final int CONTENT_BYTES_MAX = 1 << 26;

    private static final Set<Integer> ERRORS =
            Set.of(0, EPERM, EIO, ENOMEM, EINVAL, ENOSPC, EOVERFLOW, ENOTSUP, ESHUTDOWN);

    private final Session session;
    private @Nullable Reply whole;

    ReplyReader(Session session) {
        this.session = session;
    }

    /** The reply that the last message completed. */
    @Nullable
    Reply takeWhole() {
        Reply taken = whole;
        whole = null;
        return taken;
    }

    /** Reads one message and returns its cookie. */
    long message() {
        int magic = session.wire.u32("a reply");
        if (magic == SIMPLE_REPLY_MAGIC && session.mode != Mode.EXTENDED) {
            return simple();
        }
        boolean structured = magic == STRUCTURED_REPLY_MAGIC && session.mode == Mode.STRUCTURED;
        boolean extended = magic == EXTENDED_REPLY_MAGIC && session.mode == Mode.EXTENDED;
        Violation.unless(structured || extended, "a reply begins with 0x%x in %s mode", magic, session.mode);
        return chunk();
    }

    private long simple() {
        int error = defined(session.wire.u32("the error of a reply"));
        long cookie = session.wire.u64("the cookie of a reply");
        Reply reply = inFlight(cookie);
        Request request = reply.request;
        boolean chunksOnly = session.mode == Mode.STRUCTURED
                && (request.type() == CMD_READ || (request.type() == CMD_BLOCK_STATUS && error == 0));
        Violation.unless(!chunksOnly, "%s gets a simple reply", request);
        Violation.unless(reply.covered.isEmpty() && reply.extents.isEmpty(), "chunks and then a simple reply");
        reply.simple = true;
        reply.error = error;
        if (request.type() == CMD_READ && error == 0) {
            reply.content = session.wire.bytes(contentBytes(request), "the data of a READ");
        }
        finish(cookie, reply);
        return cookie;
    }

    /** Heading "Error values": no other error may be sent. */
    private static int defined(int error) {
        Violation.unless(ERRORS.contains(error), "error %d is not defined", error);
        return error;
    }

    /** No check reads more than this with success. */
    private static int contentBytes(Request request) {
        Violation.unless(request.length() <= CONTENT_BYTES_MAX, "content for %s", request);
        return (int) request.length();
    }

    private Reply inFlight(long cookie) {
        Reply reply = session.inFlight.get(cookie);
        if (reply == null) {
            throw new Violation(String.format("a reply to cookie 0x%x, which is not in flight", cookie));
        }
        return reply;
    }

    private long chunk() {
        int flags = session.wire.u16("the flags of a chunk");
        int type = session.wire.u16("the type of a chunk");
        long cookie = session.wire.u64("the cookie of a chunk");
        Reply reply = inFlight(cookie);
        if (session.mode == Mode.EXTENDED) {
            long offset = session.wire.u64("the offset of a chunk");
            Violation.unless(
                    offset == reply.request.offset(), "a chunk for %s echoes offset %d", reply.request, offset);
        }
        long length = session.mode == Mode.EXTENDED
                ? session.wire.u64("the length of a chunk")
                : session.wire.u32("the length of a chunk") & 0xffffffffL;
        Violation.unless((flags & ~REPLY_DONE) == 0, "reply flags 0x%x", flags);
        boolean done = (flags & REPLY_DONE) != 0;
        long lengthMax = OVERHEAD_BYTES_MAX + (reply.request.type() == CMD_READ ? reply.request.length() : 0);
        Violation.unless(
                length >= 0 && length <= Math.min(lengthMax, CONTENT_BYTES_MAX + 8),
                "a chunk of %d bytes for %s",
                length,
                reply.request);
        ByteBuffer payload = ByteBuffer.wrap(session.wire.bytes((int) length, "the payload of a chunk"));
        switch (type) {
            case REPLY_NONE -> Violation.unless(done && length == 0, "a NONE chunk with payload or without DONE");
            case REPLY_OFFSET_DATA -> contents(reply, payload);
            case REPLY_OFFSET_HOLE -> hole(reply, payload);
            case REPLY_BLOCK_STATUS, REPLY_BLOCK_STATUS_EXT -> status(reply, type, payload);
            default -> error(reply, type, payload);
        }
        if (done) {
            finish(cookie, reply);
        }
        return cookie;
    }

    private static void contents(Reply reply, ByteBuffer payload) {
        Violation.unless(payload.remaining() >= 9, "OFFSET_DATA of %d bytes", payload.remaining());
        long offset = payload.getLong();
        int count = payload.remaining();
        int at = cover(reply, offset, count);
        payload.get(reply.content, at, count);
    }

    private static void hole(Reply reply, ByteBuffer payload) {
        Violation.unless(payload.remaining() == 12, "OFFSET_HOLE of %d bytes", payload.remaining());
        long offset = payload.getLong();
        long count = payload.getInt() & 0xffffffffL;
        Violation.unless(count > 0, "a hole of no bytes");
        cover(reply, offset, count);
        reply.holes++;
    }

    /** Notes that a content chunk covers these bytes; returns where they go in the content. */
    private static int cover(Reply reply, long offset, long count) {
        Request request = reply.request;
        Violation.unless(request.type() == CMD_READ, "a content chunk for %s", request);
        long end = request.offset() + request.length();
        Violation.unless(
                offset >= request.offset() && offset < end && count <= end - offset,
                "a chunk of %d bytes at %d for %s",
                count,
                offset,
                request);
        for (long[] before : reply.covered) {
            Violation.unless(
                    offset + count <= before[0] || offset >= before[1], "two chunks cover byte %d twice", offset);
        }
        reply.covered.add(new long[] {offset, offset + count});
        Violation.unless(
                (request.flags() & FLAG_DF) == 0 || reply.covered.size() == 1,
                "more than one content chunk in spite of NBD_CMD_FLAG_DF");
        if (reply.content.length == 0) {
            reply.content = new byte[contentBytes(request)];
        }
        return (int) (offset - request.offset());
    }

    private void status(Reply reply, int type, ByteBuffer payload) {
        Request request = reply.request;
        boolean wide = type == REPLY_BLOCK_STATUS_EXT;
        Violation.unless(request.type() == CMD_BLOCK_STATUS, "a status chunk for %s", request);
        Violation.unless(
                wide == (session.mode == Mode.EXTENDED), "a status chunk of type %d in %s mode", type, session.mode);
        int head = wide ? 8 : 4;
        int each = wide ? 16 : 8;
        int bytes = payload.remaining();
        Violation.unless(bytes > head && (bytes - head) % each == 0, "a status chunk of %d bytes", bytes);
        int id = payload.getInt();
        Violation.unless(session.contexts.containsKey(id), "status of context %d, which was not selected", id);
        if (wide) {
            int count = payload.getInt();
            Violation.unless(count == 0 || count == (bytes - head) / each, "descriptor count %d", count);
        }
        List<Extent> extents = new ArrayList<>();
        while (payload.hasRemaining()) {
            long length = wide ? payload.getLong() : payload.getInt() & 0xffffffffL;
            long status = wide ? payload.getLong() : payload.getInt() & 0xffffffffL;
            Violation.unless(length > 0, "an extent of %d bytes", length);
            Violation.unless(status >>> 32 == 0, "64-bit status in the base namespace");
            extents.add(new Extent(length, (int) status));
        }
        extents(request, extents);
        Violation.unless(reply.extents.put(id, extents) == null, "two status chunks for context %d", id);
    }

    private void extents(Request request, List<Extent> extents) {
        boolean one = (request.flags() & FLAG_REQ_ONE) != 0;
        Violation.unless(!one || extents.size() == 1, "%d extents in spite of REQ_ONE", extents.size());
        long sum = 0;
        for (int i = 0; i < extents.size(); i++) {
            Extent extent = extents.get(i);
            sum += extent.lengthBytes();
            Violation.unless(
                    extent.lengthBytes() % session.minimum() == 0,
                    "an extent of %d bytes is no multiple of the minimum block size",
                    extent.lengthBytes());
            Violation.unless(
                    i == extents.size() - 1 || sum < request.length(),
                    "extents go on after %d bytes, asked were %d",
                    sum,
                    request.length());
            Violation.unless((extent.status() & ~(STATE_HOLE | STATE_ZERO)) == 0, "status 0x%x", extent.status());
        }
        Violation.unless(!one || sum <= request.length(), "REQ_ONE: an extent of %d bytes", sum);
        Violation.unless(
                sum <= session.facts.sizeBytes() - request.offset(), "%d bytes of extents end behind the export", sum);
    }

    private static void error(Reply reply, int type, ByteBuffer payload) {
        Violation.unless((type & 1 << 15) != 0, "a chunk of type %d for %s", type, reply.request);
        int tail = type == REPLY_ERROR_OFFSET ? 8 : 0;
        Violation.unless(payload.remaining() >= 6 + tail, "an error chunk of %d bytes", payload.remaining());
        int error = defined(payload.getInt());
        Violation.unless(error != 0, "an error chunk without an error");
        int message = payload.getShort() & 0xffff;
        Violation.unless(
                message <= STRING_BYTES_MAX && message <= payload.remaining() - tail,
                "a message of %d bytes in an error chunk with room for %d",
                message,
                payload.remaining() - tail);
        byte[] text = new byte[message];
        payload.get(text);
        Haggle.utf8(text);
        if (reply.error == 0) {
            reply.error = error;
        }
    }

    private void finish(long cookie, Reply reply) {
        session.inFlight.remove(cookie);
        Request request = reply.request;
        if (reply.error == 0 && !reply.simple) {
            if (request.type() == CMD_READ) {
                long bytes = reply.covered.stream().mapToLong(e -> e[1] - e[0]).sum();
                Violation.unless(bytes == request.length(), "%d bytes of content for %s", bytes, request);
            } else if (request.type() == CMD_BLOCK_STATUS) {
                Violation.unless(
                        reply.extents.size() == session.contexts.size(),
                        "%d status chunks for %d contexts",
                        reply.extents.size(),
                        session.contexts.size());
            }
        }
        whole = reply;
    }
}
