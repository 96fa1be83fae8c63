package io.parablock.blockdev.nbd;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The server's side of the fixed newstyle handshake as a decoder (proto.md, "Newstyle negotiation", "Fixed newstyle
 * negotiation", "Option haggling"). Bytes in, replies out; no I/O. Single-threaded.
 */
public final class Handshake {
    /** Named limit: option data larger than this is skipped and refused. */
    public static final int OPTION_BYTES_MAX = 64 << 10;

    /** Named limit: nothing more is answered before this many bytes of replies have been taken. */
    public static final int REPLY_BYTES_MAX = 64 << 10;

    /** proto.md, "Values": strings are at most 4096 bytes. */
    public static final int NAME_BYTES_MAX = 4096;

    private static final int OPTION_HEADER_BYTES = 16;
    private static final int ZEROES_BYTES = 124;

    /** How far the handshake is. */
    public enum State {
        CLIENT_FLAGS,
        OPTIONS,
        /** Transmission of {@link #negotiated()} begins. */
        DONE,
        /** The client asked to end it; replies are to be flushed, then close. */
        ABORTED
    }

    private final List<NbdExport> exports;
    private State state = State.CLIENT_FLAGS;
    private boolean fixed;
    private boolean noZeroes;
    private boolean stopping;
    private ReplyMode mode = ReplyMode.SIMPLE;
    private @Nullable NbdExport chosen;
    /** The export for which base:allocation was selected last. */
    private @Nullable NbdExport allocationOf;

    private int option;
    private boolean haveHeader;
    private int dataLength;
    private long skip = -1;
    private int replyAfterSkip;

    public Handshake(List<NbdExport> exports) {
        this.exports = exports;
    }

    public State state() {
        return state;
    }

    /** @throws IllegalStateException before {@link State#DONE} */
    public Negotiated negotiated() {
        NbdExport e = chosen;
        if (e == null) {
            throw new IllegalStateException("no export chosen");
        }
        return new Negotiated(e, mode, mode != ReplyMode.SIMPLE && e.equals(allocationOf));
    }

    /** The server stops: every further option is answered with NBD_REP_ERR_SHUTDOWN. */
    public void stop() {
        stopping = true;
    }

    /** The first bytes that the server sends. */
    public static void greeting(ByteBuf out) {
        out.writeLong(Nbd.NBDMAGIC).writeLong(Nbd.IHAVEOPT).writeShort(Nbd.FIXED_NEWSTYLE | Nbd.NO_ZEROES);
    }

    /**
     * Consumes what it can of {@code in}; stops at DONE or ABORTED.
     *
     * @return whether it stopped because {@code out} is full: to be called again with an empty one
     * @throws ProtocolException if the connection must be closed
     */
    public boolean feed(ByteBuf in, ByteBuf out) throws ProtocolException {
        while (out.readableBytes() < REPLY_BYTES_MAX) {
            if (!step(in, out)) {
                return false;
            }
        }
        return true;
    }

    /** Consumes one whole element, if it is there. */
    private boolean step(ByteBuf in, ByteBuf out) throws ProtocolException {
        if (state == State.CLIENT_FLAGS) {
            if (in.readableBytes() < 4) {
                return false;
            }
            int flags = in.readInt();
            if ((flags & ~(Nbd.FIXED_NEWSTYLE | Nbd.NO_ZEROES)) != 0) {
                throw new ProtocolException("unknown client flags 0x" + Integer.toHexString(flags));
            }
            fixed = (flags & Nbd.FIXED_NEWSTYLE) != 0;
            noZeroes = (flags & Nbd.NO_ZEROES) != 0;
            state = State.OPTIONS;
            return true;
        }
        return state == State.OPTIONS && stepOption(in, out);
    }

    private boolean stepOption(ByteBuf in, ByteBuf out) throws ProtocolException {
        if (skip >= 0) {
            return stepSkip(in, out);
        }
        if (!haveHeader) {
            if (in.readableBytes() < OPTION_HEADER_BYTES) {
                return false;
            }
            if (in.readLong() != Nbd.IHAVEOPT) {
                throw new ProtocolException("bad option magic");
            }
            option = in.readInt();
            onHeader(in.readUnsignedInt());
            return true;
        }
        if (in.readableBytes() < dataLength) {
            return false;
        }
        haveHeader = false;
        onOption(in.readSlice(dataLength), out);
        return true;
    }

    private boolean stepSkip(ByteBuf in, ByteBuf out) {
        int n = (int) Math.min(skip, in.readableBytes());
        in.skipBytes(n);
        skip -= n;
        if (skip > 0) {
            return false;
        }
        skip = -1;
        reply(out, replyAfterSkip, "");
        if (option == Nbd.OPT_ABORT) {
            state = State.ABORTED;
        }
        return true;
    }

    /** Decides by the header alone whether the data is of any use. */
    private void onHeader(long length) throws ProtocolException {
        if (option == Nbd.OPT_SET_META_CONTEXT) {
            // "NBD_OPT_SET_META_CONTEXT": whatever comes of it, what was selected before is forgotten.
            allocationOf = null;
        }
        boolean byName = option == Nbd.OPT_EXPORT_NAME;
        if (!fixed && !byName) {
            throw new ProtocolException("option " + option + " from a client without fixed newstyle");
        }
        if (byName && (stopping || length > NAME_BYTES_MAX)) {
            // This option has no error reply.
            throw new ProtocolException(stopping ? "the server stops" : "export name of " + length + " bytes");
        }
        if (option == Nbd.OPT_ABORT) {
            skip(length, Nbd.REP_ACK);
        } else if (stopping) {
            skip(length, Nbd.REP_ERR_SHUTDOWN);
        } else if (!isKnown(option)) {
            skip(length, Nbd.REP_ERR_UNSUP);
        } else if (length > OPTION_BYTES_MAX) {
            skip(length, Nbd.REP_ERR_TOO_BIG);
        } else {
            haveHeader = true;
            dataLength = (int) length;
        }
    }

