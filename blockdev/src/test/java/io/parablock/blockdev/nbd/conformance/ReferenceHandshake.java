package io.parablock.blockdev.nbd.conformance;

import static io.parablock.blockdev.nbd.conformance.Mutant.*;
import static io.parablock.blockdev.nbd.conformance.Proto.*;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The reference server's option haggling. */
final class ReferenceHandshake {
    private static final int OPTION_BYTES_MAX = 1 << 16;
    private static final int CONTEXT_ID = 7;
    private static final int STRICT = -1;

    private final ReferenceServer server;
    private final DataInputStream in;
    private final DataOutputStream out;

    Mode mode = Mode.SIMPLE;

    @Nullable
    ReferenceExport chosen;
    /** The export that contexts were last selected for, and how many. */
    private @Nullable String contextsOf;

    private int contexts;
    private boolean noZeroes;

    ReferenceHandshake(ReferenceServer server, DataInputStream in, DataOutputStream out) {
        this.server = server;
        this.in = in;
        this.out = out;
    }

    private boolean is(Mutant mutant) {
        return server.is(mutant);
    }

    ReferenceExport export() {
        return java.util.Objects.requireNonNull(chosen);
    }

    /** 1 where base:allocation was selected for the chosen export. */
    int contexts() {
        return export().name.equals(contextsOf) || is(CONTEXTS_SERVE_ANY_EXPORT) ? contexts : 0;
    }

    int contextId() {
        return is(STATUS_WRONG_ID) ? CONTEXT_ID + 1 : CONTEXT_ID;
    }

    /** Returns whether transmission begins. */
    boolean run() throws IOException {
        int flags = FIXED_NEWSTYLE | NO_ZEROES;
        out.writeLong(is(GREETING_WRONG_MAGIC) ? NBDMAGIC + 1 : NBDMAGIC);
        out.writeLong(is(GREETING_OLDSTYLE) ? 0x00420281861253L : IHAVEOPT);
        out.writeShort(is(GREETING_NOT_FIXED) ? 2 : is(GREETING_UNKNOWN_FLAG) ? flags | 1 << 7 : flags);
        out.flush();
        int client = in.readInt();
        if ((client & ~flags) != 0 && !is(CLIENT_FLAGS_UNCHECKED)) {
            return false;
        }
        noZeroes = (client & NO_ZEROES) != 0;
        while (true) {
            if (in.readLong() != IHAVEOPT && !is(OPTION_MAGIC_UNCHECKED)) {
                return false;
            }
            int option = in.readInt();
            long length = in.readInt() & 0xffffffffL;
            if (length > OPTION_BYTES_MAX) {
                in.skipNBytes(length);
                if (!is(OPTION_TOO_BIG_UNANSWERED)) {
                    reply(option, is(OPTION_TOO_BIG_ACKED) ? REP_ACK : REP_ERR_TOO_BIG, "too big");
                }
            } else if (option == OPT_EXPORT_NAME) {
                return exportName(in.readNBytes((int) length));
            } else if (!known(option)) {
                if (is(OPTION_UNKNOWN_CLOSES)) {
                    return false;
                }
                if (!is(OPTION_UNKNOWN_NOT_SKIPPED)) {
                    in.skipNBytes(length);
                }
                reply(option, unknownOption(), "unknown option");
            } else {
                byte[] data = new byte[(int) length];
                in.readFully(data);
                option(option, data);
                if (chosen != null || option == OPT_ABORT) {
                    out.flush();
                    return chosen != null;
                }
            }
            out.flush();
        }
    }

    private int unknownOption() {
        return is(OPTION_UNKNOWN_ACKED) ? REP_ACK : is(OPTION_UNKNOWN_INVALID) ? REP_ERR_INVALID : REP_ERR_UNSUP;
    }

    private static boolean known(int option) {
        return option >= OPT_ABORT && option <= OPT_EXTENDED_HEADERS && option != OPT_PEEK_EXPORT;
    }

    private void reply(int option, int type, byte[] data) throws IOException {
        out.writeLong(is(REPLY_WRONG_MAGIC) ? OPTION_REPLY_MAGIC + 1 : OPTION_REPLY_MAGIC);
        out.writeInt(is(REPLY_WRONG_OPTION) ? option + 1 : option);
        out.writeInt(type);
        byte[] sent = type == REP_ACK && is(REPLY_ACK_WITH_DATA) ? new byte[2] : data;
        out.writeInt(sent.length);
        out.write(sent);
    }

