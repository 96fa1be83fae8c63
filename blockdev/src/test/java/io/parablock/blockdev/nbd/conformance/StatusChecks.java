package io.parablock.blockdev.nbd.conformance;

import static io.parablock.blockdev.nbd.conformance.Proto.*;

import java.util.List;

/** NBD_CMD_BLOCK_STATUS over structured replies; extents are held against the document by {@link ReplyReader}. */
final class StatusChecks {
    private static final int MIB = 1 << 20;
    private static final int SECTOR = 512;
    private static final int BLOCK = 4096;

    private StatusChecks() {}

    private static long size(Probe probe) {
        return probe.target().sizeBytes();
    }

    private static Session mapped(Probe probe) {
        return probe.mapped(Mode.STRUCTURED);
    }

    private static void gives(Probe probe, int flags, long offset, long length, int... errors) {
        Session session = mapped(probe);
        session.status(flags, offset, length).fails(errors);
        session.alive().finish();
    }

    @Check("NBD_CMD_BLOCK_STATUS")
    static void refusesWithoutAContext(Probe probe) {
        Session session = probe.structured();
        session.status(0, 0, BLOCK).fails(EINVAL);
        session.alive().finish();
    }

    @Check("NBD_CMD_BLOCK_STATUS")
    static void refusesWithoutChunks(Probe probe) {
        Session session = probe.attach();
        session.status(0, 0, BLOCK).fails(EINVAL);
        session.alive().finish();
    }

    @Check("NBD_REPLY_TYPE_BLOCK_STATUS")
    static void describesOneBlock(Probe probe) {
        gives(probe, 0, 0, BLOCK, 0);
    }

    @Check("NBD_REPLY_TYPE_BLOCK_STATUS")
    static void describesTheLastSector(Probe probe) {
        gives(probe, 0, size(probe) - SECTOR, SECTOR, 0);
    }

    /** Steps from extent to extent; the lengths must add up to the whole export. */
    @Check("NBD_REPLY_TYPE_BLOCK_STATUS")
    static void extentsAddUpToTheExport(Probe probe) {
        Session session = mapped(probe);
        session.write(3 * MIB, Probe.pattern(BLOCK, 60)).ok();
        long at = 0;
        int steps = 0;
        while (at < size(probe)) {
            List<Extent> extents = session.status(0, at, size(probe) - at).status();
            at += extents.stream().mapToLong(Extent::lengthBytes).sum();
            Violation.unless(++steps < 10_000, "no progress at byte %d", at);
        }
        Violation.unless(at == size(probe), "the extents end at byte %d", at);
        session.finish();
    }

    @Check("`base:allocation` metadata context")
    static void contentIsNotZero(Probe probe) {
        Session session = mapped(probe);
        session.write(4 * MIB, Probe.pattern(8 * BLOCK, 61)).ok();
        for (Extent extent : session.status(0, 4 * MIB, 8 * BLOCK).status()) {
            Violation.unless((extent.status() & STATE_ZERO) == 0, "content is called zero");
            Violation.unless((extent.status() & STATE_HOLE) == 0, "content is called a hole");
        }
        session.finish();
    }

    /** Whatever is called zero must read as zeroes. */
    @Check("`base:allocation` metadata context")
    static void whatIsCalledZeroReadsAsZeroes(Probe probe) {
        Session session = mapped(probe).needs(SEND_WRITE_ZEROES, "NBD_FLAG_SEND_WRITE_ZEROES");
        session.write(5 * MIB, Probe.pattern(MIB, 62)).ok();
        session.zero(5 * MIB + MIB / 2, MIB / 4).ok();
        session.zero(5 * MIB + 2 * SECTOR, SECTOR).ok();
        long at = 5 * MIB;
        while (at < 6 * MIB) {
            for (Extent extent : session.status(0, at, 6 * MIB - at).status()) {
                long length = Math.min(extent.lengthBytes(), 6 * MIB - at);
                if ((extent.status() & STATE_ZERO) != 0 && length > 0) {
                    session.read(at, length).readsZeroes();
                }
                at += length;
            }
        }
        session.finish();
    }

    @Check("NBD_CMD_FLAG_NO_HOLE")
    static void zeroesWithoutAHoleAreAllocated(Probe probe) {
        Session session = mapped(probe).needs(SEND_WRITE_ZEROES, "NBD_FLAG_SEND_WRITE_ZEROES");
        session.call(CMD_WRITE_ZEROES, FLAG_NO_HOLE, 7 * MIB, 16 * BLOCK).ok();
        for (Extent extent : session.status(0, 7 * MIB, 16 * BLOCK).status()) {
            Violation.unless((extent.status() & STATE_HOLE) == 0, "NO_HOLE leaves a hole");
        }
        session.finish();
    }