    private void skip(long length, int reply) {
        skip = length;
        replyAfterSkip = reply;
    }

    private static boolean isKnown(int option) {
        return switch (option) {
            case Nbd.OPT_EXPORT_NAME,
                    Nbd.OPT_LIST,
                    Nbd.OPT_STARTTLS,
                    Nbd.OPT_INFO,
                    Nbd.OPT_GO,
                    Nbd.OPT_STRUCTURED_REPLY,
                    Nbd.OPT_LIST_META_CONTEXT,
                    Nbd.OPT_SET_META_CONTEXT,
                    Nbd.OPT_EXTENDED_HEADERS -> true;
            default -> false;
        };
    }

    private void onOption(ByteBuf content, ByteBuf out) throws ProtocolException {
        switch (option) {
            case Nbd.OPT_EXPORT_NAME -> onExportName(content, out);
            case Nbd.OPT_INFO, Nbd.OPT_GO -> onInfo(content, out);
            case Nbd.OPT_LIST_META_CONTEXT, Nbd.OPT_SET_META_CONTEXT -> onMetaContext(content, out);
            default -> {
                if (content.isReadable()) {
                    reply(out, Nbd.REP_ERR_INVALID, "this option takes no data");
                } else {
                    onBareOption(out);
                }
            }
        }
    }

    /** The options without data. */
    private void onBareOption(ByteBuf out) {
        switch (option) {
            case Nbd.OPT_LIST -> {
                exports.forEach(e -> OptionReplies.server(out, option, e.name()));
                reply(out, Nbd.REP_ACK, "");
            }
            case Nbd.OPT_STRUCTURED_REPLY -> {
                if (mode == ReplyMode.EXTENDED) {
                    // "NBD_OPT_STRUCTURED_REPLY": extended headers take precedence.
                    reply(out, Nbd.REP_ERR_EXT_HEADER_REQD, "extended headers are negotiated already");
                } else {
                    mode = ReplyMode.STRUCTURED;
                    reply(out, Nbd.REP_ACK, "");
                }
            }
            case Nbd.OPT_EXTENDED_HEADERS -> {
                mode = ReplyMode.EXTENDED;
                reply(out, Nbd.REP_ACK, "");
            }
            default -> reply(out, Nbd.REP_ERR_POLICY, "TLS is not configured");
        }
    }

    private void onExportName(ByteBuf content, ByteBuf out) throws ProtocolException {
        String name = content.toString(StandardCharsets.UTF_8);
        NbdExport export = find(name);
        if (export == null) {
            throw new ProtocolException("unknown export '" + printable(name) + "'");
        }
        out.writeLong(export.sizeBytes()).writeShort(Nbd.transmissionFlags(export, mode));
        if (!noZeroes) {
            out.writeZero(ZEROES_BYTES);
        }
        choose(export);
    }

    private void onInfo(ByteBuf content, ByteBuf out) {
        String name = ContextQuery.string(content);
        if (name == null || content.readableBytes() < Short.BYTES) {
            reply(out, Nbd.REP_ERR_INVALID, "bad name length");
            return;
        }
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
        boolean nameWanted = false;
        boolean descriptionWanted = false;
        while (content.isReadable()) {
            int wanted = content.readUnsignedShort();
            nameWanted |= wanted == Nbd.INFO_NAME;
            descriptionWanted |= wanted == Nbd.INFO_DESCRIPTION;
        }
        OptionReplies.export(out, option, export, mode);
        OptionReplies.blockSize(out, option);
        // Each once, however often it was asked for: a reply must not be many times its request.
        if (nameWanted) {
            OptionReplies.text(out, option, Nbd.INFO_NAME, export.name());
        }
        if (descriptionWanted) {
            OptionReplies.text(out, option, Nbd.INFO_DESCRIPTION, export.description());
        }
        reply(out, Nbd.REP_ACK, "");
        if (option == Nbd.OPT_GO) {
            choose(export);
        }
    }

    private void onMetaContext(ByteBuf content, ByteBuf out) {
        boolean listing = option == Nbd.OPT_LIST_META_CONTEXT;
        if (mode == ReplyMode.SIMPLE) {
            reply(out, Nbd.REP_ERR_INVALID, "structured replies have to be negotiated first");
            return;
        }
        ContextQuery query = ContextQuery.decode(content, listing);
        if (query == null) {
            reply(out, Nbd.REP_ERR_INVALID, "malformed query");
            return;
        }
        NbdExport export = find(query.exportName());
        if (export == null) {
            reply(out, Nbd.REP_ERR_UNKNOWN, "unknown export");
            return;
        }
        if (query.allocation()) {
            OptionReplies.context(out, option, listing ? 0 : Nbd.BASE_ALLOCATION_ID, Nbd.BASE_ALLOCATION);
            allocationOf = listing ? allocationOf : export;
        }
        reply(out, Nbd.REP_ACK, "");
    }

    private void choose(NbdExport export) {
        chosen = export;
        state = State.DONE;
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

    private void reply(ByteBuf out, int type, String message) {
        OptionReplies.reply(out, option, type, message);
    }

    /** A client's string, fit for one log line. */
    static String printable(String s) {
        String cut = s.length() > 64 ? s.substring(0, 64) + "…" : s;
        return cut.replaceAll("\\p{Cntrl}", "?");
    }
}
