package io.parablock.blockdev.nbd.conformance;

import static io.parablock.blockdev.nbd.conformance.Proto.*;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;

/** The form of requests: magic, unknown commands and flags, cookies, pipelining, requests in pieces. */
final class RequestChecks {
    private static final int MIB = 1 << 20;
    private static final int BLOCK = 4096;
    private static final int DEPTH = 64;

    private RequestChecks() {}

    private static void unknown(Probe probe, int type, int flags) {
        Session session = probe.attach();
        session.call(type, flags, 0, BLOCK).fails(EINVAL);
        session.alive().finish();
    }

    @Check("Error values")
    static void refusesTheFirstUnknownCommand(Probe probe) {
        unknown(probe, 9, 0);
    }

    @Check("NBD_CMD_RESIZE")
    static void refusesResize(Probe probe) {
        unknown(probe, CMD_RESIZE, 0);
    }

    @Check("Error values")
    static void refusesTheHighestCommand(Probe probe) {
        unknown(probe, 0xffff, 0);
    }

    @Check("Error values")
    static void refusesAnUnknownCommandWithAllFlags(Probe probe) {
        unknown(probe, 1000, 0xffff);
    }

    @Check("Error values")
    static void refusesEveryUndocumentedFlagOfRead(Probe probe) {
        Session session = probe.attach();
        for (int bit = 1; bit < 16; bit++) {
            session.call(CMD_READ, 1 << bit, 0, BLOCK).fails(EINVAL);
        }
        session.alive().finish();
    }

    @Check("Error values")
    static void refusesEveryUndocumentedFlagOfWrite(Probe probe) {
        Session session = probe.attach();
        for (int bit = 1; bit < 16; bit++) {
            session.call(CMD_WRITE, 1 << bit, 0, BLOCK, new byte[BLOCK]).fails(EINVAL);
        }
        session.alive().finish();
    }

    private static void closesOnMagic(Probe probe, int magic) {
        Session session = probe.attach();
        session.wire.send(Message.request(magic, 0, CMD_READ, 1, 0).u32(BLOCK));
        session.wire.requireClosed();
    }

    @Check("Request message")
    static void closesOnABadMagic(Probe probe) {
        closesOnMagic(probe, 0xdeadbeef);
    }

    @Check("Reserved Magic values")
    static void closesOnTheHistoricMagic(Probe probe) {
        closesOnMagic(probe, 0x12560953);
    }

    @Check("Reserved Magic values")
    static void closesOnTheMagicOfTheLog(Probe probe) {
        closesOnMagic(probe, 0x25609514);
    }

    @Check("Request message")
    static void closesOnTheMagicOfAReply(Probe probe) {
        closesOnMagic(probe, SIMPLE_REPLY_MAGIC);
    }

    @Check("Request message")
    static void closesOnAnExtendedRequestThatWasNotNegotiated(Probe probe) {
        closesOnMagic(probe, EXTENDED_REQUEST_MAGIC);
    }

    @Check("Request message")
    static void closesOnABadMagicAfterAGoodRequest(Probe probe) {
        Session session = probe.attach().alive();
        session.wire.send(Message.request(0, 0, CMD_READ, 1, 0).u32(BLOCK));
        session.wire.requireClosed();
    }

    private static void echoes(Probe probe, Mode mode, long... cookies) {
        Session session = probe.attach(mode);
        for (long cookie : cookies) {
            session.expect(cookie, CMD_READ, 0, 0, BLOCK);
            session.wire.send(session.message(cookie, CMD_READ, 0, 0, BLOCK, new byte[0]));
        }
        for (long cookie : cookies) {
            session.await(cookie).ok();
        }
        session.finish();
    }

    @Check("Transmission")
    static void echoesAnyCookie(Probe probe) {
        echoes(probe, Mode.SIMPLE, 0, -1, 1, Long.MIN_VALUE, Long.MAX_VALUE, 0x0123456789abcdefL);
    }

    @Check("Transmission")
    static void echoesAnyCookieInChunks(Probe probe) {
        echoes(probe, Mode.STRUCTURED, 0, -1, 1, Long.MIN_VALUE, Long.MAX_VALUE, 0x0123456789abcdefL);
    }

    @Check("Transmission")
    static void servesACookieAgain(Probe probe) {
        Session session = probe.attach();
        for (int i = 0; i < 10; i++) {
            session.expect(42, CMD_READ, 0, (long) i * BLOCK, BLOCK);
            session.wire.send(session.message(42, CMD_READ, 0, (long) i * BLOCK, BLOCK, new byte[0]));
            session.await(42).ok();
        }
        session.finish();
    }

    private static void pipelines(Probe probe, Mode mode) {
        Session session = probe.attach(mode);
        Set<Long> owed = new HashSet<>();
        for (int i = 0; i < DEPTH; i++) {
            owed.add(session.send(CMD_READ, 0, (long) i * BLOCK, BLOCK));
        }
        for (int i = 0; i < DEPTH; i++) {
            long cookie = session.next();
            Violation.unless(owed.remove(cookie), "cookie %d is answered twice", cookie);
            session.await(cookie).ok();
        }
        session.finish();
    }

