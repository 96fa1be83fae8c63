package io.parablock.blockdev.nbd.conformance;

import static io.parablock.blockdev.nbd.conformance.Mutant.*;
import static io.parablock.blockdev.nbd.conformance.Proto.*;

import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Writes the reference server's replies in the headers that were negotiated. */
final class ReferenceReplies {
    private static final int EXTENTS_MAX = 1000;

    private final ReferenceServer server;
    private final Mode mode;
    private final ReferenceExport export;
    private final int contextId;
    private final DataOutputStream out;

    ReferenceReplies(ReferenceServer server, Mode mode, ReferenceExport export, int contextId, DataOutputStream out) {
        this.server = server;
        this.mode = mode;
        this.export = export;
        this.contextId = contextId;
        this.out = out;
    }

    private boolean is(Mutant mutant) {
        return server.is(mutant);
    }

    /** A reply without content. */
    void plain(Request request, long cookie, int error) throws IOException {
        if (mode == Mode.SIMPLE && !is(CHUNKS_WITHOUT_NEGOTIATION)) {
            simple(cookie, error);
        } else {
            byte[] payload = new byte[is(NONE_WITH_PAYLOAD) ? 4 : 0];
            chunk(request, cookie, is(NONE_WITHOUT_DONE) ? 0 : REPLY_DONE, REPLY_NONE, payload);
        }
    }

    private void simple(long cookie, int error) throws IOException {
        out.writeInt(is(SIMPLE_WRONG_MAGIC) ? 0x96744668 : SIMPLE_REPLY_MAGIC);
        out.writeInt(error);
        out.writeLong(cookie(cookie));
    }

    private long cookie(long cookie) {
        return is(COOKIE_WRONG) ? cookie + 1 : is(COOKIE_CUT_TO_32_BITS) ? cookie & 0xffffffffL : cookie;
    }

    private void chunk(Request request, long cookie, int flags, int type, byte[] payload) throws IOException {
        boolean extended = mode == Mode.EXTENDED && !is(EXTENDED_REPLIES_STRUCTURED);
        out.writeInt(extended ? EXTENDED_REPLY_MAGIC : STRUCTURED_REPLY_MAGIC);
        int sent = is(DONE_MISSING) ? flags & ~REPLY_DONE : is(DONE_ON_EVERY_CHUNK) ? flags | REPLY_DONE : flags;
        out.writeShort(is(CHUNK_UNKNOWN_FLAG) ? sent | 1 << 3 : sent);
        out.writeShort(type);
        out.writeLong(cookie(cookie));
        if (extended) {
            out.writeLong(is(EXTENDED_OFFSET_NOT_ECHOED) ? 0 : request.offset());
            out.writeLong(payload.length);
        } else {
            out.writeInt(payload.length);
        }
        out.write(payload);
    }

    void error(Request request, long cookie, int error) throws IOException {
        if (mode == Mode.SIMPLE || (is(READ_ERROR_SIMPLE) && mode == Mode.STRUCTURED)) {
            simple(cookie, error);
            if (is(READ_ERROR_WITH_PAYLOAD) && request.type() == CMD_READ) {
                out.write(new byte[(int) Math.min(request.length(), 512)]);
            }
            return;
        }
        if (is(EXTENDED_ERROR_SIMPLE) && mode == Mode.EXTENDED) {
            simple(cookie, error);
            return;
        }
        byte[] message = (is(ERROR_MESSAGE_NOT_UTF8) ? "\u00e9" : "refused").getBytes(StandardCharsets.ISO_8859_1);
        byte[] payload = Message.of()
                .u32(is(ERROR_OF_ZERO) ? 0 : error)
                .u16(message.length + (is(ERROR_MESSAGE_TOO_LONG) ? 9 : 0))
                .raw(message)
                .array();
        byte[] sent = is(ERROR_CHUNK_TOO_SHORT) ? Arrays.copyOf(payload, 4) : payload;
        chunk(request, cookie, REPLY_DONE, is(ERROR_CHUNK_OF_UNKNOWN_TYPE) ? 9 : REPLY_ERROR, sent);
    }