    private void reply(int option, int type, String why) throws IOException {
        byte[] message = why.getBytes(StandardCharsets.UTF_8);
        reply(option, type, type == REP_ACK ? new byte[0] : is(REPLY_ERROR_NOT_UTF8) ? new byte[] {-1, -2} : message);
    }

    private void ack(int option) throws IOException {
        reply(option, REP_ACK, new byte[0]);
    }

    private @Nullable ReferenceExport find(String name) {
        for (ReferenceExport export : server.exports) {
            if (export.name.equals(name)) {
                return export;
            }
        }
        return name.isEmpty() ? server.exports.get(0) : null;
    }

    private boolean exportName(byte[] data) throws IOException {
        ReferenceExport export = find(new String(data, StandardCharsets.UTF_8));
        if (export == null && is(EXPORT_NAME_UNKNOWN_GETS_DEFAULT)) {
            export = server.exports.get(0);
        }
        if (export == null || mode == Mode.EXTENDED) {
            return false;
        }
        chosen = export;
        out.writeLong(is(EXPORT_NAME_WRONG_SIZE) ? export.sizeBytes / 512 : export.sizeBytes);
        out.writeShort(is(EXPORT_NAME_NO_FLAGS) ? 0 : flags(export));
        if (is(ZEROES_ALWAYS_SENT) || (!noZeroes && !is(ZEROES_NEVER_SENT))) {
            byte[] zeroes = new byte[is(ZEROES_TOO_FEW) ? RESERVED_ZEROES_BYTES - 4 : RESERVED_ZEROES_BYTES];
            zeroes[0] = (byte) (is(ZEROES_NOT_ZERO) ? 1 : 0);
            out.write(zeroes);
        }
        out.flush();
        return true;
    }

    int flags(ReferenceExport export) {
        int flags = HAS_FLAGS | SEND_FLUSH | SEND_FUA | SEND_TRIM | SEND_WRITE_ZEROES | CAN_MULTI_CONN | SEND_CACHE;
        flags |= export.readOnly && !is(READ_ONLY_FLAG_MISSING) ? Proto.READ_ONLY : 0;
        flags |= is(FAST_ZERO_NOT_ADVERTISED) ? 0 : SEND_FAST_ZERO;
        flags |= (mode == Mode.SIMPLE && !is(DF_WITHOUT_CHUNKS)) || is(DF_NOT_ADVERTISED) ? 0 : SEND_DF;
        return is(GO_NO_FLAGS) ? flags & ~HAS_FLAGS : flags;
    }

    private void option(int option, byte[] data) throws IOException {
        switch (option) {
            case OPT_ABORT -> abort(data);
            case OPT_LIST -> list(data);
            case OPT_STARTTLS -> reply(option, is(STARTTLS_REQUIRED) ? REP_ERR_TLS_REQD : REP_ERR_POLICY, "no TLS");
            case OPT_INFO, OPT_GO -> infoOrGo(option, data);
            case OPT_STRUCTURED_REPLY -> structured(data);
            case OPT_EXTENDED_HEADERS -> extended(data);
            default -> meta(option, data);
        }
    }

    private void abort(byte[] data) throws IOException {
        if (data.length > 0 && is(ABORT_REFUSES_DATA)) {
            reply(OPT_ABORT, REP_ERR_INVALID, "data");
        } else if (!is(ABORT_WITHOUT_ACK)) {
            ack(OPT_ABORT);
        }
    }

    private void list(byte[] data) throws IOException {
        if (data.length > 0 && !is(LIST_IGNORES_DATA)) {
            reply(OPT_LIST, REP_ERR_INVALID, "LIST takes no data");
            return;
        }
        for (ReferenceExport export : server.exports) {
            int nameBytes = export.name.length() + (is(LIST_WRONG_NAME_LENGTH) ? 100 : 0);
            String name = is(LIST_WRONG_NAME) ? export.name.substring(1) + "x" : export.name;
            byte[] entry = Message.of()
                    .u32(nameBytes)
                    .text(name)
                    .text(export.description)
                    .array();
            for (int i = is(LIST_EMPTY) ? 2 : is(LIST_TWICE) ? 0 : 1; i < 2; i++) {
                reply(OPT_LIST, REP_SERVER, entry);
            }
        }
        if (!is(LIST_WITHOUT_ACK)) {
            ack(OPT_LIST);
        }
    }