    @Check("Transmission")
    static void answers64PipelinedReadsOnce(Probe probe) {
        pipelines(probe, Mode.SIMPLE);
    }

    @Check("Transmission")
    static void answers64PipelinedReadsOnceInChunks(Probe probe) {
        pipelines(probe, Mode.STRUCTURED);
    }

    @Check("Transmission")
    static void answers64PipelinedWritesOnce(Probe probe) {
        Session session = probe.attach();
        byte[] content = Probe.pattern(DEPTH * BLOCK, 70);
        long[] cookies = new long[DEPTH];
        for (int i = 0; i < DEPTH; i++) {
            byte[] block = Arrays.copyOfRange(content, i * BLOCK, (i + 1) * BLOCK);
            cookies[i] = session.send(CMD_WRITE, 0, 9 * MIB + (long) i * BLOCK, BLOCK, block);
        }
        for (long cookie : cookies) {
            session.await(cookie).ok();
        }
        session.read(9 * MIB, content.length).reads(content);
        session.finish();
    }

    @Check("Transmission")
    static void interleavesReadsAndWrites(Probe probe) {
        Session session = probe.attach();
        byte[] old = Probe.pattern(DEPTH * BLOCK, 71);
        session.write(9 * MIB, old).ok();
        long[] cookies = new long[DEPTH];
        byte[] fresh = Probe.pattern(BLOCK, 72);
        for (int i = 0; i < DEPTH; i++) {
            long offset = 9 * MIB + (long) i * BLOCK;
            cookies[i] = i % 2 == 0
                    ? session.send(CMD_READ, 0, offset, BLOCK)
                    : session.send(CMD_WRITE, 0, offset, BLOCK, fresh);
        }
        for (int i = 0; i < DEPTH; i++) {
            Reply reply = session.await(cookies[i]).ok();
            if (i % 2 == 0) {
                reply.reads(Arrays.copyOfRange(old, i * BLOCK, (i + 1) * BLOCK));
            }
        }
        session.finish();
    }

    @Check("Transmission")
    static void mixesGoodAndBadRequests(Probe probe) {
        Session session = probe.attach();
        long[] good = new long[16];
        long[] bad = new long[16];
        for (int i = 0; i < 16; i++) {
            good[i] = session.send(CMD_READ, 0, (long) i * BLOCK, BLOCK);
            bad[i] = i % 2 == 0
                    ? session.send(CMD_READ, 0, probe.target().sizeBytes(), BLOCK)
                    : session.send(CMD_WRITE, FLAG_UNKNOWN, 0, BLOCK, new byte[BLOCK]);
        }
        for (int i = 0; i < 16; i++) {
            session.await(good[i]).ok();
            session.await(bad[i]).fails(EINVAL);
        }
        session.finish();
    }

    @Check("Request message")
    static void takesARequestSplitAtEveryByte(Probe probe) {
        Session session = probe.attach();
        byte[] content = Probe.pattern(512, 73);
        int header = 28;
        for (int split = 1; split <= header + 2; split++) {
            long cookie = session.expect(session.cookie(), CMD_WRITE, 0, MIB, 512);
            byte[] request =
                    session.message(cookie, CMD_WRITE, 0, MIB, 512, content).array();
            session.wire.send(request, 0, split);
            Wire.pause(1);
            session.wire.send(request, split, request.length - split);
            session.await(cookie).ok();
        }
        session.read(MIB, 512).reads(content);
        session.finish();
    }

    @Check("Request message")
    static void takesRequestsByteByByte(Probe probe) {
        Session session = probe.attach();
        long cookie = session.expect(session.cookie(), CMD_READ, 0, 0, 512);
        session.wire.sendSlowly(
                session.message(cookie, CMD_READ, 0, 0, 512, new byte[0]).array(), 1);
        session.await(cookie).ok();
        session.finish();
    }

    @Check("Request message")
    static void takesManyRequestsInOneSegment(Probe probe) {
        Session session = probe.attach();
        Message all = Message.of();
        byte[] content = Probe.pattern(BLOCK, 74);
        for (int i = 0; i < 10; i++) {
            long write = session.expect(session.cookie(), CMD_WRITE, 0, MIB + (long) i * BLOCK, BLOCK);
            all.raw(session.message(write, CMD_WRITE, 0, MIB + (long) i * BLOCK, BLOCK, content)
                    .array());
            long read = session.expect(session.cookie(), CMD_READ, 0, 0, 512);
            all.raw(session.message(read, CMD_READ, 0, 0, 512, new byte[0]).array());
        }
        session.wire.send(all);
        while (!session.inFlight.isEmpty()) {
            session.await(session.next()).ok();
        }
        session.finish();
    }

    @Check("Transmission")
    static void sendsNothingUnasked(Probe probe) {
        Session session = probe.attach().alive();
        Violation.unless(session.wire.silentFor(50), "the server sends something or closes");
        session.finish();
    }
}
