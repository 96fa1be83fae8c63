package io.parablock.blockdev.nbd.conformance;

import static io.parablock.blockdev.nbd.conformance.Proto.REP_ACK;
import static io.parablock.blockdev.nbd.conformance.Proto.REP_ERR;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** One reply of the handshake; proto.md, heading "Fixed newstyle negotiation". */
record OptionReply(int option, int type, byte[] content) {
    boolean isError() {
        return (type & REP_ERR) != 0;
    }

    boolean isFinal() {
        return isError() || type == REP_ACK;
    }

    boolean is(int... types) {
        for (int each : types) {
            if (type == each) {
                return true;
            }
        }
        return false;
    }

    ByteBuffer view() {
        return ByteBuffer.wrap(content);
    }

    String text(int from) {
        return new String(content, from, content.length - from, StandardCharsets.UTF_8);
    }

    /** For messages: ACK, INFO, or an error by its number. */
    String named() {
        return isError() ? "error 2^31+" + (type & ~REP_ERR) : "reply type " + type;
    }
}
