package io.parablock.blockdev.nbd.conformance;

import static io.parablock.blockdev.nbd.conformance.Mutant.*;
import static io.parablock.blockdev.nbd.conformance.Proto.*;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.util.HashSet;
import java.util.Set;

/** The reference server's transmission phase: reads a request, serves it, answers it. */
final class ReferenceTransmission {
    /** Payload that is drained although it is longer than the maximum; more closes the connection. */
    private static final long DRAINED_BYTES_MAX = 64L << 20;

    private final ReferenceServer server;
    private final Mode mode;
    private final DataInputStream in;
    private final DataOutputStream out;
    private final ReferenceExport export;
    private final int contexts;
    private final boolean dfKnown;
    private final ReferenceReplies replies;
    private final Set<Long> cookiesSeen = new HashSet<>();

    ReferenceTransmission(
            ReferenceServer server, ReferenceHandshake handshake, DataInputStream in, DataOutputStream out)
            throws IOException {
        this.server = server;
        this.in = in;
        this.out = out;
        mode = handshake.mode;
        export = is(CONNECTIONS_DO_NOT_SHARE) ? handshake.export().copy() : handshake.export();
        contexts = handshake.contexts();
        dfKnown = (handshake.flags(export) & SEND_DF) != 0 || (is(DF_NOT_ADVERTISED) && mode != Mode.SIMPLE);
        if (is(EXPORT_NAME_LOSES_THE_NEXT_BYTES)) {
            in.skipNBytes(in.available());
        }
        replies = new ReferenceReplies(server, mode, export, handshake.contextId(), out);
    }

    private boolean is(Mutant mutant) {
        return server.is(mutant);
    }

    void run() throws IOException {
        int magic = mode == Mode.EXTENDED ? EXTENDED_REQUEST_MAGIC : REQUEST_MAGIC;
        while (true) {
            if (in.readInt() != magic && !is(REQUEST_MAGIC_UNCHECKED)) {
                return;
            }
            int flags = in.readUnsignedShort();
            int type = in.readUnsignedShort();
            long cookie = in.readLong();
            long offset = in.readLong();
            long length = mode == Mode.EXTENDED ? in.readLong() : in.readInt() & 0xffffffffL;
            if (is(LENGTH_CUT_TO_31_BITS)) {
                length &= Integer.MAX_VALUE;
            }
            if (mode == Mode.EXTENDED && is(EXTENDED_LENGTH_CUT)) {
                length &= 0xffffffffL;
            }
            boolean odd = is(DISC_WITH_LENGTH_IGNORED) && length > 0;
            if (type == CMD_DISC && !is(DISC_IGNORED) && !odd) {
                disconnect(cookie);
                return;
            }
            Request request = new Request(type, flags, offset, length);
            boolean swallowed = is(COOKIE_REUSE_SWALLOWED) && !cookiesSeen.add(cookie);
            if (!serve(request, cookie, swallowed)) {
                return;
            }
            if (in.available() == 0 && !is(REPLIES_KEPT_BACK)) {
                out.flush();
            }
        }
    }

    private void disconnect(long cookie) throws IOException {
        if (is(DISC_REPLIED)) {
            replies.plain(new Request(CMD_DISC, 0, 0, 0), cookie, 0);
        }
        if (is(DISC_DROPS_REPLIES)) {
            throw new IOException("closed with replies in the buffer");
        }
        out.flush();
    }

    private boolean payloadFollows(Request request) {
        if (mode != Mode.EXTENDED) {
            return request.type() == CMD_WRITE;
        }
        boolean flagged = (request.flags() & FLAG_PAYLOAD_LEN) != 0;
        return flagged || (request.type() == CMD_WRITE && is(EXTENDED_WRITE_ALWAYS_PAYLOAD));
    }

    /** Returns whether the connection goes on. */
    private boolean serve(Request request, long cookie, boolean swallowed) throws IOException {
        int error = refusal(request);
        byte[] payload = new byte[0];
        if (payloadFollows(request)) {
            if ((mode == Mode.EXTENDED && Long.compareUnsigned(request.length(), ReferenceServer.SIZES.maximum()) > 0)
                    || request.length() > DRAINED_BYTES_MAX) {
                return is(EXTENDED_TOO_LONG_GOES_ON);
            }
            if (error == 0 || drained(request, error)) {
                payload = payload(request, error);
            }
        }
        if (closes(request, error)) {
            return false;
        }
        if (swallowed || (is(FLUSH_UNANSWERED) && request.type() == CMD_FLUSH)) {
            return true;
        }
        if (error != 0) {
            replies.error(request, cookie, is(ERROR_OUT_OF_RANGE) && error == EINVAL ? 200 : error);
            return true;
        }
        execute(request, cookie, payload);
        return true;
    }

    private boolean drained(Request request, int error) {
        boolean spared = (is(WRITE_PAST_END_NOT_DRAINED) && error == ENOSPC)
                || (is(WRITE_BAD_FLAG_NOT_DRAINED) && (request.flags() & FLAG_UNKNOWN) != 0)
                || (is(READ_ONLY_NOT_DRAINED) && error == EPERM)
                || (is(WRITE_UNALIGNED_NOT_DRAINED) && unaligned(request))
                || (is(EXTENDED_READ_PAYLOAD_NOT_DRAINED) && request.type() == CMD_READ);
        return !spared;
    }