    private void structured(byte[] data) throws IOException {
        if (data.length > 0 && !is(STRUCTURED_TAKES_DATA)) {
            reply(OPT_STRUCTURED_REPLY, REP_ERR_INVALID, "no data");
        } else if (mode == Mode.EXTENDED && !is(STRUCTURED_AFTER_EXTENDED)) {
            reply(OPT_STRUCTURED_REPLY, REP_ERR_EXT_HEADER_REQD, "extended headers are in use");
        } else {
            mode = Mode.STRUCTURED;
            ack(OPT_STRUCTURED_REPLY);
        }
    }

    private void extended(byte[] data) throws IOException {
        if (data.length > 0 && !is(EXTENDED_TAKES_DATA)) {
            reply(OPT_EXTENDED_HEADERS, REP_ERR_INVALID, "no data");
        } else if (mode == Mode.SIMPLE && is(EXTENDED_NEEDS_STRUCTURED)) {
            reply(OPT_EXTENDED_HEADERS, REP_ERR_INVALID, "no structured replies");
        } else {
            mode = is(EXTENDED_FORGOTTEN) ? Mode.STRUCTURED : Mode.EXTENDED;
            ack(OPT_EXTENDED_HEADERS);
        }
    }

    private void infoOrGo(int option, byte[] data) throws IOException {
        ByteBuffer view = ByteBuffer.wrap(data);
        String name =
                is(GO_EMPTY_DATA_TAKEN) && data.length == 0 ? "" : string(view, is(GO_TRUSTS_NAME_LENGTH) ? 2 : STRICT);
        int asked = view.remaining() >= 2 ? view.getShort() & 0xffff : is(GO_EMPTY_DATA_TAKEN) ? 0 : 1;
        boolean exact = view.remaining() == 2 * asked
                || (is(GO_IGNORES_TRAILING) && view.remaining() > 2 * asked)
                || (is(GO_IGNORES_MISSING) && view.remaining() < 2 * asked);
        if (name == null || !exact) {
            reply(option, REP_ERR_INVALID, "malformed");
            return;
        }
        List<Integer> infos = new ArrayList<>();
        while (view.remaining() >= 2) {
            infos.add(view.getShort() & 0xffff);
        }
        ReferenceExport export = find(name);
        if (export == null && is(GO_UNKNOWN_ACKED)) {
            export = server.exports.get(0);
        }
        if (export == null && is(GO_UNKNOWN_CLOSES)) {
            throw new IOException("unknown export");
        }
        if (export == null) {
            reply(option, is(GO_UNKNOWN_WRONG_CODE) ? REP_ERR_POLICY : REP_ERR_UNKNOWN, "no such export");
        } else if (is(GO_REFUSES_UNKNOWN_INFO) && infos.stream().anyMatch(info -> info > INFO_BLOCK_SIZE)) {
            reply(option, REP_ERR_INVALID, "unknown information");
        } else {
            inform(option, export, infos);
            ack(option);
            if (option == OPT_GO || is(INFO_ENTERS_TRANSMISSION)) {
                chosen = export;
                out.write(new byte[is(GO_SENDS_ZEROES) ? RESERVED_ZEROES_BYTES : 0]);
            }
        }
    }

    private void inform(int option, ReferenceExport export, List<Integer> infos) throws IOException {
        int flags = flags(export) ^ (option == OPT_INFO && is(INFO_FLAGS_DIFFER) ? SEND_TRIM : 0);
        Message facts = Message.of()
                .u16(INFO_EXPORT)
                .u64(export.sizeBytes + (is(GO_WRONG_SIZE) ? 512 : 0))
                .u16(flags)
                .raw(new byte[is(GO_EXPORT_TOO_LONG) ? 2 : 0]);
        for (int i = is(GO_WITHOUT_EXPORT) ? 2 : is(GO_EXPORT_TWICE) ? 0 : 1; i < 2; i++) {
            reply(option, REP_INFO, facts.array());
        }
        if (infos.contains(INFO_NAME)) {
            String name = is(INFO_NAME_WRONG) ? "other" : export.name;
            reply(option, REP_INFO, Message.of().u16(INFO_NAME).text(name).array());
        }
        if (infos.contains(INFO_DESCRIPTION)) {
            String text = is(DESCRIPTION_DIFFERS) ? "something else" : export.description;
            reply(
                    option,
                    REP_INFO,
                    Message.of().u16(INFO_DESCRIPTION).text(text).array());
        }
        if (infos.contains(INFO_BLOCK_SIZE) && !is(SIZES_MISSING)) {
            BlockSizes sizes = ReferenceServer.SIZES;
            Message message = Message.of()
                    .u16(INFO_BLOCK_SIZE)
                    .u32(is(SIZES_MINIMUM_ODD) ? 513 : sizes.minimum())
                    .u32(is(SIZES_PREFERRED_SMALL) ? 256 : sizes.preferred());
            reply(
                    option,
                    REP_INFO,
                    is(SIZES_SHORT)
                            ? message.array()
                            : message.u32(is(SIZES_MAXIMUM_ODD) ? sizes.maximum() + 1 : sizes.maximum())
                                    .array());
        }
    }

