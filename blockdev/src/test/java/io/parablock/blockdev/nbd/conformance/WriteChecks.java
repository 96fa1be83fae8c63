package io.parablock.blockdev.nbd.conformance;

import static io.parablock.blockdev.nbd.conformance.Proto.*;

import java.util.Arrays;

/** NBD_CMD_WRITE: what is kept, what is refused, and that a refused payload is drained. */
final class WriteChecks {
    private static final int MIB = 1 << 20;
    private static final int SECTOR = 512;
    private static final int BLOCK = 4096;

    private WriteChecks() {}

    private static long size(Probe probe) {
        return probe.target().sizeBytes();
    }

    /** What is written must be kept, and nothing around it may change. */
    private static void keeps(Probe probe, long offset, int length) {
        Session session = probe.attach();
        int before = (int) Math.min(BLOCK, offset);
        int after = (int) Math.min(BLOCK, size(probe) - offset - length);
        byte[] around = Probe.pattern(before + length + after, 31);
        session.write(offset - before, around).ok();
        byte[] content = Probe.pattern(length, 32);
        session.write(offset, content).ok();
        System.arraycopy(content, 0, around, before, length);
        session.read(offset - before, around.length).reads(around);
        session.finish();
    }

    @Check("NBD_CMD_WRITE")
    static void keepsOneSector(Probe probe) {
        keeps(probe, MIB, SECTOR);
    }

    @Check("NBD_CMD_WRITE")
    static void keepsTheFirstSector(Probe probe) {
        keeps(probe, 0, SECTOR);
    }

    @Check("NBD_CMD_WRITE")
    static void keepsTheLastSector(Probe probe) {
        keeps(probe, size(probe) - SECTOR, SECTOR);
    }

    @Check("NBD_CMD_WRITE")
    static void keepsSectorsOverABlockBorder(Probe probe) {
        keeps(probe, 3 * MIB - SECTOR, 2 * SECTOR);
    }

    @Check("NBD_CMD_WRITE")
    static void keepsAnOddCountOfSectors(Probe probe) {
        keeps(probe, 3 * MIB + SECTOR, 37 * SECTOR);
    }

    @Check("NBD_CMD_WRITE")
    static void keepsMoreThan64Kib(Probe probe) {
        keeps(probe, 4 * MIB - 3 * SECTOR, MIB + 5 * SECTOR);
    }

    @Check("Block size constraints")
    static void keepsTheMaximum(Probe probe) {
        Session session = probe.attach();
        byte[] content = Probe.pattern(Probe.payloadMax(session), 33);
        session.write(size(probe) - content.length, content).ok();
        session.read(size(probe) - content.length, content.length).reads(content);
        session.finish();
    }

    @Check("NBD_CMD_WRITE")
    static void theLastOfTwoWritesStays(Probe probe) {
        Session session = probe.attach();
        session.write(0, Probe.pattern(BLOCK, 34)).ok();
        byte[] second = Probe.pattern(BLOCK, 35);
        session.write(0, second).ok();
        session.read(0, BLOCK).reads(second);
        session.finish();
    }

    @Check("Block size constraints")
    static void refusesMoreThanTheMaximum(Probe probe) {
        Session session = probe.attach();
        BlockSizes sizes = session.facts.sizes();
        long length = sizes.maximum() + sizes.minimum();
        NotOffered.unless(
                !sizes.unlimited() && length <= size(probe), "the maximum is not below the size of the export");
        try {
            session.write(0, new byte[(int) length]).fails(EINVAL, EOVERFLOW);
            session.alive().finish();
        } catch (Violation.Closed denialOfService) {
            Violation.unless(length >= PORTABLE_PAYLOAD_BYTES, "closed on a payload of %d bytes", length);
        }
    }

    /** Refused with {@code error}, its payload drained. */
    private static void refuses(Probe probe, int error, int flags, long offset, int length) {
        Session session = probe.attach();
        session.call(CMD_WRITE, flags, offset, length, Probe.pattern(length, 36))
                .fails(error);
        session.alive().finish();
    }

