package io.parablock.blockdev.nbd.conformance;

import static io.parablock.blockdev.nbd.conformance.Proto.*;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;

/** Options in general, ABORT, LIST, STARTTLS and STRUCTURED_REPLY. */
final class OptionChecks {
    private static final int UNKNOWN = 0x6e6f;
    private static final int MIB = 1 << 20;
    private static final byte[] NOTHING = {};

    private OptionChecks() {}

    @Check("Fixed newstyle negotiation")
    static void refusesAnUnknownOption(Probe probe) {
        probe.haggle().refused(UNKNOWN, NOTHING, REP_ERR_UNSUP).goesOn();
    }

    @Check("Newstyle negotiation")
    static void skipsTheDataOfAnUnknownOption(Probe probe) {
        probe.haggle().refused(UNKNOWN, new byte[1000], REP_ERR_UNSUP).goesOn();
    }

    @Check("Newstyle negotiation")
    static void skipsDataThatLooksLikeAnOption(Probe probe) {
        byte[] list = Haggle.header(OPT_LIST, 0).array();
        probe.haggle().refused(UNKNOWN, list, REP_ERR_UNSUP).goesOn();
    }

    @Check("Option types")
    static void refusesOptionZero(Probe probe) {
        probe.haggle().refused(0, NOTHING, REP_ERR_UNSUP).goesOn();
    }

    @Check("Option types")
    static void refusesTheHighestOption(Probe probe) {
        probe.haggle().refused(-1, new byte[3], REP_ERR_UNSUP).goesOn();
    }

    @Check("NBD_OPT_PEEK_EXPORT")
    static void refusesTheWithdrawnPeekExport(Probe probe) {
        probe.haggle().refused(OPT_PEEK_EXPORT, NOTHING, REP_ERR_UNSUP).goesOn();
    }

    @Check("Fixed newstyle negotiation")
    static void refusesManyUnknownOptions(Probe probe) {
        Haggle haggle = probe.haggle();
        for (int i = 0; i < 20; i++) {
            haggle.refused(UNKNOWN + i, new byte[i], REP_ERR_UNSUP);
        }
        haggle.goesOn();
    }

    @Check("Fixed newstyle negotiation")
    static void keepsItsStateOverAnUnknownOption(Probe probe) {
        Haggle haggle = probe.haggle().headers(Mode.STRUCTURED);
        haggle.refused(UNKNOWN, NOTHING, REP_ERR_UNSUP)
                .go(probe.export())
                .alive()
                .finish();
    }

    /** An error and more haggling, or the close that the document allows against denial of service. */
    private static void refusesOrCloses(Probe probe, int option, int bytes) {
        Haggle haggle = probe.haggle();
        try {
            haggle.refused(option, new byte[bytes]).goesOn();
        } catch (Violation.Closed denialOfService) {
            haggle.wire.requirePrompt();
            haggle.wire.close();
        }
        probe.attach().alive().finish();
    }

    @Check("Termination of the session during option haggling")
    static void refusesAnUnknownOptionOfOneMebibyte(Probe probe) {
        refusesOrCloses(probe, UNKNOWN, MIB);
    }

    @Check("NBD_REP_ERR_TOO_BIG")
    static void refusesAListOfOneMebibyte(Probe probe) {
        refusesOrCloses(probe, OPT_LIST, MIB);
    }

    @Check("NBD_REP_ERR_TOO_BIG")
    static void refusesAGoOfOneMebibyte(Probe probe) {
        refusesOrCloses(probe, OPT_GO, MIB);
    }

    @Check("Termination of the session during option haggling")
    static void survivesAnAnnouncementOfFourGibibytes(Probe probe) {
        Haggle haggle = probe.haggle();
        haggle.wire.send(Haggle.header(OPT_GO, 0xffffffffL).raw(new byte[1000]));
        probe.attach().alive().finish();
        haggle.wire.close();
    }

    @Check("Newstyle negotiation")
    static void takesDataLaterThanItsHeader(Probe probe) {
        Haggle haggle = probe.haggle();
        byte[] data = Message.go(probe.export());
        haggle.wire.send(Haggle.header(OPT_INFO, data.length));
        Wire.pause(20);
        haggle.wire.send(data);
        ExportFacts.of(haggle.replies(OPT_INFO));
        haggle.goesOn();
    }

    @Check("NBD_OPT_ABORT")
    static void acknowledgesAbort(Probe probe) {
        Haggle haggle = probe.haggle();
        haggle.accepted(OPT_ABORT, NOTHING);
        haggle.wire.finishSending();
        haggle.wire.requireClosed();
    }

    @Check("NBD_OPT_ABORT")
    static void ignoresTheDataOfAbort(Probe probe) {
        Haggle haggle = probe.haggle();
        haggle.accepted(OPT_ABORT, new byte[10]);
        haggle.wire.finishSending();
        haggle.wire.requireClosed();
    }

    @Check("NBD_OPT_ABORT")
    static void acknowledgesAbortAfterOtherOptions(Probe probe) {
        Haggle haggle = probe.haggle().goesOn().headers(Mode.STRUCTURED);
        haggle.accepted(OPT_ABORT, NOTHING);
    }