    @Check("NBD_REPLY_TYPE_BLOCK_STATUS")
    static void describesAlternatingContentAndHoles(Probe probe) {
        Session session = mapped(probe).needs(SEND_WRITE_ZEROES, "NBD_FLAG_SEND_WRITE_ZEROES");
        session.write(10 * MIB, Probe.pattern(MIB, 64)).ok();
        for (int at = 0; at < MIB; at += 2 * BLOCK) {
            session.zero(10 * MIB + at, BLOCK).ok();
        }
        long at = 10 * MIB;
        while (at < 11 * MIB) {
            for (Extent extent : session.status(0, at, 11 * MIB - at).status()) {
                boolean reachesContent = (at % (2 * BLOCK)) + Math.min(extent.lengthBytes(), 11 * MIB - at) > BLOCK;
                boolean zero = (extent.status() & STATE_ZERO) != 0;
                Violation.unless(!zero || !reachesContent, "content behind byte %d is called zero", at);
                at += extent.lengthBytes();
            }
        }
        session.finish();
    }

    @Check("NBD_CMD_BLOCK_STATUS")
    static void refusesTwoGibibytes(Probe probe) {
        NotOffered.unless(size(probe) < 1L << 31, "the export is larger");
        gives(probe, 0, 0, 1L << 31, EINVAL);
    }

    @Check("NBD_CMD_FLAG_REQ_ONE")
    static void reqOneGivesOneExtent(Probe probe) {
        Session session = mapped(probe).needs(SEND_WRITE_ZEROES, "NBD_FLAG_SEND_WRITE_ZEROES");
        session.write(8 * MIB, Probe.pattern(MIB, 63)).ok();
        session.zero(8 * MIB + MIB / 4, MIB / 4).ok();
        session.status(FLAG_REQ_ONE, 8 * MIB, MIB).ok();
        session.finish();
    }

    @Check("NBD_CMD_FLAG_REQ_ONE")
    static void reqOneIsNotLongerThanAsked(Probe probe) {
        Session session = mapped(probe);
        session.status(FLAG_REQ_ONE, 0, BLOCK).ok();
        session.status(FLAG_REQ_ONE, 8 * MIB, SECTOR).ok();
        session.finish();
    }

    @Check("NBD_CMD_FLAG_REQ_ONE")
    static void reqOneStepsAddUp(Probe probe) {
        Session session = mapped(probe);
        long at = 8 * MIB;
        while (at < 9 * MIB) {
            at += session.status(FLAG_REQ_ONE, at, 9 * MIB - at).status().get(0).lengthBytes();
        }
        Violation.unless(at == 9 * MIB, "the extents end at byte %d", at);
        session.finish();
    }

    @Check("NBD_CMD_BLOCK_STATUS")
    static void describesTheSameAgain(Probe probe) {
        Session session = mapped(probe);
        List<Extent> first = session.status(0, MIB, MIB).status();
        Violation.unless(session.status(0, MIB, MIB).status().equals(first), "the second answer differs");
        session.finish();
    }

    @Check("NBD_CMD_BLOCK_STATUS")
    static void refusesASectorOverTheEnd(Probe probe) {
        gives(probe, 0, size(probe) - SECTOR, 2 * SECTOR, EINVAL);
    }

    @Check("NBD_CMD_BLOCK_STATUS")
    static void refusesToBeginAtTheEnd(Probe probe) {
        gives(probe, 0, size(probe), SECTOR, EINVAL);
    }

    @Check("NBD_CMD_BLOCK_STATUS")
    static void refusesAnEndThatWrapsAround(Probe probe) {
        gives(probe, 0, -SECTOR, 2 * SECTOR, EINVAL);
    }

    @Check("NBD_CMD_BLOCK_STATUS")
    static void answersAnEmptyQuery(Probe probe) {
        Session session = mapped(probe);
        session.status(0, MIB, 0);
        session.alive().finish();
    }

    @Check("NBD_CMD_BLOCK_STATUS")
    static void answersTheLongestQuery(Probe probe) {
        long length = Math.min(0xffffffffL & -SECTOR, size(probe));
        gives(probe, 0, 0, length, 0);
    }

    @Check("Error values")
    static void refusesAnUnknownFlag(Probe probe) {
        gives(probe, FLAG_UNKNOWN, 0, BLOCK, EINVAL);
    }

    @Check("Error values")
    static void refusesTheFlagOfRead(Probe probe) {
        gives(probe, FLAG_DF, 0, BLOCK, EINVAL);
    }

    @Check("NBD_CMD_FLAG_FUA")
    static void takesFua(Probe probe) {
        mapped(probe).needs(SEND_FUA, "NBD_FLAG_SEND_FUA");
        gives(probe, FLAG_FUA, 0, BLOCK, 0);
    }

    @Check("Block size constraints")
    static void holdsTheMinimum(Probe probe) {
        int error = mapped(probe).minimum() == 1 ? 0 : EINVAL;
        gives(probe, 0, 1, SECTOR, error);
    }

    @Check("Metadata querying")
    static void readsAndQueriesGoTogether(Probe probe) {
        Session session = mapped(probe);
        long[] cookies = new long[16];
        for (int i = 0; i < 16; i++) {
            cookies[i] = i % 2 == 0
                    ? session.send(CMD_READ, 0, (long) i * BLOCK, BLOCK)
                    : session.send(CMD_BLOCK_STATUS, 0, (long) i * BLOCK, BLOCK);
        }
        for (long cookie : cookies) {
            session.await(cookie).ok();
        }
        session.finish();
    }
}