    private byte[] payload(Request request, int error) throws IOException {
        byte[] payload = new byte[(int) request.length()];
        int had = 0;
        while (had < payload.length) {
            int count = in.read(payload, had, payload.length - had);
            if (count < 0) {
                if (is(WRITE_KEEPS_TORN_PAYLOAD) && error == 0) {
                    export.write(request.offset(), payload);
                }
                throw new EOFException();
            }
            had += count;
        }
        return payload;
    }

    private boolean closes(Request request, int error) {
        int type = request.type();
        boolean above = request.length() > ReferenceServer.SIZES.maximum();
        return (is(COMMAND_UNKNOWN_CLOSES) && type > CMD_BLOCK_STATUS)
                || (is(READ_TOO_LONG_CLOSES) && type == CMD_READ && above)
                || (is(ZEROES_LONG_CLOSES) && type == CMD_WRITE_ZEROES && above)
                || (is(CACHE_LONG_CLOSES) && type == CMD_CACHE && above)
                || (is(FLUSH_WITH_LENGTH_CLOSES) && type == CMD_FLUSH && request.length() > 0)
                || (is(TRIM_LONG_CLOSES) && type == CMD_TRIM && above)
                || (is(EMPTY_READ_CLOSES) && type == CMD_READ && request.length() == 0)
                || (is(EMPTY_WRITE_CLOSES) && type == CMD_WRITE && request.length() == 0)
                || (is(EMPTY_ZEROES_CLOSES) && type == CMD_WRITE_ZEROES && request.length() == 0)
                || (is(EMPTY_STATUS_CLOSES) && type == CMD_BLOCK_STATUS && request.length() == 0)
                || (is(ERROR_CLOSES) && error != 0);
    }

    private static boolean unaligned(Request request) {
        return (request.offset() | request.length()) % ReferenceServer.SIZES.minimum() != 0;
    }

    /** The error that a request gets without being tried, or 0. */
    private int refusal(Request request) {
        int type = request.type();
        if (type > CMD_BLOCK_STATUS) {
            return is(COMMAND_UNKNOWN_TAKEN) ? 0 : is(COMMAND_UNKNOWN_EIO) ? EIO : EINVAL;
        }
        if ((request.flags() & ~allowedFlags(type)) != 0) {
            return EINVAL;
        }
        boolean payloadMissing =
                mode == Mode.EXTENDED && type == CMD_WRITE && (request.flags() & FLAG_PAYLOAD_LEN) == 0;
        if (payloadMissing && !is(EXTENDED_WRITE_WITHOUT_FLAG)) {
            return EINVAL;
        }
        boolean writes = type == CMD_WRITE || type == CMD_TRIM || type == CMD_WRITE_ZEROES;
        if (writes && export.readOnly && !readOnlyMistake(type)) {
            return is(READ_ONLY_EINVAL) ? EINVAL : EPERM;
        }
        if (type == CMD_FLUSH) {
            return is(FLUSH_REFUSED) ? EIO : 0;
        }
        if (type == CMD_BLOCK_STATUS && contexts == 0) {
            return is(STATUS_WITHOUT_CONTEXT_EIO) ? EIO : EINVAL;
        }
        if (unaligned(request) && !is(UNALIGNED_ROUNDED) && !(is(WRITE_UNALIGNED_TAKEN) && type == CMD_WRITE)) {
            return type == CMD_WRITE && is(WRITE_UNALIGNED_ENOSPC) ? ENOSPC : EINVAL;
        }
        return range(request);
    }

    private boolean readOnlyMistake(int type) {
        return switch (type) {
            case CMD_WRITE -> is(READ_ONLY_TAKES_WRITES);
            case CMD_TRIM -> is(READ_ONLY_TAKES_TRIM);
            default -> is(READ_ONLY_TAKES_ZEROES);
        };
    }

    private int allowedFlags(int type) {
        int fua = (is(FUA_REFUSED_ON_READ) && type == CMD_READ)
                        || (is(FUA_REFUSED_ON_FLUSH) && type == CMD_FLUSH)
                        || (is(FUA_REFUSED_ON_WRITE) && type == CMD_WRITE)
                        || (is(FUA_REFUSED_ON_TRIM) && type == CMD_TRIM)
                ? 0
                : FLAG_FUA;
        int unknown = (is(WRITE_BAD_FLAG_TAKEN) && type == CMD_WRITE)
                        || (is(READ_BAD_FLAG_TAKEN) && type == CMD_READ)
                        || (is(CACHE_BAD_FLAG_TAKEN) && type == CMD_CACHE)
                        || (is(STATUS_BAD_FLAG_TAKEN) && type == CMD_BLOCK_STATUS)
                ? FLAG_UNKNOWN
                : 0;
        int own = switch (type) {
            case CMD_READ -> dfKnown ? FLAG_DF : 0;
            case CMD_WRITE -> mode == Mode.EXTENDED ? FLAG_PAYLOAD_LEN : is(WRITE_DF_TAKEN) ? FLAG_DF : 0;
            case CMD_WRITE_ZEROES ->
                (is(NO_HOLE_REFUSED) ? 0 : FLAG_NO_HOLE) | (is(FAST_ZERO_REFUSED) ? 0 : FLAG_FAST_ZERO);
            case CMD_BLOCK_STATUS -> is(REQ_ONE_REFUSED) ? 0 : FLAG_REQ_ONE;
            default -> 0;
        };
        return fua | unknown | own;
    }

