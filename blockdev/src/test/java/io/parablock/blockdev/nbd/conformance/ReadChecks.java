package io.parablock.blockdev.nbd.conformance;

import static io.parablock.blockdev.nbd.conformance.Proto.*;

import java.util.Arrays;
import java.util.Random;

/** NBD_CMD_READ with simple replies. */
final class ReadChecks {
    private static final int MIB = 1 << 20;
    private static final int SECTOR = 512;

    private ReadChecks() {}

    /** What is written there must be read back, with sectors around it kept. */
    private static void readsBack(Probe probe, long offset, int length) {
        Session session = probe.attach();
        byte[] content = Probe.pattern(length, offset + length);
        session.write(offset, content).ok();
        session.read(offset, length).reads(content);
        session.finish();
    }

    private static long size(Probe probe) {
        return probe.target().sizeBytes();
    }

    @Check("NBD_CMD_READ")
    static void readsOneSector(Probe probe) {
        readsBack(probe, MIB, SECTOR);
    }

    @Check("NBD_CMD_READ")
    static void readsTheFirstSector(Probe probe) {
        readsBack(probe, 0, SECTOR);
    }

    @Check("NBD_CMD_READ")
    static void readsTheLastSector(Probe probe) {
        readsBack(probe, size(probe) - SECTOR, SECTOR);
    }

    @Check("NBD_CMD_READ")
    static void readsTheLastMebibyte(Probe probe) {
        readsBack(probe, size(probe) - MIB, MIB);
    }

    @Check("NBD_CMD_READ")
    static void readsOverABlockBorder(Probe probe) {
        readsBack(probe, 2 * MIB - SECTOR, 2 * SECTOR);
    }

    @Check("NBD_CMD_READ")
    static void readsOverManyBlocks(Probe probe) {
        readsBack(probe, MIB - SECTOR, MIB + 3 * SECTOR);
    }

    @Check("NBD_CMD_READ")
    static void readsOverA64KibBorder(Probe probe) {
        readsBack(probe, (1 << 16) - 4096 - SECTOR, 8192);
    }

    @Check("Block size constraints")
    static void readsTheMaximum(Probe probe) {
        Session session = probe.attach();
        int max = Probe.payloadMax(session);
        byte[] marks = Probe.pattern(SECTOR, 77);
        session.write(max - SECTOR, marks).ok();
        byte[] all = session.read(0, max).ok().content;
        Violation.unless(
                Arrays.equals(Arrays.copyOfRange(all, max - SECTOR, max), marks), "the end of %d bytes differs", max);
        session.finish();
    }

    @Check("Block size constraints")
    static void refusesMoreThanTheMaximum(Probe probe) {
        Session session = probe.attach();
        BlockSizes sizes = session.facts.sizes();
        long length = sizes.maximum() + sizes.minimum();
        NotOffered.unless(
                !sizes.unlimited() && length <= size(probe), "the maximum is not below the size of the export");
        session.read(0, length).fails(EINVAL, EOVERFLOW);
        session.alive().finish();
    }

    private static void refuses(Probe probe, int flags, long offset, long length) {
        Session session = probe.attach();
        session.call(CMD_READ, flags, offset, length).fails(EINVAL);
        session.alive().finish();
    }

    @Check("Error values")
    static void refusesASectorOverTheEnd(Probe probe) {
        refuses(probe, 0, size(probe) - SECTOR, 2 * SECTOR);
    }

    @Check("Error values")
    static void refusesToBeginAtTheEnd(Probe probe) {
        refuses(probe, 0, size(probe), SECTOR);
    }

    @Check("Error values")
    static void refusesToBeginFarBehindTheEnd(Probe probe) {
        refuses(probe, 0, 1L << 62, SECTOR);
    }

    @Check("Error values")
    static void refusesANegativeOffset(Probe probe) {
        refuses(probe, 0, Long.MIN_VALUE, SECTOR);
    }

    @Check("Error values")
    static void refusesAnEndThatWrapsAround(Probe probe) {
        refuses(probe, 0, -SECTOR, 2 * SECTOR);
    }

    @Check("Error values")
    static void refusesAnEndOfExactlyZero(Probe probe) {
        refuses(probe, 0, -SECTOR, SECTOR);
    }

