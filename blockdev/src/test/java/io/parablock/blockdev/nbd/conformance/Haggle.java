package io.parablock.blockdev.nbd.conformance;

import static io.parablock.blockdev.nbd.conformance.Proto.*;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The client's side of option haggling on one connection; every reply is checked for its form. */
final class Haggle {
    /** Longer replies than this are an attack on the client, not an answer. */
    private static final int REPLY_BYTES_MAX = 1 << 20;

    final Wire wire;
    /** Handshake flags of the server. */
    int serverFlags;

    private Mode mode = Mode.SIMPLE;
    private final Map<Integer, String> contexts = new LinkedHashMap<>();

    Haggle(Wire wire) {
        this.wire = wire;
    }

    /** Reads the server's greeting. */
    Haggle greeting() {
        long magic = wire.u64("NBDMAGIC");
        Violation.unless(magic == NBDMAGIC, "the greeting begins with 0x%x", magic);
        long second = wire.u64("IHAVEOPT");
        Violation.unless(second == IHAVEOPT, "the second magic is 0x%x", second);
        serverFlags = wire.u16("handshake flags");
        return this;
    }

    Haggle clientFlags(int flags) {
        wire.send(Message.of().u32(flags));
        return this;
    }

    Haggle option(int option, byte[] content) {
        wire.send(header(option, content.length).raw(content));
        return this;
    }

    static Message header(int option, long length) {
        return Message.of().u64(IHAVEOPT).u32(option).u32(length);
    }

    OptionReply reply(int option) {
        long magic = wire.u64("an option reply");
        Violation.unless(magic == OPTION_REPLY_MAGIC, "an option reply begins with 0x%x", magic);
        int echoed = wire.u32("the option of a reply");
        Violation.unless(echoed == option, "the reply to option %d names option %d", option, echoed);
        int type = wire.u32("the type of an option reply");
        int length = wire.u32("the length of an option reply");
        Violation.unless(length >= 0 && length <= REPLY_BYTES_MAX, "an option reply of %d bytes", length);
        OptionReply reply = new OptionReply(option, type, wire.bytes(length, "the data of an option reply"));
        if (type == REP_ACK) {
            Violation.unless(length == 0, "NBD_REP_ACK carries %d bytes", length);
        }
        if (reply.isError()) {
            Violation.unless(length <= STRING_BYTES_MAX, "an error message of %d bytes", length);
            utf8(reply.content());
        } else {
            Violation.unless(reply.is(REP_ACK, REP_SERVER, REP_INFO, REP_META_CONTEXT), "reply type %d", type);
        }
        return reply;
    }

    static String utf8(byte[] bytes) {
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
            Violation.unless(text.indexOf('\0') < 0, "a string holds NUL");
            return text;
        } catch (CharacterCodingException e) {
            throw new Violation("a string is not UTF-8");
        }
    }

    /** Sends an option and reads all its replies, the final one last. */
    List<OptionReply> ask(int option, byte[] content) {
        option(option, content);
        return replies(option);
    }

    List<OptionReply> replies(int option) {
        List<OptionReply> replies = new ArrayList<>();
        do {
            replies.add(reply(option));
        } while (!last(replies).isFinal());
        return replies;
    }

    static OptionReply last(List<OptionReply> replies) {
        return replies.get(replies.size() - 1);
    }

    /** The option must be refused with one of {@code errors}, or with any error where none is named. */
    Haggle refused(int option, byte[] content, int... errors) {
        option(option, content);
        return refusal(option, errors);
    }

    Haggle refusal(int option, int... errors) {
        OptionReply reply = last(replies(option));
        Violation.unless(
                reply.isError() && (errors.length == 0 || reply.is(errors)),
                "option %d is answered with %s",
                option,
                reply.named());
        return this;
    }

    /** The option must be accepted. */
    List<OptionReply> accepted(int option, byte[] content) {
        List<OptionReply> replies = ask(option, content);
        Violation.unless(
                last(replies).type() == REP_ACK,
                "option %d is answered with %s",
                option,
                last(replies).named());
        return replies;
    }

    /** Negotiates {@code wanted} headers; a server that does not know them skips the check. */
    Haggle headers(Mode wanted) {
        if (wanted != Mode.SIMPLE) {
            int option = wanted == Mode.STRUCTURED ? OPT_STRUCTURED_REPLY : OPT_EXTENDED_HEADERS;
            OptionReply reply = last(ask(option, new byte[0]));
            NotOffered.unless(!reply.is(REP_ERR_UNSUP, REP_ERR_POLICY), "the server does not offer " + wanted);
            Violation.unless(reply.type() == REP_ACK, "%s is answered with %s", wanted, reply.named());
            mode = wanted;
        }
        return this;
    }

    /** Selects contexts; returns their ids and names. */
    Map<Integer, String> select(String export, String... queries) {
        contexts.clear();
        List<OptionReply> replies = ask(OPT_SET_META_CONTEXT, Message.meta(export, queries));
        NotOffered.unless(!last(replies).is(REP_ERR_UNSUP), "the server does not offer metadata contexts");
        Violation.unless(
                last(replies).type() == REP_ACK,
                "SET_META_CONTEXT is answered with %s",
                last(replies).named());
        for (OptionReply reply : replies.subList(0, replies.size() - 1)) {
            String before = contexts.put(contextId(reply), contextName(reply));
            Violation.unless(before == null, "two contexts with one id");
        }
        return contexts;
    }

    static int contextId(OptionReply reply) {
        Violation.unless(
                reply.type() == REP_META_CONTEXT && reply.content().length > 4, "no context in %s", reply.named());
        return reply.view().getInt();
    }

    static String contextName(OptionReply reply) {
        String name = utf8(java.util.Arrays.copyOfRange(reply.content(), 4, reply.content().length));
        Violation.unless(name.indexOf(':') > 0, "the context name %s has no namespace", name);
        return name;
    }

    /** Enters transmission with GO and the block sizes asked for. */
    Session go(String export) {
        return new Session(wire, mode, ExportFacts.of(accepted(OPT_GO, Message.go(export, INFO_BLOCK_SIZE))), contexts);
    }

    /** Enters transmission with EXPORT_NAME. */
    Session exportName(String export, boolean zeroes) {
        option(OPT_EXPORT_NAME, Message.of().text(export).array());
        long sizeBytes = wire.u64("the size of the export");
        int flags = wire.u16("transmission flags");
        if (zeroes) {
            for (byte each : wire.bytes(RESERVED_ZEROES_BYTES, "124 zeroes")) {
                Violation.unless(each == 0, "the reserved bytes are not zero");
            }
        }
        return new Session(wire, mode, new ExportFacts(sizeBytes, flags, BlockSizes.DEFAULT, null, null), contexts);
    }

    /** Any option must still be answered: the haggling goes on. */
    Haggle goesOn() {
        accepted(OPT_LIST, new byte[0]);
        return this;
    }
}
