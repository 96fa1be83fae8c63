package io.parablock.blockdev.nbd.conformance;

import static io.parablock.blockdev.nbd.conformance.Proto.*;

import java.util.HashMap;
import java.util.Map;

/** The client's side of the transmission phase on one connection. Used by one thread. */
final class Session {
    final Wire wire;
    final Mode mode;
    final ExportFacts facts;
    final Map<Integer, String> contexts;
    final Map<Long, Reply> inFlight = new HashMap<>();

    private final ReplyReader reader = new ReplyReader(this);
    private final Map<Long, Reply> done = new HashMap<>();
    private long nextCookie = 0x7a11_5eed_8000_0001L;

    Session(Wire wire, Mode mode, ExportFacts facts, Map<Integer, String> contexts) {
        this.wire = wire;
        this.mode = mode;
        this.facts = facts;
        this.contexts = contexts;
        wire.closesPromptlyWithin(Long.MAX_VALUE);
    }

    boolean has(int flag) {
        return (facts.flags() & flag) != 0;
    }

    Session needs(int flag, String name) {
        NotOffered.unless(has(flag), "the server does not set " + name);
        return this;
    }

    long minimum() {
        return facts.sizes().minimum();
    }

    /** The header of a request in this connection's form. */
    Message header(int type, int flags, long cookie, long offset, long length) {
        if (mode == Mode.EXTENDED) {
            return Message.request(EXTENDED_REQUEST_MAGIC, flags, type, cookie, offset)
                    .u64(length);
        }
        return Message.request(REQUEST_MAGIC, flags, type, cookie, offset).u32(length);
    }

    /** A whole request; WRITE gets the payload flag that extended headers ask for. */
    Message message(long cookie, int type, int flags, long offset, long length, byte[] payload) {
        int sent = mode == Mode.EXTENDED && type == CMD_WRITE ? flags | FLAG_PAYLOAD_LEN : flags;
        return header(type, sent, cookie, offset, length).raw(payload);
    }

    long cookie() {
        return nextCookie++;
    }

    /** Notes a request that the caller sends by itself. */
    long expect(long cookie, int type, int flags, long offset, long length) {
        inFlight.put(cookie, new Reply(new Request(type, flags, offset, length)));
        return cookie;
    }

    long send(int type, int flags, long offset, long length, byte... payload) {
        long cookie = expect(cookie(), type, flags, offset, length);
        wire.send(message(cookie, type, flags, offset, length, payload));
        return cookie;
    }

    Reply await(long cookie) {
        while (!done.containsKey(cookie)) {
            next();
        }
        return done.remove(cookie);
    }

    /** Reads messages until one reply is whole, and returns its cookie. */
    long next() {
        while (true) {
            long cookie = reader.message();
            Reply reply = reader.takeWhole();
            if (reply != null) {
                done.put(cookie, reply);
                return cookie;
            }
        }
    }

    Reply call(int type, int flags, long offset, long length, byte... payload) {
        return await(send(type, flags, offset, length, payload));
    }

    Reply read(long offset, long length) {
        return call(CMD_READ, 0, offset, length);
    }

    Reply write(long offset, byte[] payload) {
        return call(CMD_WRITE, 0, offset, payload.length, payload);
    }

    Reply zero(long offset, long length) {
        return call(CMD_WRITE_ZEROES, 0, offset, length);
    }

    Reply trim(long offset, long length) {
        return call(CMD_TRIM, 0, offset, length);
    }

    Reply flush() {
        return call(CMD_FLUSH, 0, 0, 0);
    }

    Reply status(int flags, long offset, long length) {
        return call(CMD_BLOCK_STATUS, flags, offset, length);
    }

    /** The connection must still serve. */
    Session alive() {
        read(0, Math.max(512, minimum())).ok();
        return this;
    }

    /** Disconnects softly; nothing may follow, and no reply may be owed. */
    void finish() {
        wire.send(header(CMD_DISC, 0, cookie(), 0, 0));
        while (!inFlight.isEmpty()) {
            next();
        }
        wire.requireClosed();
    }
}