    @Check("Error values")
    static void refusesFourGibibytes(Probe probe) {
        Session session = probe.attach();
        session.read(0, 0xffffffffL & -SECTOR).fails(EINVAL, EOVERFLOW);
        session.read(0, 0xffffffffL).fails(EINVAL, EOVERFLOW);
        session.alive().finish();
    }

    @Check("Error values")
    static void refusesTwoGibibytes(Probe probe) {
        NotOffered.unless(size(probe) < 1L << 31, "the export is larger");
        Session session = probe.attach();
        session.read(0, 1L << 31).fails(EINVAL, EOVERFLOW);
        session.alive().finish();
    }

    @Check("NBD_CMD_READ")
    static void answersAnEmptyRead(Probe probe) {
        Session session = probe.attach();
        session.read(MIB, 0);
        session.alive().finish();
    }

    @Check("NBD_CMD_READ")
    static void answersAnEmptyReadAtTheEnd(Probe probe) {
        Session session = probe.attach();
        session.read(size(probe), 0);
        session.alive().finish();
    }

    /** Refused below the minimum block size, and right where the server takes it. */
    private static void unaligned(Probe probe, int offset, int length) {
        Session session = probe.attach();
        byte[] content = Probe.pattern(4096, 5);
        session.write(3 * MIB, content).ok();
        Reply reply = session.read(3 * MIB + offset, length);
        if ((offset | length) % session.minimum() == 0) {
            reply.reads(Arrays.copyOfRange(content, offset, offset + length));
        } else {
            reply.fails(EINVAL);
        }
        session.alive().finish();
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
        unaligned(probe, 0, 1);
    }

    @Check("Block size constraints")
    static void holdsTheMinimumAgainstALengthOf256(Probe probe) {
        unaligned(probe, SECTOR, 256);
    }

    @Check("Block size constraints")
    static void holdsTheMinimumAgainstALengthOf513(Probe probe) {
        unaligned(probe, 0, 513);
    }

    @Check("Simple reply message")
    static void sendsNoPayloadWithAnError(Probe probe) {
        Session session = probe.attach();
        for (int i = 0; i < 5; i++) {
            session.read(size(probe), SECTOR).fails(EINVAL);
        }
        session.alive().finish();
    }

    @Check("NBD_CMD_FLAG_FUA")
    static void takesFua(Probe probe) {
        Session session = probe.attach().needs(SEND_FUA, "NBD_FLAG_SEND_FUA");
        session.call(CMD_READ, FLAG_FUA, 0, SECTOR).ok();
        session.finish();
    }

    @Check("Error values")
    static void refusesAnUnknownFlag(Probe probe) {
        refuses(probe, FLAG_UNKNOWN, 0, SECTOR);
    }

    @Check("Error values")
    static void refusesTheFlagOfWriteZeroes(Probe probe) {
        refuses(probe, FLAG_NO_HOLE, 0, SECTOR);
    }

    @Check("Error values")
    static void refusesTheFlagOfBlockStatus(Probe probe) {
        refuses(probe, FLAG_REQ_ONE, 0, SECTOR);
    }

    @Check("NBD_CMD_FLAG_DF")
    static void refusesDfWithoutChunks(Probe probe) {
        refuses(probe, FLAG_DF, 0, SECTOR);
    }

    @Check("NBD_CMD_READ")
    static void readsTheSameTwice(Probe probe) {
        Session session = probe.attach();
        byte[] first = session.read(0, MIB).ok().content;
        session.read(0, MIB).reads(first);
        session.finish();
    }

    @Check("NBD_CMD_READ")
    static void readsRandomRangesAsWritten(Probe probe) {
        Session session = probe.attach();
        byte[] model = Probe.pattern(MIB, 9);
        session.write(4 * MIB, model).ok();
        Random random = new Random(10);
        for (int i = 0; i < 40; i++) {
            int from = random.nextInt(MIB / SECTOR) * SECTOR;
            int length = Math.min(MIB - from, (1 + random.nextInt(64)) * SECTOR);
            session.read(4 * MIB + from, length).reads(Arrays.copyOfRange(model, from, from + length));
        }
        session.finish();
    }
}
