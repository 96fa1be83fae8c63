package io.parablock.blockdev.nbd;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;

/** Encodes the server's side of option haggling (proto.md, "Option haggling"). Stateless. */
final class OptionReplies {
    private OptionReplies() {}

    /** @param message for a human; empty with NBD_REP_ACK */
    static void reply(ByteBuf out, int option, int type, String message) {
        byte[] bytes = message.getBytes(StandardCharsets.UTF_8);
        header(out, option, type, bytes.length);
        out.writeBytes(bytes);
    }

    /** NBD_REP_SERVER. */
    static void server(ByteBuf out, int option, String name) {
        byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
        header(out, option, Nbd.REP_SERVER, 4 + bytes.length);
        out.writeInt(bytes.length).writeBytes(bytes);
    }

    /** NBD_REP_INFO with NBD_INFO_NAME or NBD_INFO_DESCRIPTION. */
    static void text(ByteBuf out, int option, int info, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        header(out, option, Nbd.REP_INFO, 2 + bytes.length);
        out.writeShort(info).writeBytes(bytes);
    }

    /** NBD_REP_INFO with NBD_INFO_EXPORT. */
    static void export(ByteBuf out, int option, NbdExport export, ReplyMode mode) {
        header(out, option, Nbd.REP_INFO, 12);
        out.writeShort(Nbd.INFO_EXPORT).writeLong(export.sizeBytes()).writeShort(Nbd.transmissionFlags(export, mode));
    }

    /** NBD_REP_INFO with NBD_INFO_BLOCK_SIZE. */
    static void blockSize(ByteBuf out, int option) {
        header(out, option, Nbd.REP_INFO, 14);
        out.writeShort(Nbd.INFO_BLOCK_SIZE)
                .writeInt(Nbd.BLOCK_MIN)
                .writeInt(Nbd.BLOCK_PREFERRED)
                .writeInt(Nbd.PAYLOAD_MAX);
    }

    /** NBD_REP_META_CONTEXT. */
    static void context(ByteBuf out, int option, int id, String name) {
        byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
        header(out, option, Nbd.REP_META_CONTEXT, 4 + bytes.length);
        out.writeInt(id).writeBytes(bytes);
    }

    private static void header(ByteBuf out, int option, int type, int length) {
        out.writeLong(Nbd.OPTION_REPLY_MAGIC).writeInt(option).writeInt(type).writeInt(length);
    }
}
