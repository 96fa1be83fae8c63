package io.parablock.blockdev.nbd.conformance;

import static io.parablock.blockdev.nbd.conformance.Proto.*;

import java.util.Arrays;
import java.util.Random;

/** Structured replies: content, holes, DF and errors. The form of every chunk is checked by {@link ReplyReader}. */
final class ChunkChecks {
    private static final int MIB = 1 << 20;
    private static final int KIB_64 = 1 << 16;
    private static final int SECTOR = 512;
    private static final int BLOCK = 4096;

    private ChunkChecks() {}

    private static void readsBack(Probe probe, int flags, long offset, int length) {
        Session session = probe.structured();
        if (flags == FLAG_DF) {
            session.needs(SEND_DF, "NBD_FLAG_SEND_DF");
        }
        byte[] content = Probe.pattern(length, offset);
        session.write(offset, content).ok();
        session.call(CMD_READ, flags, offset, length).reads(content);
        session.finish();
    }

    /** Writes content, a hole where the server can, and content again; returns what must be read. */
    private static byte[] mixed(Session session, long offset, int holeBytes) {
        session.needs(SEND_WRITE_ZEROES, "NBD_FLAG_SEND_WRITE_ZEROES");
        byte[] content = Probe.pattern(4 * BLOCK + holeBytes, offset);
        session.write(offset, content).ok();
        session.zero(offset + 2 * BLOCK, holeBytes).ok();
        Arrays.fill(content, 2 * BLOCK, 2 * BLOCK + holeBytes, (byte) 0);
        return content;
    }

    @Check("NBD_REPLY_TYPE_OFFSET_DATA")
    static void readsOneSector(Probe probe) {
        readsBack(probe, 0, MIB, SECTOR);
    }

    @Check("NBD_REPLY_TYPE_OFFSET_DATA")
    static void readsTheLastSector(Probe probe) {
        readsBack(probe, 0, probe.target().sizeBytes() - SECTOR, SECTOR);
    }

    @Check("NBD_REPLY_TYPE_OFFSET_DATA")
    static void readsOverManyBlocks(Probe probe) {
        readsBack(probe, 0, MIB - SECTOR, MIB + 2 * SECTOR);
    }

    @Check("Block size constraints")
    static void readsTheMaximum(Probe probe) {
        Session session = probe.structured();
        session.read(0, Probe.payloadMax(session)).ok();
        session.finish();
    }

    @Check("NBD_REPLY_TYPE_OFFSET_HOLE")
    static void readsZeroesAfterWriteZeroes(Probe probe) {
        Session session = probe.structured().needs(SEND_WRITE_ZEROES, "NBD_FLAG_SEND_WRITE_ZEROES");
        session.write(5 * MIB, Probe.pattern(MIB, 1)).ok();
        session.zero(5 * MIB, MIB).ok();
        session.read(5 * MIB, MIB).readsZeroes();
        session.finish();
    }

    @Check("NBD_REPLY_TYPE_OFFSET_HOLE")
    static void readsAHoleBetweenContent(Probe probe) {
        Session session = probe.structured();
        byte[] content = mixed(session, 6 * MIB, KIB_64);
        session.read(6 * MIB, content.length).reads(content);
        session.finish();
    }

    @Check("NBD_REPLY_TYPE_OFFSET_HOLE")
    static void readsPartsOfAHole(Probe probe) {
        Session session = probe.structured();
        byte[] content = mixed(session, 6 * MIB, KIB_64);
        for (int from = SECTOR; from < content.length - KIB_64 / 2; from += 7 * SECTOR) {
            session.read(6 * MIB + from, KIB_64 / 2).reads(Arrays.copyOfRange(content, from, from + KIB_64 / 2));
        }
        session.finish();
    }

    @Check("NBD_REPLY_TYPE_OFFSET_HOLE")
    static void readsAlternatingContentAndHoles(Probe probe) {
        Session session = probe.structured().needs(SEND_WRITE_ZEROES, "NBD_FLAG_SEND_WRITE_ZEROES");
        byte[] content = Probe.pattern(MIB, 22);
        session.write(10 * MIB, content).ok();
        for (int at = 0; at < MIB; at += 2 * BLOCK) {
            session.zero(10 * MIB + at, BLOCK).ok();
            Arrays.fill(content, at, at + BLOCK, (byte) 0);
        }
        session.read(10 * MIB, MIB).reads(content);
        session.read(10 * MIB + SECTOR, MIB - BLOCK).reads(Arrays.copyOfRange(content, SECTOR, SECTOR + MIB - BLOCK));
        session.finish();
    }

    @Check("NBD_CMD_FLAG_FUA")
    static void takesFua(Probe probe) {
        Session session = probe.structured().needs(SEND_FUA, "NBD_FLAG_SEND_FUA");
        session.call(CMD_READ, FLAG_FUA, 0, SECTOR).ok();
        session.finish();
    }

    @Check("NBD_CMD_FLAG_DF")
    static void dfReadsWhole(Probe probe) {
        readsBack(probe, FLAG_DF, MIB, BLOCK);
    }

    @Check("NBD_CMD_FLAG_DF")
    static void dfIsServedUpTo64Kib(Probe probe) {
        readsBack(probe, FLAG_DF, MIB + SECTOR, KIB_64);
    }

    @Check("NBD_CMD_FLAG_DF")
    static void dfReadsContentAndHoleInOneChunk(Probe probe) {
        Session session = probe.structured().needs(SEND_DF, "NBD_FLAG_SEND_DF");
        byte[] content = mixed(session, 7 * MIB, 8 * BLOCK);
        Reply reply = session.call(CMD_READ, FLAG_DF, 7 * MIB, content.length).reads(content);
        Violation.unless(reply.holes == 0, "a hole chunk for content");
        session.finish();
    }