    @Check("Error values")
    static void refusesASectorOverTheEnd(Probe probe) {
        refuses(probe, ENOSPC, 0, size(probe) - SECTOR, 2 * SECTOR);
    }

    @Check("Error values")
    static void refusesToBeginAtTheEnd(Probe probe) {
        refuses(probe, ENOSPC, 0, size(probe), SECTOR);
    }

    @Check("Error values")
    static void refusesToBeginFarBehindTheEnd(Probe probe) {
        refuses(probe, ENOSPC, 0, 1L << 62, SECTOR);
    }

    @Check("Error values")
    static void refusesAnEndThatWrapsAround(Probe probe) {
        refuses(probe, ENOSPC, 0, -SECTOR, 2 * SECTOR);
    }

    @Check("Error values")
    static void refusesANegativeOffset(Probe probe) {
        refuses(probe, ENOSPC, 0, Long.MIN_VALUE, SECTOR);
    }

    @Check("Error values")
    static void drainsAMebibyteBehindTheEnd(Probe probe) {
        refuses(probe, ENOSPC, 0, size(probe), MIB);
    }

    @Check("Error values")
    static void writesNothingOfARangeOverTheEnd(Probe probe) {
        Session session = probe.attach();
        byte[] before = Probe.pattern(BLOCK, 37);
        session.write(size(probe) - BLOCK, before).ok();
        session.write(size(probe) - BLOCK, Probe.pattern(2 * BLOCK, 38)).fails(ENOSPC);
        session.read(size(probe) - BLOCK, BLOCK).reads(before);
        session.finish();
    }

    @Check("Error values")
    static void drainsManyRefusedPayloads(Probe probe) {
        Session session = probe.attach();
        long[] cookies = new long[20];
        for (int i = 0; i < cookies.length; i++) {
            cookies[i] = session.send(CMD_WRITE, 0, size(probe), BLOCK, Probe.pattern(BLOCK, i));
        }
        for (long cookie : cookies) {
            session.await(cookie).fails(ENOSPC);
        }
        byte[] content = Probe.pattern(BLOCK, 39);
        session.write(0, content).ok();
        session.read(0, BLOCK).reads(content);
        session.finish();
    }

    @Check("NBD_CMD_WRITE")
    static void answersAnEmptyWrite(Probe probe) {
        Session session = probe.attach();
        session.write(MIB, new byte[0]);
        session.alive().finish();
    }

    @Check("NBD_CMD_WRITE")
    static void answersAnEmptyWriteAtTheEnd(Probe probe) {
        Session session = probe.attach();
        session.write(size(probe), new byte[0]);
        session.alive().finish();
    }

    private static void unaligned(Probe probe, int offset, int length) {
        Session session = probe.attach();
        byte[] all = Probe.pattern(BLOCK, 40);
        session.write(5 * MIB, all).ok();
        byte[] content = Probe.pattern(length, 41);
        boolean taken = (offset | length) % session.minimum() == 0;
        session.write(5 * MIB + offset, content).fails(taken ? 0 : EINVAL);
        if (taken) {
            System.arraycopy(content, 0, all, offset, length);
        }
        session.read(5 * MIB, BLOCK).reads(all);
        session.finish();
    }

    @Check("Block size constraints")
    static void holdsTheMinimumAgainstAnOffsetOfOne(Probe probe) {
        unaligned(probe, 1, SECTOR);
    }

    @Check("Block size constraints")
    static void holdsTheMinimumAgainstAnOffsetOf256(Probe probe) {
        unaligned(probe, 256, SECTOR);
    }

    @Check("Block size constraints")
    static void holdsTheMinimumAgainstALengthOfOne(Probe probe) {
        unaligned(probe, SECTOR, 1);
    }

    @Check("Block size constraints")
    static void holdsTheMinimumAgainstALengthOf256(Probe probe) {
        unaligned(probe, SECTOR, 256);
    }