    @Check("NBD_OPT_ABORT")
    static void survivesAnAbortThatDoesNotWait(Probe probe) {
        Haggle haggle = probe.haggle().option(OPT_ABORT, NOTHING);
        haggle.wire.close();
        probe.attach().alive().finish();
    }

    /** The names that LIST gives. */
    static List<String> names(Haggle haggle) {
        List<String> names = new ArrayList<>();
        List<OptionReply> replies = haggle.accepted(OPT_LIST, NOTHING);
        for (OptionReply reply : replies.subList(0, replies.size() - 1)) {
            names.add(entry(reply)[0]);
        }
        return names;
    }

    /** Name and description of a SERVER reply. */
    static String[] entry(OptionReply reply) {
        Violation.unless(reply.type() == REP_SERVER, "LIST gives %s", reply.named());
        ByteBuffer view = reply.view();
        Violation.unless(view.remaining() >= 4, "NBD_REP_SERVER of %d bytes", view.remaining());
        int length = view.getInt();
        Violation.unless(
                length >= 0 && length <= view.remaining(),
                "a name of %d bytes in an entry with room for %d",
                length,
                view.remaining());
        byte[] content = reply.content();
        return new String[] {
            Haggle.utf8(Arrays.copyOfRange(content, 4, 4 + length)),
            Haggle.utf8(Arrays.copyOfRange(content, 4 + length, content.length))
        };
    }

    @Check("NBD_OPT_LIST")
    static void listsTheExport(Probe probe) {
        List<String> names = names(probe.haggle());
        Violation.unless(names.contains(probe.export()), "the list is %s", names);
    }

    @Check("NBD_OPT_LIST")
    static void listsNothingTwice(Probe probe) {
        List<String> names = names(probe.haggle());
        Violation.unless(names.size() == new HashSet<>(names).size(), "the list is %s", names);
    }

    @Check("NBD_OPT_LIST")
    static void listsTheSameAgain(Probe probe) {
        Haggle haggle = probe.haggle();
        List<String> names = names(haggle);
        Violation.unless(names.equals(names(haggle)), "the second list differs from %s", names);
    }

    @Check("NBD_OPT_LIST")
    static void refusesListWithData(Probe probe) {
        probe.haggle().refused(OPT_LIST, new byte[] {1, 2, 3}, REP_ERR_INVALID).goesOn();
    }

    @Check("NBD_OPT_LIST")
    static void informsAboutAllThatIsListed(Probe probe) {
        Haggle haggle = probe.haggle();
        for (String name : names(haggle)) {
            ExportFacts.of(haggle.accepted(OPT_INFO, Message.go(name)));
        }
    }

    @Check("NOTLS mode")
    static void refusesStartTls(Probe probe) {
        Haggle haggle = probe.haggle();
        OptionReply reply = Haggle.last(haggle.ask(OPT_STARTTLS, NOTHING));
        NotOffered.unless(reply.type() != REP_ACK, "the server offers TLS; the suite speaks none");
        Violation.unless(reply.is(REP_ERR_UNSUP, REP_ERR_POLICY, REP_ERR | 4), "STARTTLS gives %s", reply.named());
        haggle.goesOn();
    }

    @Check("NBD_OPT_STARTTLS")
    static void refusesStartTlsWithData(Probe probe) {
        OptionReply reply = Haggle.last(probe.haggle().ask(OPT_STARTTLS, new byte[4]));
        Violation.unless(
                reply.is(REP_ERR_INVALID, REP_ERR_UNSUP, REP_ERR_POLICY, REP_ERR | 4),
                "STARTTLS with data gives %s",
                reply.named());
    }

    @Check("NBD_OPT_STARTTLS")
    static void keepsItsStateOverARefusedStartTls(Probe probe) {
        Haggle haggle = probe.haggle().headers(Mode.STRUCTURED);
        OptionReply reply = Haggle.last(haggle.ask(OPT_STARTTLS, NOTHING));
        NotOffered.unless(reply.type() != REP_ACK, "the server offers TLS; the suite speaks none");
        haggle.go(probe.export()).alive().finish();
    }

    @Check("NBD_OPT_STRUCTURED_REPLY")
    static void refusesStructuredReplyWithData(Probe probe) {
        probe.haggle()
                .refused(OPT_STRUCTURED_REPLY, new byte[4], REP_ERR_INVALID, REP_ERR_UNSUP)
                .goesOn();
    }

    @Check("NBD_OPT_STRUCTURED_REPLY")
    static void answersSimplyAfterARefusedStructuredReply(Probe probe) {
        probe.haggle()
                .refused(OPT_STRUCTURED_REPLY, new byte[4], REP_ERR_INVALID, REP_ERR_UNSUP)
                .go(probe.export())
                .alive()
                .finish();
    }

    @Check("Fixed newstyle negotiation")
    static void answersStructuredReplyTwice(Probe probe) {
        Haggle haggle = probe.haggle().headers(Mode.STRUCTURED);
        OptionReply again = Haggle.last(haggle.ask(OPT_STRUCTURED_REPLY, NOTHING));
        Violation.unless(again.is(REP_ACK, REP_ERR_INVALID), "the second gives %s", again.named());
        haggle.go(probe.export()).alive().finish();
    }
}