    @Check("NBD_EOVERFLOW")
    static void dfOfTheMaximumIsWholeOrOverflows(Probe probe) {
        Session session = probe.structured().needs(SEND_DF, "NBD_FLAG_SEND_DF");
        session.call(CMD_READ, FLAG_DF, 0, Probe.payloadMax(session)).fails(0, EOVERFLOW);
        session.alive().finish();
    }

    @Check("NBD_FLAG_SEND_DF")
    static void dfIsAdvertisedOrRefused(Probe probe) {
        Session session = probe.structured();
        session.call(CMD_READ, FLAG_DF, 0, BLOCK).fails(session.has(SEND_DF) ? 0 : EINVAL);
        session.finish();
    }

    @Check("NBD_CMD_READ")
    static void answersAnEmptyRead(Probe probe) {
        Session session = probe.structured();
        session.read(MIB, 0);
        session.alive().finish();
    }

    @Check("NBD_REPLY_TYPE_OFFSET_DATA")
    static void answersAnEmptyReadWithDf(Probe probe) {
        Session session = probe.structured().needs(SEND_DF, "NBD_FLAG_SEND_DF");
        session.call(CMD_READ, FLAG_DF, MIB, 0);
        session.alive().finish();
    }

    private static void refuses(Probe probe, int flags, long offset, long length) {
        Session session = probe.structured();
        session.call(CMD_READ, flags, offset, length).fails(EINVAL);
        session.alive().finish();
    }

    @Check("NBD_REPLY_TYPE_ERROR")
    static void refusesASectorOverTheEnd(Probe probe) {
        refuses(probe, 0, probe.target().sizeBytes() - SECTOR, 2 * SECTOR);
    }

    @Check("NBD_REPLY_TYPE_ERROR")
    static void refusesAnEndThatWrapsAround(Probe probe) {
        refuses(probe, 0, -SECTOR, 2 * SECTOR);
    }

    @Check("Structured reply chunk message")
    static void refusesAnUnknownFlagInAChunk(Probe probe) {
        refuses(probe, FLAG_UNKNOWN, 0, SECTOR);
    }

    @Check("Block size constraints")
    static void holdsTheMinimum(Probe probe) {
        Session session = probe.structured();
        session.read(1, SECTOR).fails(session.minimum() == 1 ? 0 : EINVAL);
        session.alive().finish();
    }

    @Check("Block size constraints")
    static void answersMoreThanTheMaximum(Probe probe) {
        Session session = probe.structured();
        BlockSizes sizes = session.facts.sizes();
        long length = sizes.maximum() + sizes.minimum();
        NotOffered.unless(
                !sizes.unlimited() && length <= probe.target().sizeBytes(),
                "the maximum is not below the size of the export");
        session.read(0, length).fails(0, EINVAL, EOVERFLOW);
        session.alive().finish();
    }

    @Check("Structured reply chunk message")
    static void answersEveryCommand(Probe probe) {
        Session session = probe.structured();
        session.write(0, Probe.pattern(BLOCK, 3)).ok();
        session.call(CMD_FLUSH, 0, 0, 0).fails(session.has(SEND_FLUSH) ? 0 : EINVAL);
        session.call(CMD_TRIM, 0, 0, BLOCK).fails(session.has(SEND_TRIM) ? 0 : EINVAL);
        session.call(CMD_WRITE_ZEROES, 0, 0, BLOCK).fails(session.has(SEND_WRITE_ZEROES) ? 0 : EINVAL);
        session.call(99, 0, 0, 0).fails(EINVAL);
        session.finish();
    }

    @Check("NBD_REPLY_TYPE_ERROR")
    static void refusesAWriteOverTheEndAndDrainsIt(Probe probe) {
        Session session = probe.structured();
        session.write(probe.target().sizeBytes() - SECTOR, Probe.pattern(BLOCK, 4))
                .fails(ENOSPC);
        session.alive().finish();
    }

    @Check("Structured reply chunk message")
    static void interleavesPipelinedReads(Probe probe) {
        Session session = probe.structured();
        byte[] content = Probe.pattern(16 * BLOCK, 12);
        session.write(8 * MIB, content).ok();
        long[] cookies = new long[16];
        for (int i = 0; i < 16; i++) {
            cookies[i] = session.send(CMD_READ, 0, 8 * MIB + (long) i * BLOCK, BLOCK);
        }
        for (int i = 15; i >= 0; i--) {
            session.await(cookies[i]).reads(Arrays.copyOfRange(content, i * BLOCK, i * BLOCK + BLOCK));
        }
        session.finish();
    }

    @Check("NBD_CMD_READ")
    static void readsRandomMixturesAsWritten(Probe probe) {
        Session session = probe.structured().needs(SEND_WRITE_ZEROES, "NBD_FLAG_SEND_WRITE_ZEROES");
        byte[] model = Probe.pattern(MIB, 20);
        session.write(9 * MIB, model).ok();
        Random random = new Random(21);
        for (int i = 0; i < 30; i++) {
            int from = random.nextInt(MIB / SECTOR) * SECTOR;
            int length = Math.min(MIB - from, (1 + random.nextInt(100)) * SECTOR);
            session.zero(9 * MIB + from, length).ok();
            Arrays.fill(model, from, from + length, (byte) 0);
        }
        session.read(9 * MIB, MIB).reads(model);
        session.finish();
    }
}
