package io.parablock.blockdev.nbd.conformance;

import static io.parablock.blockdev.nbd.conformance.Proto.*;

import java.util.Arrays;

/** NBD_OPT_EXTENDED_HEADERS and what follows from it. */
final class ExtendedChecks {
    private static final int MIB = 1 << 20;
    private static final int SECTOR = 512;
    private static final int BLOCK = 4096;
    private static final byte[] NOTHING = {};

    private ExtendedChecks() {}

    private static long size(Probe probe) {
        return probe.target().sizeBytes();
    }

    @Check("NBD_OPT_EXTENDED_HEADERS")
    static void isAcceptedWithoutStructuredReplies(Probe probe) {
        probe.extended().alive().finish();
    }

    @Check("NBD_OPT_EXTENDED_HEADERS")
    static void isAcceptedAfterStructuredReplies(Probe probe) {
        probe.haggle()
                .headers(Mode.STRUCTURED)
                .headers(Mode.EXTENDED)
                .go(probe.export())
                .alive()
                .finish();
    }

    @Check("NBD_OPT_EXTENDED_HEADERS")
    static void isRefusedWithData(Probe probe) {
        probe.haggle()
                .refused(OPT_EXTENDED_HEADERS, new byte[2], REP_ERR_INVALID, REP_ERR_UNSUP)
                .go(probe.export())
                .alive()
                .finish();
    }

    @Check("NBD_OPT_EXTENDED_HEADERS")
    static void isAnsweredTwice(Probe probe) {
        Haggle haggle = probe.haggle().headers(Mode.EXTENDED);
        OptionReply again = Haggle.last(haggle.ask(OPT_EXTENDED_HEADERS, NOTHING));
        Violation.unless(again.is(REP_ACK, REP_ERR_INVALID), "the second gives %s", again.named());
        haggle.go(probe.export()).alive().finish();
    }

    @Check("NBD_OPT_STRUCTURED_REPLY")
    static void takesPrecedenceOverStructuredReplies(Probe probe) {
        Haggle haggle = probe.haggle().headers(Mode.EXTENDED);
        haggle.refused(OPT_STRUCTURED_REPLY, NOTHING, REP_ERR_EXT_HEADER_REQD);
        haggle.go(probe.export()).alive().finish();
    }

    @Check("NBD_FLAG_SEND_DF")
    static void dfIsServed(Probe probe) {
        Session session = probe.extended().needs(SEND_DF, "NBD_FLAG_SEND_DF");
        session.call(CMD_READ, FLAG_DF, 0, BLOCK).ok();
        session.finish();
    }

    @Check("Extended reply chunk message")
    static void readsWhatWasWritten(Probe probe) {
        Session session = probe.extended();
        byte[] content = Probe.pattern(MIB + SECTOR, 90);
        session.write(MIB - SECTOR, content).ok();
        session.read(MIB - SECTOR, content.length).reads(content);
        session.finish();
    }

    @Check("Extended reply chunk message")
    static void readsAHoleBetweenContent(Probe probe) {
        Session session = probe.extended().needs(SEND_WRITE_ZEROES, "NBD_FLAG_SEND_WRITE_ZEROES");
        byte[] content = Probe.pattern(16 * BLOCK, 91);
        session.write(2 * MIB, content).ok();
        session.zero(2 * MIB + 4 * BLOCK, 8 * BLOCK).ok();
        Arrays.fill(content, 4 * BLOCK, 12 * BLOCK, (byte) 0);
        session.read(2 * MIB, content.length).reads(content);
        session.finish();
    }

    @Check("Extended reply chunk message")
    static void answersEveryCommand(Probe probe) {
        Session session = probe.extended();
        session.write(MIB, Probe.pattern(BLOCK, 92)).ok();
        session.call(CMD_FLUSH, 0, 0, 0).fails(session.has(SEND_FLUSH) ? 0 : EINVAL);
        session.call(CMD_TRIM, 0, MIB, BLOCK).fails(session.has(SEND_TRIM) ? 0 : EINVAL);
        session.call(CMD_WRITE_ZEROES, 0, MIB, BLOCK).fails(session.has(SEND_WRITE_ZEROES) ? 0 : EINVAL);
        session.call(99, 0, 0, 0).fails(EINVAL);
        session.finish();
    }

    @Check("Extended reply chunk message")
    static void echoesTheOffsetOfAnError(Probe probe) {
        Session session = probe.extended();
        session.read(size(probe) + MIB, BLOCK).fails(EINVAL);
        session.write(size(probe) + MIB, new byte[BLOCK]).fails(ENOSPC);
        session.alive().finish();
    }

    private static void gives(Probe probe, int type, int flags, long offset, long length, int... errors) {
        Session session = probe.extended();
        session.call(type, flags, offset, length).fails(errors);
        session.alive().finish();
    }

    @Check("Request message")
    static void refusesToReadATebibyte(Probe probe) {
        gives(probe, CMD_READ, 0, 0, 1L << 40, EINVAL, EOVERFLOW);
    }

    @Check("Request message")
    static void doesNotCutALengthTo32Bits(Probe probe) {
        gives(probe, CMD_READ, 0, 0, (1L << 32) + BLOCK, EINVAL, EOVERFLOW);
    }

