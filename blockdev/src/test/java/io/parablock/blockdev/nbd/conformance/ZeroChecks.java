package io.parablock.blockdev.nbd.conformance;

import static io.parablock.blockdev.nbd.conformance.Proto.*;

import java.util.Arrays;

/** NBD_CMD_FLUSH, NBD_CMD_TRIM, NBD_CMD_WRITE_ZEROES and NBD_CMD_CACHE. */
final class ZeroChecks {
    private static final int MIB = 1 << 20;
    private static final int SECTOR = 512;
    private static final int BLOCK = 4096;

    private ZeroChecks() {}

    private static long size(Probe probe) {
        return probe.target().sizeBytes();
    }

    /** A session on a server that knows the command. */
    private static Session with(Probe probe, int type) {
        Session session = probe.attach();
        return switch (type) {
            case CMD_FLUSH -> session.needs(SEND_FLUSH, "NBD_FLAG_SEND_FLUSH");
            case CMD_TRIM -> session.needs(SEND_TRIM, "NBD_FLAG_SEND_TRIM");
            case CMD_CACHE -> session.needs(SEND_CACHE, "NBD_FLAG_SEND_CACHE");
            default -> session.needs(SEND_WRITE_ZEROES, "NBD_FLAG_SEND_WRITE_ZEROES");
        };
    }

    private static void gives(Probe probe, int type, int flags, long offset, long length, int... errors) {
        Session session = with(probe, type);
        session.call(type, flags, offset, length).fails(errors);
        session.alive().finish();
    }

    /** What an empty request gives is open, but it must not disconnect. */
    private static void empty(Probe probe, int type) {
        Session session = with(probe, type);
        session.call(type, 0, MIB, 0);
        session.alive().finish();
    }

    @Check("NBD_CMD_FLUSH")
    static void flushes(Probe probe) {
        gives(probe, CMD_FLUSH, 0, 0, 0, 0);
    }

    @Check("NBD_CMD_FLUSH")
    static void flushesWhatWasWritten(Probe probe) {
        Session session = with(probe, CMD_FLUSH);
        byte[] content = Probe.pattern(BLOCK, 50);
        session.write(0, content).ok();
        session.flush().ok();
        session.flush().ok();
        session.read(0, BLOCK).reads(content);
        session.finish();
    }

    @Check("NBD_CMD_FLAG_FUA")
    static void flushTakesFua(Probe probe) {
        with(probe, CMD_FLUSH).needs(SEND_FUA, "NBD_FLAG_SEND_FUA");
        gives(probe, CMD_FLUSH, FLAG_FUA, 0, 0, 0);
    }

    @Check("NBD_CMD_FLUSH")
    static void answersAFlushWithALength(Probe probe) {
        Session session = with(probe, CMD_FLUSH);
        session.call(CMD_FLUSH, 0, MIB, BLOCK).fails(0, EINVAL);
        session.alive().finish();
    }

    @Check("Error values")
    static void flushRefusesAnUnknownFlag(Probe probe) {
        gives(probe, CMD_FLUSH, FLAG_UNKNOWN, 0, 0, EINVAL);
    }

    @Check("NBD_CMD_TRIM")
    static void trims(Probe probe) {
        gives(probe, CMD_TRIM, 0, MIB, MIB, 0);
    }

    /** Only the range may change; what TRIM leaves in it is open. */
    @Check("NBD_CMD_TRIM")
    static void trimSparesTheNeighbours(Probe probe) {
        Session session = with(probe, CMD_TRIM);
        byte[] content = Probe.pattern(8 * BLOCK, 51);
        session.write(MIB, content).ok();
        session.trim(MIB + 2 * BLOCK, 3 * BLOCK).ok();
        session.read(MIB, 2 * BLOCK).reads(Arrays.copyOf(content, 2 * BLOCK));
        session.read(MIB + 5 * BLOCK, 3 * BLOCK).reads(Arrays.copyOfRange(content, 5 * BLOCK, 8 * BLOCK));
        session.finish();
    }

    @Check("NBD_CMD_TRIM")
    static void writesAfterATrimAreKept(Probe probe) {
        Session session = with(probe, CMD_TRIM);
        session.trim(MIB, MIB).ok();
        byte[] content = Probe.pattern(BLOCK, 52);
        session.write(MIB, content).ok();
        session.read(MIB, BLOCK).reads(content);
        session.finish();
    }

    @Check("NBD_CMD_TRIM")
    static void trimsTheLastSector(Probe probe) {
        gives(probe, CMD_TRIM, 0, size(probe) - SECTOR, SECTOR, 0);
    }

    @Check("NBD_CMD_FLAG_FUA")
    static void trimTakesFua(Probe probe) {
        with(probe, CMD_TRIM).needs(SEND_FUA, "NBD_FLAG_SEND_FUA");
        gives(probe, CMD_TRIM, FLAG_FUA, MIB, BLOCK, 0);
    }

