package io.parablock.blockdev.nbd.conformance;

import static io.parablock.blockdev.nbd.conformance.Proto.*;

import java.nio.charset.StandardCharsets;
import java.time.Duration;

/** The first bytes, the client's flags and NBD_OPT_EXPORT_NAME. */
final class GreetingChecks {
    private static final int SOON_MS = 50;

    private GreetingChecks() {}

    @Check("Newstyle negotiation")
    static void greetsWithBothMagics(Probe probe) {
        probe.greeted();
    }

    @Check("Handshake flags")
    static void offersFixedNewstyle(Probe probe) {
        Violation.unless((probe.greeted().serverFlags & FIXED_NEWSTYLE) != 0, "NBD_FLAG_FIXED_NEWSTYLE is not set");
    }

    @Check("Handshake flags")
    static void setsNoUnknownHandshakeFlag(Probe probe) {
        int flags = probe.greeted().serverFlags;
        Violation.unless((flags & ~(FIXED_NEWSTYLE | NO_ZEROES)) == 0, "handshake flags 0x%x", flags);
    }

    @Check("Newstyle negotiation")
    static void waitsForTheClientFlags(Probe probe) {
        Violation.unless(probe.greeted().wire.silentFor(SOON_MS), "the server goes on before the client's flags");
    }

    @Check("Newstyle negotiation")
    static void waitsForAnOption(Probe probe) {
        Violation.unless(probe.haggle().wire.silentFor(SOON_MS), "the server goes on without an option");
    }

    /** The option behind the flags tells a server that closes from one that waits for its handshake deadline. */
    private static void closesOnFlags(Probe probe, int flags) {
        Haggle haggle = probe.greeted();
        haggle.wire.send(Message.of().u32(flags).raw(Haggle.header(OPT_LIST, 0).array()));
        haggle.wire.requireClosed();
    }

    @Check("Client flags")
    static void closesOnTheFirstUnknownClientFlag(Probe probe) {
        closesOnFlags(probe, FIXED_NEWSTYLE | NO_ZEROES | 1 << 2);
    }

    @Check("Client flags")
    static void closesOnTheHighestClientFlag(Probe probe) {
        closesOnFlags(probe, FIXED_NEWSTYLE | 1 << 31);
    }

    @Check("Client flags")
    static void closesOnAllClientFlags(Probe probe) {
        closesOnFlags(probe, -1);
    }

