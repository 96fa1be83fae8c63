package io.parablock.blockdev.nbd.conformance;

import static io.parablock.blockdev.nbd.conformance.Proto.*;

import java.util.ArrayList;
import java.util.List;

/** Disconnects, several connections at once, and the unix socket. */
final class ConnectionChecks {
    private static final int MIB = 1 << 20;
    private static final int BLOCK = 4096;
    private static final int CONNECTIONS = 8;

    private ConnectionChecks() {}

    @Check("NBD_CMD_DISC")
    static void closesAtDisc(Probe probe) {
        probe.attach().finish();
    }

    @Check("NBD_CMD_DISC")
    static void closesAtDiscInChunks(Probe probe) {
        probe.structured().alive().finish();
    }

    @Check("NBD_CMD_DISC")
    static void closesAtDiscWithALength(Probe probe) {
        Session session = probe.attach().alive();
        session.wire.send(session.header(CMD_DISC, 0, 1, MIB, BLOCK));
        session.wire.requireClosed();
    }

    @Check("NBD_CMD_DISC")
    static void finishesReadsBeforeDisc(Probe probe) {
        Session session = probe.attach();
        for (int i = 0; i < 64; i++) {
            session.send(CMD_READ, 0, (long) i * BLOCK, BLOCK);
        }
        session.finish();
    }

    @Check("NBD_CMD_DISC")
    static void finishesWritesBeforeDisc(Probe probe) {
        Session session = probe.attach();
        byte[] content = Probe.pattern(BLOCK, 80);
        Message all = Message.of();
        for (int i = 0; i < 64; i++) {
            long offset = 10 * MIB + (long) i * BLOCK;
            long cookie = session.expect(session.cookie(), CMD_WRITE, 0, offset, BLOCK);
            all.raw(session.message(cookie, CMD_WRITE, 0, offset, BLOCK, content)
                    .array());
        }
        session.wire.send(
                all.raw(session.header(CMD_DISC, 0, session.cookie(), 0, 0).array()));
        while (!session.inFlight.isEmpty()) {
            session.await(session.next()).ok();
        }
        session.wire.requireClosed();
        Session second = probe.attach();
        second.read(10 * MIB + 63 * BLOCK, BLOCK).reads(content);
        second.finish();
    }

    @Check("Terminating the transmission phase")
    static void closesWhenTheClientIsDoneSending(Probe probe) {
        Session session = probe.attach().alive();
        session.wire.finishSending();
        session.wire.requireClosed();
    }

    @Check("Terminating the transmission phase")
    static void closesWhenTheClientLeavesInsideAHeader(Probe probe) {
        Session session = probe.attach().alive();
        session.wire.send(new byte[] {0x25, 0x60});
        session.wire.finishSending();
        session.wire.requireClosed();
    }

    @Check("Terminating the transmission phase")
    static void survivesAClientThatLeavesWithRequestsInFlight(Probe probe) {
        Session session = probe.attach();
        for (int i = 0; i < 32; i++) {
            session.send(CMD_READ, 0, 0, MIB);
        }
        session.wire.close();
        probe.attach().alive().finish();
    }

    private static Session[] two(Probe probe) {
        Session first = probe.attach().needs(CAN_MULTI_CONN, "NBD_FLAG_CAN_MULTI_CONN");
        return new Session[] {first, probe.attach()};
    }

    @Check("NBD_FLAG_CAN_MULTI_CONN")
    static void oneConnectionSeesTheFlushedWritesOfAnother(Probe probe) {
        Session[] pair = two(probe);
        byte[] content = Probe.pattern(BLOCK, 81);
        pair[0].write(11 * MIB, content).ok();
        pair[0].flush().ok();
        pair[1].read(11 * MIB, BLOCK).reads(content);
        pair[0].finish();
        pair[1].finish();
    }

    @Check("NBD_FLAG_CAN_MULTI_CONN")
    static void oneConnectionSeesTheFuaWritesOfAnother(Probe probe) {
        Session[] pair = two(probe);
        byte[] content = Probe.pattern(BLOCK, 82);
        pair[0].call(CMD_WRITE, FLAG_FUA, 11 * MIB, BLOCK, content).ok();
        pair[1].read(11 * MIB, BLOCK).reads(content);
        pair[1].call(CMD_WRITE_ZEROES, FLAG_FUA, 11 * MIB, BLOCK).ok();
        pair[0].read(11 * MIB, BLOCK).readsZeroes();
        pair[0].finish();
        pair[1].finish();
    }