    private int range(Request request) {
        int type = request.type();
        long end = request.offset() + request.length();
        boolean overflow = request.offset() < 0 || request.length() < 0 || end < 0;
        if (overflow && is(OVERFLOW_WRAPS)) {
            return 0;
        }
        long last = is(LAST_SECTOR_REFUSED) ? export.sizeBytes - 1 : export.sizeBytes;
        if (overflow || end > last) {
            return beyondEnd(type);
        }
        boolean payload = type == CMD_READ || type == CMD_WRITE;
        boolean above = request.length() > ReferenceServer.SIZES.maximum() - (is(MAXIMUM_REFUSED) ? 1 : 0);
        if (payload && above && !is(READ_TOO_LONG_TAKEN)) {
            return is(READ_TOO_LONG_EIO) ? EIO : EINVAL;
        }
        boolean fast = (request.flags() & FLAG_FAST_ZERO) != 0;
        return type == CMD_WRITE_ZEROES && !fast && is(ZEROES_ENOTSUP) ? ENOTSUP : 0;
    }

    private int beyondEnd(int type) {
        return switch (type) {
            case CMD_READ -> is(READ_PAST_END_TAKEN) ? 0 : is(READ_PAST_END_ENOSPC) ? ENOSPC : EINVAL;
            case CMD_WRITE -> is(WRITE_PAST_END_EINVAL) ? EINVAL : ENOSPC;
            case CMD_WRITE_ZEROES -> is(ZEROES_PAST_END_EINVAL) ? EINVAL : is(ZEROES_PAST_END_TAKEN) ? 0 : ENOSPC;
            case CMD_TRIM -> is(TRIM_PAST_END_TAKEN) ? 0 : is(TRIM_PAST_END_ENOSPC) ? ENOSPC : EINVAL;
            case CMD_BLOCK_STATUS -> is(STATUS_PAST_END_TAKEN) ? 0 : is(STATUS_PAST_END_ENOSPC) ? ENOSPC : EINVAL;
            default -> is(CACHE_PAST_END_TAKEN) ? 0 : EINVAL;
        };
    }

    private void execute(Request request, long cookie, byte[] payload) throws IOException {
        long offset = Math.max(0, Math.min(request.offset(), export.sizeBytes));
        if (is(UNALIGNED_ROUNDED)) {
            offset &= -ReferenceServer.SIZES.minimum();
        }
        long length = Math.max(0, Math.min(request.length(), export.sizeBytes - offset));
        switch (request.type()) {
            case CMD_READ -> replies.read(request, cookie, offset);
            case CMD_WRITE -> write(request, cookie, offset, payload);
            case CMD_TRIM -> {
                long more = is(TRIM_TOO_MUCH) ? Math.min(512, export.sizeBytes - offset - length) : 0;
                export.zero(offset, length + more, false);
                replies.plain(request, cookie, 0);
            }
            case CMD_WRITE_ZEROES -> {
                boolean noHole = (request.flags() & FLAG_NO_HOLE) != 0 && !is(NO_HOLE_MAKES_HOLE);
                boolean missesFast = is(FAST_ZERO_DOES_NOTHING) && (request.flags() & FLAG_FAST_ZERO) != 0;
                boolean lost = is(ZEROES_LOST) || missesFast;
                long less = is(ZEROES_MISS_THE_TAIL) ? Math.min(length, 512) : lost ? length : 0;
                export.zero(offset, length - less, noHole);
                replies.plain(request, cookie, 0);
            }
            case CMD_CACHE -> {
                if (is(CACHE_CHANGES_CONTENT)) {
                    export.zero(offset, length, false);
                }
                replies.plain(request, cookie, 0);
            }
            case CMD_BLOCK_STATUS -> replies.status(request, cookie, offset);
            default -> replies.plain(request, cookie, 0);
        }
    }

    private void write(Request request, long cookie, long offset, byte[] payload) throws IOException {
        byte[] kept = payload;
        if (is(WRITE_TOO_MUCH)) {
            kept = java.util.Arrays.copyOf(payload, (int) Math.min(payload.length + 512L, export.sizeBytes - offset));
        } else if (is(WRITE_CUT_AT_64_KIB)) {
            kept = java.util.Arrays.copyOf(payload, Math.min(payload.length, 1 << 16));
        }
        if (!is(WRITE_LOST)) {
            export.write(offset, kept);
        }
        replies.plain(request, cookie, 0);
        if (is(WRITE_ANSWERED_TWICE)) {
            replies.plain(request, cookie, 0);
        }
    }
}