    void read(Request request, long cookie, long offset) throws IOException {
        int length = (int) request.length();
        int inside = (int) Math.max(0, Math.min(length, export.sizeBytes - offset));
        byte[] content = Arrays.copyOf(export.read(offset, inside), length);
        if (is(READ_WRONG_BEHIND_4_KIB) && length > 4096) {
            content[4096]++;
        }
        if (mode == Mode.SIMPLE) {
            if (is(CHUNKS_WITHOUT_NEGOTIATION)) {
                contents(request, cookie, REPLY_DONE, offset, content);
                return;
            }
            simple(cookie, 0);
            out.write(is(READ_CONTENT_TOO_SHORT) ? Arrays.copyOf(content, Math.max(0, length - 1)) : content);
            return;
        }
        if (is(READ_STRUCTURED_ANSWERED_SIMPLE) && mode == Mode.STRUCTURED) {
            simple(cookie, 0);
            out.write(content);
            return;
        }
        boolean whole = (request.flags() & FLAG_DF) != 0 && !is(DF_IGNORED);
        if (whole) {
            contents(request, cookie, 0, offset, content);
        } else {
            inRuns(request, cookie, offset, content);
        }
        plain(request, cookie, 0);
    }

    private void inRuns(Request request, long cookie, long offset, byte[] content) throws IOException {
        long end = offset + content.length;
        for (long at = offset; at < end; ) {
            long next = export.runEnd(at, end);
            boolean hole = export.isHole(at) || (is(HOLE_WHERE_CONTENT) && next - at > 4096);
            if (hole) {
                hole(request, cookie, at, next - at);
            } else {
                int from = (int) (at - offset);
                int count = (int) (next - at);
                long shifted = at + (is(CHUNK_OUTSIDE_REQUEST) ? content.length : 0);
                contents(request, cookie, 0, shifted, Arrays.copyOfRange(content, from, from + count));
                if (is(CHUNK_REPEATED)) {
                    contents(request, cookie, 0, at, Arrays.copyOfRange(content, from, from + count));
                }
            }
            at = next;
        }
    }

    private void contents(Request request, long cookie, int flags, long offset, byte[] bytes) throws IOException {
        if (bytes.length > 0 || is(CHUNK_EMPTY)) {
            chunk(
                    request,
                    cookie,
                    flags,
                    REPLY_OFFSET_DATA,
                    Message.of()
                            .u64(is(CHUNK_OFFSET_RELATIVE) ? offset - request.offset() : offset)
                            .raw(bytes)
                            .array());
        }
    }

    private void hole(Request request, long cookie, long offset, long length) throws IOException {
        if (is(HOLE_LEFT_OUT)) {
            return;
        }
        Message hole = Message.of().u64(offset).u32(is(HOLE_TOO_SMALL) ? length / 2 : length);
        chunk(request, cookie, 0, REPLY_OFFSET_HOLE, (is(HOLE_CHUNK_WRONG_LENGTH) ? hole.u32(0) : hole).array());
    }

    void status(Request request, long cookie, long offset) throws IOException {
        if (is(STATUS_ANSWERED_SIMPLE) && mode == Mode.STRUCTURED) {
            simple(cookie, 0);
            return;
        }
        long end = Math.min(offset + request.length(), export.sizeBytes);
        List<Extent> extents = new ArrayList<>();
        boolean one = (request.flags() & FLAG_REQ_ONE) != 0 && !is(REQ_ONE_IGNORED);
        for (long at = offset; at < end && extents.size() < (one ? 1 : EXTENTS_MAX); ) {
            long next = export.runEnd(at, is(REQ_ONE_TOO_LONG) ? export.sizeBytes : end);
            int state = export.isHole(at) ^ is(STATUS_INVERTED) ? STATE_HOLE | STATE_ZERO : 0;
            extents.add(new Extent(next - at, state | (is(STATUS_RESERVED_BITS) ? 1 << 5 : 0)));
            at = next;
        }
        if (is(STATUS_EMPTY_EXTENT)) {
            extents.add(0, new Extent(0, 0));
        }
        if (is(STATUS_PAST_REQUEST) && !one) {
            extents.add(new Extent(4096, 0));
        }
        boolean wide = mode == Mode.EXTENDED ? !is(EXTENDED_STATUS_COMPACT) : is(STATUS_WIDE);
        Message payload = Message.of().u32(contextId);
        if (wide) {
            payload.u32(extents.size() + (is(EXTENDED_STATUS_WRONG_COUNT) ? 1 : 0));
        }
        for (Extent extent : extents) {
            if (wide) {
                payload.u64(extent.lengthBytes()).u64(extent.status());
            } else {
                payload.u32(extent.lengthBytes()).u32(extent.status());
            }
        }
        int type = wide ? REPLY_BLOCK_STATUS_EXT : REPLY_BLOCK_STATUS;
        for (int i = is(STATUS_TWICE) ? 0 : 1; i < 2 && !extents.isEmpty() && !is(STATUS_LEFT_OUT); i++) {
            chunk(request, cookie, 0, type, payload.array());
        }
        if (extents.isEmpty()) {
            error(request, cookie, EINVAL);
        } else {
            plain(request, cookie, 0);
        }
    }
}