    @Check("Client flags")
    static void closesOnAnHttpRequest(Probe probe) {
        Wire wire = probe.greeted().wire;
        wire.send("GET / HTTP/1.1\r\nHost: nbd\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        wire.requireClosed();
    }

    @Check("Client flags")
    static void servesAClientThatIsNotFixed(Probe probe) {
        probe.greeted().clientFlags(0).exportName(probe.export(), true).alive().finish();
    }

    @Check("Client flags")
    static void takesNoZeroesAlone(Probe probe) {
        probe.greeted()
                .clientFlags(NO_ZEROES)
                .exportName(probe.export(), false)
                .alive()
                .finish();
    }

    @Check("Client flags")
    static void takesClientFlagsByteByByte(Probe probe) {
        Haggle haggle = probe.greeted();
        haggle.wire.sendSlowly(Message.of().u32(FIXED_NEWSTYLE | NO_ZEROES).array(), 1);
        haggle.goesOn();
    }

    @Check("NBD_OPT_EXPORT_NAME")
    static void sendsTheReservedZeroes(Probe probe) {
        probe.greeted()
                .clientFlags(FIXED_NEWSTYLE)
                .exportName(probe.export(), true)
                .alive()
                .finish();
    }

    @Check("NBD_OPT_EXPORT_NAME")
    static void leavesTheReservedZeroesOut(Probe probe) {
        probe.haggle().exportName(probe.export(), false).alive().finish();
    }

    @Check("NBD_OPT_EXPORT_NAME")
    static void givesSizeAndFlags(Probe probe) {
        Session session = probe.haggle().exportName(probe.export(), false);
        long size = session.facts.sizeBytes();
        Violation.unless(size == probe.target().sizeBytes(), "the size is %d", size);
        Violation.unless(session.has(HAS_FLAGS), "NBD_FLAG_HAS_FLAGS is not set");
        session.finish();
    }

    @Check("NBD_OPT_EXPORT_NAME")
    static void closesOnAnUnknownExport(Probe probe) {
        Haggle haggle = probe.haggle();
        haggle.option(OPT_EXPORT_NAME, Message.of().text(probe.unknownExport()).array());
        haggle.wire.requireClosed();
    }

    @Check("NBD_OPT_EXPORT_NAME")
    static void closesOnANameThatOnlyBeginsWell(Probe probe) {
        Haggle haggle = probe.haggle();
        haggle.option(OPT_EXPORT_NAME, Message.of().text(probe.export() + "\0").array());
        haggle.wire.requireClosed();
    }

    @Check("Conventions")
    static void closesOnAnExportNameOver4096Bytes(Probe probe) {
        Haggle haggle = probe.haggle();
        haggle.option(
                OPT_EXPORT_NAME,
                Message.of().text("x".repeat(STRING_BYTES_MAX + 1)).array());
        haggle.wire.requireClosed();
    }

    @Check("NBD_OPT_EXPORT_NAME")
    static void takesAnExportNameAfterOtherOptions(Probe probe) {
        Haggle haggle = probe.haggle().goesOn();
        haggle.accepted(OPT_INFO, Message.go(probe.export()));
        haggle.exportName(probe.export(), false).alive().finish();
    }

    @Check("NBD_OPT_STRUCTURED_REPLY")
    static void keepsStructuredRepliesOverExportName(Probe probe) {
        probe.haggle()
                .headers(Mode.STRUCTURED)
                .exportName(probe.export(), false)
                .alive()
                .finish();
    }

    @Check("Newstyle negotiation")
    static void takesFlagsAndAnOptionInOneSegment(Probe probe) {
        Haggle haggle = probe.greeted();
        byte[] info = Message.go(probe.export());
        haggle.wire.send(Message.of()
                .u32(FIXED_NEWSTYLE | NO_ZEROES)
                .raw(Haggle.header(OPT_INFO, info.length).raw(info).array()));
        ExportFacts.of(haggle.replies(OPT_INFO));
        haggle.goesOn();
    }

    @Check("NBD_OPT_EXPORT_NAME")
    static void takesARequestInTheSegmentOfExportName(Probe probe) {
        Haggle haggle = probe.greeted();
        byte[] name = Message.of().text(probe.export()).array();
        haggle.wire.send(Message.of()
                .u32(FIXED_NEWSTYLE | NO_ZEROES)
                .raw(Haggle.header(OPT_EXPORT_NAME, name.length).raw(name).array())
                .raw(Message.request(REQUEST_MAGIC, 0, CMD_READ, 5, 0).u32(512).array()));
        haggle.wire.u64("the size of the export");
        haggle.wire.u16("transmission flags");
        Violation.unless(haggle.wire.u32("a reply") == SIMPLE_REPLY_MAGIC, "no reply to the request behind the option");
    }

    @Check("Newstyle negotiation")
    static void closesOnABadOptionMagic(Probe probe) {
        Haggle haggle = probe.haggle();
        haggle.wire.send(Message.of().u64(IHAVEOPT + 1).u32(OPT_LIST).u32(0));
        haggle.wire.requireClosed();
    }

    @Check("Newstyle negotiation")
    static void closesOnTheReplyMagicAsOptionMagic(Probe probe) {
        Haggle haggle = probe.haggle();
        haggle.wire.send(Message.of().u64(OPTION_REPLY_MAGIC).u32(OPT_LIST).u32(0));
        haggle.wire.requireClosed();
    }

    @Check("Newstyle negotiation")
    static void closesOnABadMagicAfterAGoodOption(Probe probe) {
        Haggle haggle = probe.haggle().goesOn();
        haggle.wire.send(Message.of().u64(0).u32(OPT_LIST).u32(0));
        haggle.wire.requireClosed();
    }

    @Check("Fixed newstyle negotiation")
    static void takesOptionsByteByByte(Probe probe) {
        Haggle haggle = probe.haggle();
        byte[] go = Message.go(probe.export(), INFO_EXPORT);
        haggle.wire.sendSlowly(Haggle.header(OPT_INFO, go.length).raw(go).array(), 1);
        ExportFacts facts = ExportFacts.of(haggle.replies(OPT_INFO));
        Violation.unless(facts.sizeBytes() == probe.target().sizeBytes(), "the size is %d", facts.sizeBytes());
        haggle.goesOn();
    }

    @Check("Termination of the session during option haggling")
    static void survivesAClientThatLeavesAtOnce(Probe probe) {
        probe.wire().close();
        probe.greeted().wire.close();
        probe.attach().alive().finish();
    }

    @Check("Termination of the session during option haggling")
    static void closesWhenTheClientLeavesInsideAnOption(Probe probe) {
        Haggle haggle = probe.haggle();
        haggle.wire.send(Haggle.header(OPT_GO, 100).raw(new byte[50]));
        haggle.wire.finishSending();
        haggle.wire.requireClosed();
    }

    @Check("Termination of the session during option haggling")
    static void closesWhenTheClientLeavesBetweenOptions(Probe probe) {
        Haggle haggle = probe.haggle().goesOn();
        haggle.wire.finishSending();
        haggle.wire.requireClosed();
    }

    private static Duration deadline(Probe probe) {
        Duration deadline = probe.target().handshakeDeadline();
        if (deadline == null) {
            throw new NotOffered("no handshake deadline was named");
        }
        return deadline;
    }

    /** The deadline and as much again. */
    private static void closesInTime(Probe probe, Haggle haggle, boolean dripping) {
        Duration deadline = deadline(probe);
        long beganNs = System.nanoTime();
        haggle.wire.deadline(
                beganNs + 2 * deadline.toNanos() + Duration.ofSeconds(1).toNanos());
        if (dripping) {
            drip(haggle, beganNs + 2 * deadline.toNanos(), deadline.toMillis() / 20 + 1);
        }
        haggle.wire.drain();
        long tookMs = (System.nanoTime() - beganNs) / 1_000_000;
        Violation.unless(tookMs >= deadline.toMillis() / 2, "closed after %d ms already", tookMs);
    }

    private static void drip(Haggle haggle, long untilNs, long everyMs) {
        try {
            while (System.nanoTime() < untilNs) {
                haggle.wire.send(new byte[1]);
                Wire.pause(everyMs);
            }
        } catch (Violation.Closed closed) {
            return;
        }
        throw new Violation("a client that drips bytes is never closed");
    }

    @Check("Termination of the session during option haggling")
    static void closesASilentClientAtTheDeadline(Probe probe) {
        closesInTime(probe, probe.greeted(), false);
    }

    @Check("Termination of the session during option haggling")
    static void closesADrippingClientAtTheDeadline(Probe probe) {
        Haggle haggle = probe.haggle();
        haggle.wire.send(Haggle.header(OPT_GO, 4000));
        closesInTime(probe, haggle, true);
    }

    @Check("Termination of the session during option haggling")
    static void sparesAnAttachedClientFromTheDeadline(Probe probe) {
        Session session = probe.attach();
        Wire.pause(deadline(probe).toMillis() * 3 / 2);
        session.alive().finish();
    }
}