    @Check("Block size constraints")
    static void holdsTheMinimumAgainstALengthOf1000(Probe probe) {
        unaligned(probe, 0, 1000);
    }

    @Check("NBD_CMD_FLAG_FUA")
    static void takesFua(Probe probe) {
        Session session = probe.attach().needs(SEND_FUA, "NBD_FLAG_SEND_FUA");
        byte[] content = Probe.pattern(BLOCK, 42);
        session.call(CMD_WRITE, FLAG_FUA, MIB, BLOCK, content).ok();
        session.read(MIB, BLOCK).reads(content);
        session.finish();
    }

    /** Refused for its flags, and nothing of it written. */
    private static void refusesFlags(Probe probe, int flags) {
        Session session = probe.attach();
        byte[] before = Probe.pattern(BLOCK, 43);
        session.write(MIB, before).ok();
        session.call(CMD_WRITE, flags, MIB, BLOCK, Probe.pattern(BLOCK, 44)).fails(EINVAL);
        session.read(MIB, BLOCK).reads(before);
        session.finish();
    }

    @Check("Error values")
    static void refusesAnUnknownFlag(Probe probe) {
        refusesFlags(probe, FLAG_UNKNOWN);
    }

    @Check("Error values")
    static void refusesTheFlagOfRead(Probe probe) {
        refusesFlags(probe, FLAG_DF);
    }

    @Check("Error values")
    static void refusesTheFlagOfWriteZeroes(Probe probe) {
        refusesFlags(probe, FLAG_NO_HOLE);
    }

    @Check("NBD_CMD_FLAG_PAYLOAD_LEN")
    static void refusesThePayloadFlagOfExtendedHeaders(Probe probe) {
        refusesFlags(probe, FLAG_PAYLOAD_LEN);
    }

    @Check("NBD_CMD_WRITE")
    static void writesNothingThatItHasNotReceived(Probe probe) {
        Session session = probe.attach();
        byte[] before = Probe.pattern(2 * BLOCK, 45);
        session.write(6 * MIB, before).ok();
        Session torn = probe.attach();
        byte[] half = Probe.pattern(BLOCK, 46);
        torn.wire.send(
                torn.header(CMD_WRITE, 0, 1, 6 * MIB, 2 * BLOCK).raw(half).array());
        torn.wire.finishSending();
        torn.wire.drain();
        byte[] after = session.read(6 * MIB, 2 * BLOCK).ok().content;
        Violation.unless(
                Arrays.equals(after, BLOCK, 2 * BLOCK, before, BLOCK, 2 * BLOCK),
                "bytes were written that were never sent");
        session.finish();
    }

    @Check("NBD_CMD_WRITE")
    static void survivesAClientThatLeavesInsideAPayload(Probe probe) {
        Session torn = probe.attach();
        torn.wire.send(torn.header(CMD_WRITE, 0, 1, 0, MIB).raw(new byte[1000]).array());
        torn.wire.close();
        probe.attach().alive().finish();
    }

    @Check("Block size constraints")
    static void survivesAnAnnouncementOfFourGibibytes(Probe probe) {
        Session announcing = probe.attach();
        announcing.wire.send(announcing
                .header(CMD_WRITE, 0, 1, 0, 0xffffffffL)
                .raw(new byte[BLOCK])
                .array());
        probe.attach().alive().finish();
        announcing.wire.close();
    }

    @Check("NBD_CMD_WRITE")
    static void takesAPayloadInPieces(Probe probe) {
        Session session = probe.attach();
        byte[] content = Probe.pattern(BLOCK, 47);
        long cookie = session.expect(session.cookie(), CMD_WRITE, 0, MIB, BLOCK);
        session.wire.sendSlowly(
                session.message(cookie, CMD_WRITE, 0, MIB, BLOCK, content).array(), 97);
        session.await(cookie).ok();
        session.read(MIB, BLOCK).reads(content);
        session.finish();
    }
}