    /**
     * A 32-bit length and the string, or null where they do not fit; unless {@code spare} is {@link #STRICT}, a length that
     * does not fit is cut so that so many bytes are left.
     */
    private static @Nullable String string(ByteBuffer view, int spare) {
        if (view.remaining() < 4) {
            return null;
        }
        long length = view.getInt() & 0xffffffffL;
        if (spare != STRICT) {
            length = Math.min(length, Math.max(0, view.remaining() - spare));
        }
        if (length > view.remaining() || length > STRING_BYTES_MAX) {
            return null;
        }
        byte[] bytes = new byte[(int) length];
        view.get(bytes);
        String text = new String(bytes, StandardCharsets.UTF_8);
        return text.indexOf('\0') >= 0 ? null : text;
    }

    private void meta(int option, byte[] data) throws IOException {
        boolean set = option == OPT_SET_META_CONTEXT;
        if (set && !is(CONTEXTS_SURVIVE_FAILED_SET)) {
            contextsOf = null;
        }
        if (mode == Mode.SIMPLE && !is(META_WITHOUT_CHUNKS)) {
            reply(option, REP_ERR_INVALID, "structured replies first");
            return;
        }
        ByteBuffer view = ByteBuffer.wrap(data);
        String name = string(view, STRICT);
        List<String> queries = new ArrayList<>();
        boolean malformed = name == null || view.remaining() < 4;
        long count = malformed ? 0 : view.getInt() & 0xffffffffL;
        for (long i = 0; i < count && !malformed; i++) {
            String query = string(view, is(META_TRUSTS_QUERY_LENGTH) ? 0 : STRICT);
            malformed = query == null && !(is(META_TRUSTS_COUNT) && !view.hasRemaining());
            queries.add(String.valueOf(query));
        }
        if (malformed || name == null || (view.hasRemaining() && !is(META_IGNORES_TRAILING))) {
            reply(option, REP_ERR_INVALID, "malformed");
        } else if (find(name) == null && !is(META_UNKNOWN_EXPORT_ACKED)) {
            reply(option, REP_ERR_UNKNOWN, "no such export");
        } else if ((is(META_UNKNOWN_NAMESPACE_REFUSED) && queries.stream().anyMatch(q -> !q.startsWith("base:")))
                || (is(META_UNKNOWN_LEAF_REFUSED) && queries.contains("base:nothing"))) {
            reply(option, REP_ERR_INVALID, "unknown query");
        } else {
            answerMeta(set, option, name, queries);
        }
    }

    private void answerMeta(boolean set, int option, String name, List<String> queries) throws IOException {
        boolean any = queries.contains(ALLOCATION)
                || (queries.contains("base:") && (set ? is(SET_TAKES_WILDCARD) : !is(LIST_IGNORES_WILDCARD)))
                || (queries.isEmpty() && (set ? is(SET_NOTHING_SELECTS_ALL) : !is(LIST_NOTHING_LISTS_NONE)));
        if (any) {
            String context = is(META_NAME_WRONG) ? "base:allocations" : ALLOCATION;
            byte[] content =
                    Message.of().u32(set ? CONTEXT_ID : 0).text(context).array();
            for (int i = is(SET_REPEATS_CONTEXT) && queries.size() > 1 ? 0 : 1; i < 2; i++) {
                reply(option, REP_META_CONTEXT, content);
            }
        }
        if (set || is(LIST_SELECTS)) {
            contexts = any || (is(CONTEXTS_SURVIVE_NEW_SET) && contexts == 1) ? 1 : 0;
            contextsOf = name;
        }
        ack(option);
    }
}