    @Check("Error values")
    static void trimRefusesASectorOverTheEnd(Probe probe) {
        gives(probe, CMD_TRIM, 0, size(probe) - SECTOR, 2 * SECTOR, EINVAL);
    }

    @Check("Error values")
    static void trimRefusesAnEndThatWrapsAround(Probe probe) {
        gives(probe, CMD_TRIM, 0, -SECTOR, 2 * SECTOR, EINVAL);
    }

    @Check("Error values")
    static void trimRefusesFourGibibytes(Probe probe) {
        NotOffered.unless(size(probe) < 0xffffffffL - SECTOR, "the export is larger");
        gives(probe, CMD_TRIM, 0, 0, 0xffffffffL & -SECTOR, EINVAL);
    }

    @Check("Error values")
    static void trimRefusesTwoGibibytes(Probe probe) {
        NotOffered.unless(size(probe) < 1L << 31, "the export is larger");
        gives(probe, CMD_TRIM, 0, 0, 1L << 31, EINVAL);
    }

    @Check("NBD_CMD_TRIM")
    static void answersAnEmptyTrim(Probe probe) {
        empty(probe, CMD_TRIM);
    }

    @Check("Error values")
    static void trimRefusesAnUnknownFlag(Probe probe) {
        gives(probe, CMD_TRIM, FLAG_UNKNOWN, MIB, BLOCK, EINVAL);
    }

    @Check("Error values")
    static void trimRefusesTheFlagOfWriteZeroes(Probe probe) {
        gives(probe, CMD_TRIM, FLAG_NO_HOLE, MIB, BLOCK, EINVAL);
    }

    private static int longEffect(Probe probe) {
        return probe.target().longEffects() ? 0 : EINVAL;
    }

    @Check("Block size constraints")
    static void trimsTheWholeExport(Probe probe) {
        NotOffered.unless(size(probe) <= 0xffffffffL, "the export is larger than one request");
        gives(
                probe,
                CMD_TRIM,
                0,
                0,
                size(probe),
                0,
                longEffect(probe),
                probe.target().longEffects() ? 0 : EOVERFLOW);
    }

    @Check("Block size constraints")
    static void zeroesTheWholeExport(Probe probe) {
        NotOffered.unless(size(probe) <= 0xffffffffL, "the export is larger than one request");
        Session session = with(probe, CMD_WRITE_ZEROES);
        session.write(MIB, Probe.pattern(BLOCK, 53)).ok();
        Reply reply = session.zero(0, size(probe));
        if (probe.target().longEffects()) {
            reply.ok();
        } else {
            reply.fails(0, EINVAL, EOVERFLOW);
        }
        if (reply.error == 0) {
            session.read(MIB, BLOCK).readsZeroes();
        }
        session.alive().finish();
    }

    /** Exactly the range must read as zeroes. */
    private static void zeroes(Probe probe, int flags, long offset, int length) {
        Session session = with(probe, CMD_WRITE_ZEROES);
        int before = (int) Math.min(BLOCK, offset);
        int after = (int) Math.min(BLOCK, size(probe) - offset - length);
        byte[] all = Probe.pattern(before + length + after, 54);
        session.write(offset - before, all).ok();
        session.call(CMD_WRITE_ZEROES, flags, offset, length).ok();
        Arrays.fill(all, before, before + length, (byte) 0);
        session.read(offset - before, all.length).reads(all);
        session.finish();
    }

    @Check("NBD_CMD_WRITE_ZEROES")
    static void zeroesOneSector(Probe probe) {
        zeroes(probe, 0, MIB + SECTOR, SECTOR);
    }

    @Check("NBD_CMD_WRITE_ZEROES")
    static void zeroesBlocks(Probe probe) {
        zeroes(probe, 0, MIB, 16 * BLOCK);
    }

    @Check("NBD_CMD_WRITE_ZEROES")
    static void zeroesSectorsOverABlockBorder(Probe probe) {
        zeroes(probe, 0, 2 * MIB - SECTOR, BLOCK + 2 * SECTOR);
    }

    @Check("NBD_CMD_WRITE_ZEROES")
    static void zeroesTheLastSector(Probe probe) {
        zeroes(probe, 0, size(probe) - SECTOR, SECTOR);
    }

    @Check("NBD_CMD_FLAG_NO_HOLE")
    static void zeroesWithoutAHole(Probe probe) {
        zeroes(probe, FLAG_NO_HOLE, MIB, 4 * BLOCK);
    }

    @Check("NBD_CMD_FLAG_FUA")
    static void zeroesWithFua(Probe probe) {
        with(probe, CMD_WRITE_ZEROES).needs(SEND_FUA, "NBD_FLAG_SEND_FUA");
        zeroes(probe, FLAG_FUA | FLAG_NO_HOLE, MIB, 4 * BLOCK);
    }

