package io.parablock.blockdev.nbd.conformance;

import static io.parablock.blockdev.nbd.conformance.Proto.*;

/** Exports with NBD_FLAG_READ_ONLY. */
final class ReadOnlyChecks {
    private static final int BLOCK = 4096;

    private ReadOnlyChecks() {}

    private static Session attach(Probe probe, Mode mode) {
        return probe.haggle().headers(mode).go(probe.readOnlyExport());
    }

    private static void refuses(Probe probe, Mode mode, int type, int flags, byte... payload) {
        Session session = attach(probe, mode);
        byte[] before = session.read(0, BLOCK).ok().content;
        session.call(type, flags, 0, BLOCK, payload).fails(EPERM);
        session.read(0, BLOCK).reads(before);
        session.finish();
    }

    @Check("NBD_FLAG_READ_ONLY")
    static void setsTheFlag(Probe probe) {
        Session session = attach(probe, Mode.SIMPLE);
        Violation.unless(session.has(READ_ONLY), "NBD_FLAG_READ_ONLY is not set");
        session.finish();
    }

    @Check("NBD_FLAG_READ_ONLY")
    static void setsTheFlagForExportName(Probe probe) {
        Session session = probe.haggle().exportName(probe.readOnlyExport(), false);
        Violation.unless(session.has(READ_ONLY), "NBD_FLAG_READ_ONLY is not set");
        session.finish();
    }

    @Check("NBD_FLAG_READ_ONLY")
    static void doesNotSetTheFlagOnTheWritableExport(Probe probe) {
        Session session = probe.attach();
        Violation.unless(!session.has(READ_ONLY), "NBD_FLAG_READ_ONLY is set");
        session.finish();
    }

    @Check("NBD_CMD_READ")
    static void reads(Probe probe) {
        attach(probe, Mode.SIMPLE).alive().finish();
    }

    @Check("NBD_CMD_READ")
    static void readsInChunks(Probe probe) {
        attach(probe, Mode.STRUCTURED).alive().finish();
    }

    @Check("Error values")
    static void refusesAWrite(Probe probe) {
        refuses(probe, Mode.SIMPLE, CMD_WRITE, 0, Probe.pattern(BLOCK, 95));
    }

    @Check("Error values")
    static void refusesAWriteInChunks(Probe probe) {
        refuses(probe, Mode.STRUCTURED, CMD_WRITE, 0, Probe.pattern(BLOCK, 96));
    }

    @Check("Error values")
    static void refusesAWriteInExtendedHeaders(Probe probe) {
        refuses(probe, Mode.EXTENDED, CMD_WRITE, 0, Probe.pattern(BLOCK, 97));
    }

    @Check("Error values")
    static void refusesATrim(Probe probe) {
        refuses(probe, Mode.SIMPLE, CMD_TRIM, 0);
    }

    @Check("NBD_CMD_WRITE_ZEROES")
    static void refusesWriteZeroes(Probe probe) {
        refuses(probe, Mode.SIMPLE, CMD_WRITE_ZEROES, 0);
    }

    @Check("NBD_CMD_WRITE_ZEROES")
    static void refusesWriteZeroesWithoutAHole(Probe probe) {
        refuses(probe, Mode.SIMPLE, CMD_WRITE_ZEROES, FLAG_NO_HOLE);
    }

    @Check("NBD_CMD_FLUSH")
    static void flushes(Probe probe) {
        Session session = attach(probe, Mode.SIMPLE).needs(SEND_FLUSH, "NBD_FLAG_SEND_FLUSH");
        session.flush().ok();
        session.finish();
    }

    @Check("NBD_FLAG_READ_ONLY")
    static void refusesManyPipelinedWrites(Probe probe) {
        Session session = attach(probe, Mode.SIMPLE);
        long[] cookies = new long[32];
        for (int i = 0; i < cookies.length; i++) {
            cookies[i] = session.send(CMD_WRITE, 0, (long) i * BLOCK, BLOCK, new byte[BLOCK]);
        }
        for (long cookie : cookies) {
            session.await(cookie).fails(EPERM);
        }
        session.alive().finish();
    }
}
