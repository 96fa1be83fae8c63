package io.parablock.http;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * The request line of an HTTP/1.x request (RFC 9112 §3); header fields are passed over. What cannot become one is known at
 * its first wrong byte.
 *
 * @param query what follows the question mark, or empty
 */
record RequestHead(String method, String path, String query) {
    /** Named limit of the line and all header fields. */
    static final int BYTES_MAX = 8_192;

    private static final int METHOD_BYTES_MAX = 16;

    /** Not a request of HTTP/1.x. */
    static final class BadRequest extends Exception {
        private static final long serialVersionUID = 1;

        BadRequest(String message) {
            super(message);
        }
    }

    /**
     * @param in everything received so far; not consumed
     * @return null while the end is missing
     */
    static @Nullable RequestHead parse(ByteBuf in) throws BadRequest {
        int from = in.readerIndex();
        int length = Math.min(in.readableBytes(), BYTES_MAX);
        int lineEnd = -1;
        int spaces = 0;
        for (int i = 0; i < length && lineEnd < 0; i++) {
            byte b = in.getByte(from + i);
            if (b == '\n') {
                lineEnd = i;
            } else if (b == ' ' && i > 0) {
                spaces++;
            } else if (spaces == 0
                    ? b < 'A' || b > 'Z' || i >= METHOD_BYTES_MAX
                    : b != '\r' && (b <= ' ' || b == 0x7f)) {
                throw new BadRequest("not an HTTP request");
            }
        }
        if (lineEnd < 0) {
            return incomplete(length);
        }
        String line = in.toString(from, lineEnd, StandardCharsets.US_ASCII).stripTrailing();
        String[] parts = line.split(" ", -1);
        if (parts.length != 3 || !parts[1].startsWith("/") || !parts[2].startsWith("HTTP/1.")) {
            throw new BadRequest("not an HTTP request");
        }
        for (int i = lineEnd + 1; i < length; i++) {
            int next = in.getByte(from + i);
            boolean afterLineFeed = in.getByte(from + i - 1) == '\n'
                    || (in.getByte(from + i - 1) == '\r' && in.getByte(from + i - 2) == '\n');
            if (next == '\n' && afterLineFeed) {
                int mark = parts[1].indexOf('?');
                return mark < 0
                        ? new RequestHead(parts[0], parts[1], "")
                        : new RequestHead(parts[0], parts[1].substring(0, mark), parts[1].substring(mark + 1));
            }
        }
        return incomplete(length);
    }

    private static @Nullable RequestHead incomplete(int length) throws BadRequest {
        if (length >= BYTES_MAX) {
            throw new BadRequest("request head above " + BYTES_MAX + " bytes");
        }
        return null;
    }
}
