package io.parablock.blockdev.nbd;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The server's side of the fixed newstyle handshake as a decoder (proto.md, "Newstyle negotiation", "Fixed newstyle
 * negotiation"). Bytes in, replies out; no I/O. Single-threaded.
 */
public final class Handshake {
    /** Named limit: option data larger than this is skipped and refused. */
    public static final int OPTION_BYTES_MAX = 64 << 10;

    /** proto.md, "Values": strings are at most 4096 bytes. */
    public static final int NAME_BYTES_MAX = 4096;

    private static final int OPTION_HEADER_BYTES = 16;

    /** How far the handshake is. */
    public enum State {
        CLIENT_FLAGS,
        OPTIONS,
        /** Transmission of {@link #chosen()} begins. */
        DONE,
        /** The client asked to end it; replies are to be flushed, then close. */
        ABORTED
    }

    private final List<NbdExport> exports;
    private State state = State.CLIENT_FLAGS;
    private boolean noZeroes;
    private @Nullable NbdExport chosen;
    private int option;
    private long skip = -1;
    private boolean haveHeader;
    private int dataLength;

    public Handshake(List<NbdExport> exports) {
        this.exports = exports;
    }

    public State state() {
        return state;
    }

    public NbdExport chosen() {
        NbdExport e = chosen;
        if (e == null) {
            throw new IllegalStateException("no export chosen");
        }
        return e;
    }

    /** The first bytes that the server sends. */
    public static void greeting(ByteBuf out) {
        out.writeLong(Nbd.NBDMAGIC).writeLong(Nbd.IHAVEOPT).writeShort(Nbd.FIXED_NEWSTYLE | Nbd.NO_ZEROES);
    }

    /**
     * Consumes what it can of {@code in}; stops at DONE or ABORTED.
     *
     * @throws ProtocolException if the connection must be closed
     */
    public void feed(ByteBuf in, ByteBuf out) throws ProtocolException {
        while (step(in, out)) {
            // Each step consumes one whole element.
        }
    }

    private boolean step(ByteBuf in, ByteBuf out) throws ProtocolException {
        if (state == State.CLIENT_FLAGS) {
            if (in.readableBytes() < 4) {
                return false;
            }
            int flags = in.readInt();
            if ((flags & ~(Nbd.FIXED_NEWSTYLE | Nbd.NO_ZEROES)) != 0) {
                throw new ProtocolException("unknown client flags 0x" + Integer.toHexString(flags));
            }
            noZeroes = (flags & Nbd.NO_ZEROES) != 0;
            state = State.OPTIONS;
            return true;
        }
        return state == State.OPTIONS && stepOption(in, out);
    }

    private boolean stepOption(ByteBuf in, ByteBuf out) throws ProtocolException {
        if (skip >= 0) {
            int n = (int) Math.min(skip, in.readableBytes());
            in.skipBytes(n);
            skip -= n;
            if (skip > 0) {
                return false;
            }
            skip = -1;
            reply(out, Nbd.REP_ERR_TOO_BIG, "option data too large");
            return true;
        }
        if (!haveHeader) {
            if (in.readableBytes() < OPTION_HEADER_BYTES) {
                return false;
            }
            if (in.readLong() != Nbd.IHAVEOPT) {
                throw new ProtocolException("bad option magic");
            }
            option = in.readInt();
            dataLength = in.readInt();
            if (dataLength < 0 || dataLength > OPTION_BYTES_MAX) {
                if (option == Nbd.OPT_EXPORT_NAME) {
                    throw new ProtocolException("export name of " + Integer.toUnsignedLong(dataLength) + " bytes");
                }
                skip = Integer.toUnsignedLong(dataLength);
                return true;
            }
            haveHeader = true;
        }
        if (in.readableBytes() < dataLength) {
            return false;
        }
        haveHeader = false;
        onOption(in.readSlice(dataLength), out);
        return true;
    }

    private void onOption(ByteBuf content, ByteBuf out) throws ProtocolException {
        switch (option) {
            case Nbd.OPT_EXPORT_NAME -> onExportName(content, out);
            case Nbd.OPT_ABORT -> {
                reply(out, Nbd.REP_ACK, "");
                state = State.ABORTED;
            }
            case Nbd.OPT_LIST -> onList(content, out);
            case Nbd.OPT_INFO, Nbd.OPT_GO -> onInfo(content, out);
            default -> reply(out, Nbd.REP_ERR_UNSUP, "");
        }
    }