    @Check("NBD_CMD_FLAG_FAST_ZERO")
    static void zeroesFastOrSaysNo(Probe probe) {
        Session session = with(probe, CMD_WRITE_ZEROES).needs(SEND_FAST_ZERO, "NBD_FLAG_SEND_FAST_ZERO");
        byte[] content = Probe.pattern(4 * BLOCK, 55);
        session.write(MIB, content).ok();
        Reply reply = session.call(CMD_WRITE_ZEROES, FLAG_FAST_ZERO, MIB, 4 * BLOCK);
        reply.fails(0, ENOTSUP);
        Reply after = session.read(MIB, 4 * BLOCK);
        if (reply.error == 0) {
            after.readsZeroes();
        } else {
            after.reads(content);
        }
        session.finish();
    }

    @Check("NBD_FLAG_SEND_FAST_ZERO")
    static void fastZeroIsAdvertisedOrRefused(Probe probe) {
        Session session = with(probe, CMD_WRITE_ZEROES);
        Reply reply = session.call(CMD_WRITE_ZEROES, FLAG_FAST_ZERO, MIB, BLOCK);
        if (session.has(SEND_FAST_ZERO)) {
            reply.fails(0, ENOTSUP);
        } else {
            reply.fails(EINVAL);
        }
        session.alive().finish();
    }

    @Check("Error values")
    static void zeroesRefuseASectorOverTheEnd(Probe probe) {
        gives(probe, CMD_WRITE_ZEROES, 0, size(probe) - SECTOR, 2 * SECTOR, ENOSPC);
    }

    @Check("Error values")
    static void zeroesRefuseFourGibibytes(Probe probe) {
        NotOffered.unless(size(probe) < 0xffffffffL - SECTOR, "the export is larger");
        gives(probe, CMD_WRITE_ZEROES, 0, 0, 0xffffffffL & -SECTOR, ENOSPC);
    }

    @Check("Error values")
    static void zeroesRefuseToBeginAtTheEnd(Probe probe) {
        gives(probe, CMD_WRITE_ZEROES, 0, size(probe), SECTOR, ENOSPC);
    }

    @Check("Error values")
    static void zeroesRefuseAnEndThatWrapsAround(Probe probe) {
        gives(probe, CMD_WRITE_ZEROES, 0, -SECTOR, 2 * SECTOR, ENOSPC);
    }

    @Check("NBD_CMD_WRITE_ZEROES")
    static void answersEmptyZeroes(Probe probe) {
        empty(probe, CMD_WRITE_ZEROES);
    }

    @Check("Block size constraints")
    static void zeroesHoldTheMinimum(Probe probe) {
        int error = with(probe, CMD_WRITE_ZEROES).minimum() == 1 ? 0 : EINVAL;
        gives(probe, CMD_WRITE_ZEROES, 0, MIB + 1, SECTOR, error);
    }

    @Check("Error values")
    static void zeroesRefuseAnUnknownFlag(Probe probe) {
        gives(probe, CMD_WRITE_ZEROES, FLAG_UNKNOWN, MIB, BLOCK, EINVAL);
    }

    @Check("Error values")
    static void zeroesRefuseTheFlagOfRead(Probe probe) {
        gives(probe, CMD_WRITE_ZEROES, FLAG_DF, MIB, BLOCK, EINVAL);
    }

    @Check("NBD_CMD_CACHE")
    static void cacheChangesNothing(Probe probe) {
        Session session = with(probe, CMD_CACHE);
        byte[] content = Probe.pattern(16 * BLOCK, 56);
        session.write(MIB, content).ok();
        session.call(CMD_CACHE, 0, MIB, 16 * BLOCK).fails(0, EINVAL);
        session.read(MIB, 16 * BLOCK).reads(content);
        session.finish();
    }

    @Check("NBD_CMD_CACHE")
    static void answersACacheOfTheWholeExport(Probe probe) {
        NotOffered.unless(size(probe) <= 0xffffffffL, "the export is larger than one request");
        gives(probe, CMD_CACHE, 0, 0, size(probe), 0, EINVAL, EOVERFLOW);
    }

    @Check("NBD_CMD_CACHE")
    static void cacheRefusesAnUnknownFlag(Probe probe) {
        gives(probe, CMD_CACHE, FLAG_UNKNOWN, MIB, BLOCK, EINVAL);
    }

    @Check("NBD_CMD_CACHE")
    static void cacheRefusesASectorOverTheEnd(Probe probe) {
        gives(probe, CMD_CACHE, 0, size(probe) - SECTOR, 2 * SECTOR, EINVAL, ENOSPC);
    }

    @Check("NBD_CMD_FLAG_FUA")
    static void cacheTakesFua(Probe probe) {
        with(probe, CMD_CACHE).needs(SEND_FUA, "NBD_FLAG_SEND_FUA");
        gives(probe, CMD_CACHE, FLAG_FUA, MIB, BLOCK, 0, EINVAL);
    }
}