    @Check("NBD_FLAG_CAN_MULTI_CONN")
    static void aFlushCoversTheWritesOfOthers(Probe probe) {
        Session[] pair = two(probe);
        byte[] content = Probe.pattern(BLOCK, 83);
        pair[0].write(11 * MIB, content).ok();
        pair[1].flush().ok();
        Session third = probe.attach();
        third.read(11 * MIB, BLOCK).reads(content);
        third.finish();
    }

    @Check("NBD_FLAG_CAN_MULTI_CONN")
    static void connectionsInDifferentModesShareTheExport(Probe probe) {
        Session simple = two(probe)[0];
        Session structured = probe.structured();
        byte[] content = Probe.pattern(BLOCK, 84);
        structured.write(11 * MIB, content).ok();
        structured.flush().ok();
        simple.read(11 * MIB, BLOCK).reads(content);
        simple.finish();
        structured.finish();
    }

    @Check("Transmission")
    static void equalCookiesOnTwoConnectionsDoNotMeet(Probe probe) {
        Session first = probe.attach().needs(CAN_MULTI_CONN, "NBD_FLAG_CAN_MULTI_CONN");
        Session second = probe.attach();
        byte[] content = Probe.pattern(2 * BLOCK, 85);
        first.write(11 * MIB, content).ok();
        first.flush().ok();
        for (Session session : List.of(first, second)) {
            session.expect(7, CMD_READ, 0, 11 * MIB, BLOCK);
            session.wire.send(session.message(7, CMD_READ, 0, 11 * MIB, BLOCK, new byte[0]));
        }
        first.await(7).reads(java.util.Arrays.copyOf(content, BLOCK));
        second.await(7).reads(java.util.Arrays.copyOf(content, BLOCK));
        first.finish();
        second.finish();
    }

    @Check("Transmission")
    static void servesManyConnections(Probe probe) {
        List<Session> sessions = new ArrayList<>();
        sessions.add(probe.attach().needs(CAN_MULTI_CONN, "NBD_FLAG_CAN_MULTI_CONN"));
        while (sessions.size() < CONNECTIONS) {
            sessions.add(probe.attach());
        }
        sessions.forEach(Session::alive);
        sessions.forEach(Session::finish);
    }

    @Check("Terminating the transmission phase")
    static void aBrokenConnectionHurtsNoOther(Probe probe) {
        Session good = probe.attach().needs(CAN_MULTI_CONN, "NBD_FLAG_CAN_MULTI_CONN");
        Session bad = probe.attach();
        bad.wire.send(new byte[28]);
        bad.wire.requireClosed();
        good.alive().finish();
    }

    @Check("Transmission")
    static void aClientThatDoesNotReadHurtsNoOther(Probe probe) {
        Session good = probe.attach().needs(CAN_MULTI_CONN, "NBD_FLAG_CAN_MULTI_CONN");
        Session slow = probe.attach();
        for (int i = 0; i < 16; i++) {
            slow.send(CMD_READ, 0, 0, MIB);
        }
        Wire.pause(20);
        good.alive().finish();
    }

    @Check("Transmission")
    static void answersAClientThatReadsLate(Probe probe) {
        Session session = probe.attach();
        long[] cookies = new long[16];
        for (int i = 0; i < 16; i++) {
            cookies[i] = session.send(CMD_READ, 0, (long) i * BLOCK, MIB);
        }
        Wire.pause(50);
        for (long cookie : cookies) {
            session.await(cookie).ok();
        }
        session.finish();
    }

    @Check("Protocol phases")
    static void servesTheUnixSocket(Probe probe) {
        Session session = probe.overUnix().attach();
        byte[] content = Probe.pattern(MIB, 86);
        session.write(12 * MIB, content).ok();
        session.read(12 * MIB, MIB).reads(content);
        session.finish();
    }

    @Check("Protocol phases")
    static void servesChunksOverTheUnixSocket(Probe probe) {
        probe.overUnix().structured().alive().finish();
    }

    @Check("Protocol phases")
    static void listsOverTheUnixSocket(Probe probe) {
        List<String> names = OptionChecks.names(probe.overUnix().haggle());
        Violation.unless(names.contains(probe.export()), "the list is %s", names);
    }

    @Check("Request message")
    static void closesOnABadMagicOverTheUnixSocket(Probe probe) {
        Session session = probe.overUnix().attach();
        session.wire.send(new byte[28]);
        session.wire.requireClosed();
    }
}