    @Check("Request message")
    static void doesNotCutTheLengthOfATrimTo32Bits(Probe probe) {
        NotOffered.unless(size(probe) < 1L << 32, "the export is larger");
        gives(probe, CMD_TRIM, 0, 0, (1L << 32) + BLOCK, EINVAL);
    }

    @Check("Request message")
    static void doesNotCutTheLengthOfZeroesTo32Bits(Probe probe) {
        NotOffered.unless(size(probe) < 1L << 32, "the export is larger");
        gives(probe, CMD_WRITE_ZEROES, 0, 0, (1L << 32) + BLOCK, ENOSPC);
    }

    @Check("Error values")
    static void refusesANegativeLength(Probe probe) {
        gives(probe, CMD_TRIM, 0, 0, Long.MIN_VALUE, EINVAL);
        gives(probe, CMD_TRIM, 0, SECTOR, -SECTOR, EINVAL);
    }

    @Check("Request message")
    static void closesOnACompactRequest(Probe probe) {
        Session session = probe.extended();
        session.wire.send(
                Message.request(REQUEST_MAGIC, 0, CMD_READ, 1, 0).u32(BLOCK).u32(0));
        session.wire.requireClosed();
    }

    @Check("NBD_CMD_FLAG_PAYLOAD_LEN")
    static void refusesAWriteWithoutThePayloadFlag(Probe probe) {
        Session session = probe.extended();
        long cookie = session.expect(session.cookie(), CMD_WRITE, 0, 0, BLOCK);
        session.wire.send(session.header(CMD_WRITE, 0, cookie, 0, BLOCK));
        session.await(cookie).fails(EINVAL);
        session.alive().finish();
    }

    private static void payload(Probe probe, int type) {
        Session session = probe.extended();
        NotOffered.unless(
                type != CMD_BLOCK_STATUS || !session.has(BLOCK_STATUS_PAYLOAD), "BLOCK_STATUS takes a payload here");
        session.call(type, FLAG_PAYLOAD_LEN, 0, BLOCK, new byte[BLOCK]).fails(EINVAL);
        session.alive().finish();
    }

    @Check("NBD_CMD_FLAG_PAYLOAD_LEN")
    static void drainsThePayloadOfARead(Probe probe) {
        payload(probe, CMD_READ);
    }

    @Check("NBD_CMD_FLAG_PAYLOAD_LEN")
    static void drainsThePayloadOfATrim(Probe probe) {
        payload(probe, CMD_TRIM);
    }

    @Check("NBD_CMD_FLAG_PAYLOAD_LEN")
    static void drainsThePayloadOfAnUnknownCommand(Probe probe) {
        payload(probe, 99);
    }

    @Check("NBD_CMD_FLAG_PAYLOAD_LEN")
    static void drainsThePayloadOfABlockStatus(Probe probe) {
        payload(probe, CMD_BLOCK_STATUS);
    }

    @Check("Request message")
    static void closesOnAPayloadOfATebibyte(Probe probe) {
        Session session = probe.extended();
        session.wire.send(session.header(CMD_WRITE, FLAG_PAYLOAD_LEN, 1, 0, 1L << 40));
        session.wire.requireClosed();
    }

    @Check("Request message")
    static void drainsAPayloadBehindTheEnd(Probe probe) {
        Session session = probe.extended();
        session.write(size(probe) - SECTOR, new byte[BLOCK]).fails(ENOSPC);
        session.alive().finish();
    }

    @Check("NBD_REPLY_TYPE_BLOCK_STATUS_EXT")
    static void extentsAddUpToTheExport(Probe probe) {
        Session session = probe.mapped(Mode.EXTENDED);
        session.write(3 * MIB, Probe.pattern(BLOCK, 93)).ok();
        long at = 0;
        while (at < size(probe)) {
            at += session.status(0, at, size(probe) - at).status().stream()
                    .mapToLong(Extent::lengthBytes)
                    .sum();
        }
        Violation.unless(at == size(probe), "the extents end at byte %d", at);
        session.finish();
    }

    @Check("NBD_CMD_FLAG_REQ_ONE")
    static void reqOneGivesOneExtent(Probe probe) {
        Session session = probe.mapped(Mode.EXTENDED);
        session.status(FLAG_REQ_ONE, 3 * MIB, MIB).ok();
        session.finish();
    }

    @Check("NBD_CMD_BLOCK_STATUS")
    static void refusesAStatusWithoutAContext(Probe probe) {
        gives(probe, CMD_BLOCK_STATUS, 0, 0, BLOCK, EINVAL);
    }

    @Check("NBD_CMD_BLOCK_STATUS")
    static void refusesAStatusOverTheEnd(Probe probe) {
        Session session = probe.mapped(Mode.EXTENDED);
        session.status(0, 0, size(probe) + (1L << 32)).fails(EINVAL);
        session.alive().finish();
    }

    @Check("NBD_OPT_SET_META_CONTEXT")
    static void contextsNeedNoStructuredReplies(Probe probe) {
        Session session = probe.mapped(Mode.EXTENDED);
        session.status(0, 0, BLOCK).ok();
        session.finish();
    }

    @Check("Transmission")
    static void answers64PipelinedReadsOnce(Probe probe) {
        Session session = probe.extended();
        for (int i = 0; i < 64; i++) {
            session.send(CMD_READ, 0, (long) i * BLOCK, BLOCK);
        }
        while (!session.inFlight.isEmpty()) {
            session.await(session.next()).ok();
        }
        session.finish();
    }
}
