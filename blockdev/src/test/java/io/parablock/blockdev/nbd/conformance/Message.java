package io.parablock.blockdev.nbd.conformance;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** Bytes in network order, put together field by field. */
final class Message {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    Message u16(int value) {
        bytes.write(value >> 8);
        bytes.write(value);
        return this;
    }

    Message u32(long value) {
        return u16((int) (value >> 16)).u16((int) value);
    }

    Message u64(long value) {
        return u32(value >> 32).u32(value);
    }

    Message raw(byte[] more) {
        bytes.writeBytes(more);
        return this;
    }

    Message text(String text) {
        return raw(text.getBytes(StandardCharsets.UTF_8));
    }

    /** A 32-bit length and the string. */
    Message string(String text) {
        return u32(text.getBytes(StandardCharsets.UTF_8).length).text(text);
    }

    byte[] array() {
        return bytes.toByteArray();
    }

    static Message of() {
        return new Message();
    }

    /** The data of INFO and GO. */
    static byte[] go(String export, int... infos) {
        Message message = of().string(export).u16(infos.length);
        for (int info : infos) {
            message.u16(info);
        }
        return message.array();
    }

    /** The data of LIST_META_CONTEXT and SET_META_CONTEXT. */
    static byte[] meta(String export, String... queries) {
        Message message = of().string(export).u32(queries.length);
        for (String query : queries) {
            message.string(query);
        }
        return message.array();
    }

    static Message request(int magic, int flags, int type, long cookie, long offset) {
        return of().u32(magic).u16(flags).u16(type).u64(cookie).u64(offset);
    }
}