    private void onExportName(ByteBuf content, ByteBuf out) throws ProtocolException {
        String name = content.toString(StandardCharsets.UTF_8);
        NbdExport export = find(name);
        if (export == null) {
            throw new ProtocolException("unknown export '" + printable(name) + "'");
        }
        out.writeLong(export.sizeBytes()).writeShort(Nbd.transmissionFlags(export));
        if (!noZeroes) {
            out.writeZero(124);
        }
        chosen = export;
        state = State.DONE;
    }

    private void onList(ByteBuf content, ByteBuf out) {
        if (content.isReadable()) {
            reply(out, Nbd.REP_ERR_INVALID, "NBD_OPT_LIST takes no data");
            return;
        }
        for (NbdExport e : exports) {
            byte[] name = e.name().getBytes(StandardCharsets.UTF_8);
            header(out, Nbd.REP_SERVER, 4 + name.length);
            out.writeInt(name.length).writeBytes(name);
        }
        reply(out, Nbd.REP_ACK, "");
    }

    private void onInfo(ByteBuf content, ByteBuf out) {
        if (content.readableBytes() < 6) {
            reply(out, Nbd.REP_ERR_INVALID, "truncated");
            return;
        }
        long nameLength = content.readUnsignedInt();
        if (nameLength > NAME_BYTES_MAX || nameLength > content.readableBytes() - 2) {
            reply(out, Nbd.REP_ERR_INVALID, "bad name length");
            return;
        }
        String name = content.readCharSequence((int) nameLength, StandardCharsets.UTF_8)
                .toString();
        int requests = content.readUnsignedShort();
        if (content.readableBytes() != 2 * requests) {
            reply(out, Nbd.REP_ERR_INVALID, "bad number of information requests");
            return;
        }
        NbdExport export = find(name);
        if (export == null) {
            reply(out, Nbd.REP_ERR_UNKNOWN, "unknown export");
            return;
        }
        header(out, Nbd.REP_INFO, 12);
        out.writeShort(Nbd.INFO_EXPORT).writeLong(export.sizeBytes()).writeShort(Nbd.transmissionFlags(export));
        header(out, Nbd.REP_INFO, 14);
        out.writeShort(Nbd.INFO_BLOCK_SIZE)
                .writeInt(Nbd.BLOCK_MIN)
                .writeInt(Nbd.BLOCK_PREFERRED)
                .writeInt(Nbd.PAYLOAD_MAX);
        boolean nameWanted = false;
        boolean descriptionWanted = false;
        while (content.isReadable()) {
            int wanted = content.readUnsignedShort();
            nameWanted |= wanted == Nbd.INFO_NAME;
            descriptionWanted |= wanted == Nbd.INFO_DESCRIPTION;
        }
        // Each once, however often it was asked for: a reply must not be many times its request.
        if (nameWanted) {
            text(out, Nbd.INFO_NAME, export.name());
        }
        if (descriptionWanted) {
            text(out, Nbd.INFO_DESCRIPTION, export.description());
        }
        reply(out, Nbd.REP_ACK, "");
        if (option == Nbd.OPT_GO) {
            chosen = export;
            state = State.DONE;
        }
    }

    /** The empty name is the default export: the first. */
    private @Nullable NbdExport find(String name) {
        for (NbdExport e : exports) {
            if (name.isEmpty() || e.name().equals(name)) {
                return e;
            }
        }
        return null;
    }

    private void text(ByteBuf out, int info, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        header(out, Nbd.REP_INFO, 2 + bytes.length);
        out.writeShort(info).writeBytes(bytes);
    }

    private void reply(ByteBuf out, int type, String message) {
        byte[] bytes = message.getBytes(StandardCharsets.UTF_8);
        header(out, type, bytes.length);
        out.writeBytes(bytes);
    }

    private void header(ByteBuf out, int type, int length) {
        out.writeLong(Nbd.OPTION_REPLY_MAGIC).writeInt(option).writeInt(type).writeInt(length);
    }

    /** A client's string, fit for one log line. */
    static String printable(String s) {
        String cut = s.length() > 64 ? s.substring(0, 64) + "…" : s;
        return cut.replaceAll("\\p{Cntrl}", "?");
    }
}
