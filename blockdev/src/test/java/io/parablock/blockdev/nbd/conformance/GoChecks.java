package io.parablock.blockdev.nbd.conformance;

import static io.parablock.blockdev.nbd.conformance.Proto.*;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** NBD_OPT_INFO, NBD_OPT_GO, the information they give and how they refuse what is malformed. */
final class GoChecks {
    private GoChecks() {}

    private static ExportFacts info(Probe probe, int... infos) {
        return ExportFacts.of(probe.haggle().accepted(OPT_INFO, Message.go(probe.export(), infos)));
    }

    @Check("NBD_OPT_GO")
    static void goEntersTransmission(Probe probe) {
        probe.attach().alive().finish();
    }

    @Check("NBD_INFO_EXPORT")
    static void goGivesTheSize(Probe probe) {
        Session session = probe.attach();
        Violation.unless(
                session.facts.sizeBytes() == probe.target().sizeBytes(), "the size is %d", session.facts.sizeBytes());
        session.finish();
    }

    @Check("NBD_OPT_GO")
    static void goSendsNoZeroes(Probe probe) {
        Haggle haggle = probe.greeted().clientFlags(FIXED_NEWSTYLE);
        haggle.go(probe.export()).alive().finish();
    }

    @Check("NBD_OPT_INFO")
    static void infoStaysInTheHandshake(Probe probe) {
        Haggle haggle = probe.haggle();
        haggle.accepted(OPT_INFO, Message.go(probe.export(), INFO_BLOCK_SIZE));
        haggle.goesOn();
    }

    @Check("NBD_OPT_INFO")
    static void infoMayBeAskedTwice(Probe probe) {
        Haggle haggle = probe.haggle();
        ExportFacts first = ExportFacts.of(haggle.accepted(OPT_INFO, Message.go(probe.export())));
        ExportFacts second = ExportFacts.of(haggle.accepted(OPT_INFO, Message.go(probe.export())));
        Violation.unless(first.equals(second), "%s and then %s", first, second);
    }

    @Check("NBD_OPT_INFO")
    static void goRepeatsWhatInfoSaid(Probe probe) {
        Haggle haggle = probe.haggle();
        byte[] data = Message.go(probe.export(), INFO_NAME, INFO_DESCRIPTION, INFO_BLOCK_SIZE);
        String info = informations(haggle.accepted(OPT_INFO, data));
        String go = informations(haggle.accepted(OPT_GO, data));
        Violation.unless(info.equals(go), "INFO and GO differ: %s, %s", info, go);
    }

    private static String informations(List<OptionReply> replies) {
        return replies.stream()
                .map(reply -> Arrays.toString(reply.content()))
                .sorted()
                .collect(Collectors.joining(" "));
    }

    @Check("NBD_REP_ERR_UNKNOWN")
    static void infoRefusesAnUnknownExport(Probe probe) {
        probe.haggle()
                .refused(OPT_INFO, Message.go(probe.unknownExport()), REP_ERR_UNKNOWN)
                .goesOn();
    }

    @Check("NBD_REP_ERR_UNKNOWN")
    static void goRefusesAnUnknownExport(Probe probe) {
        probe.haggle()
                .refused(OPT_GO, Message.go(probe.unknownExport()), REP_ERR_UNKNOWN)
                .goesOn();
    }

    @Check("NBD_REP_ERR_UNKNOWN")
    static void sendsNoInformationOnAnUnknownExport(Probe probe) {
        List<OptionReply> replies = probe.haggle().ask(OPT_INFO, Message.go(probe.unknownExport(), INFO_BLOCK_SIZE));
        Violation.unless(replies.size() == 1, "%d replies", replies.size());
    }

    @Check("NBD_OPT_GO")
    static void goWorksAfterARefusal(Probe probe) {
        Haggle haggle = probe.haggle().refused(OPT_GO, Message.go(probe.unknownExport()));
        haggle.go(probe.export()).alive().finish();
    }

    @Check("NBD_INFO_NAME")
    static void givesTheCanonicalName(Probe probe) {
        String name = info(probe, INFO_NAME).name();
        Violation.unless(name == null || name.equals(probe.export()), "the name is %s", name);
    }

    @Check("NBD_INFO_DESCRIPTION")
    static void givesTheDescriptionOfTheList(Probe probe) {
        String description = info(probe, INFO_DESCRIPTION).description();
        NotOffered.unless(description != null, "the server gives no description");
        List<OptionReply> replies = probe.haggle().accepted(OPT_LIST, new byte[0]);
        boolean same = replies.subList(0, replies.size() - 1).stream()
                .map(OptionChecks::entry)
                .anyMatch(entry ->
                        entry[0].equals(probe.export()) && (entry[1].isEmpty() || entry[1].equals(description)));
        Violation.unless(same, "LIST does not say %s", description);
    }

    private static BlockSizes sizes(Probe probe) {
        return info(probe, INFO_BLOCK_SIZE).sizes();
    }

    @Check("Block size constraints")
    static void minimumIsAPowerOfTwo(Probe probe) {
        long minimum = sizes(probe).minimum();
        Violation.unless(Long.bitCount(minimum) == 1 && minimum <= 1 << 16, "the minimum block size is %d", minimum);
    }

    @Check("Block size constraints")
    static void preferredIsAPowerOfTwo(Probe probe) {
        BlockSizes sizes = sizes(probe);
        long preferred = sizes.preferred();
        Violation.unless(
                Long.bitCount(preferred) == 1 && preferred >= Math.max(512, sizes.minimum()),
                "the preferred block size is %d",
                preferred);
    }

    @Check("Block size constraints")
    static void maximumIsAMultipleOfTheMinimum(Probe probe) {
        BlockSizes sizes = sizes(probe);
        Violation.unless(
                sizes.unlimited() || sizes.maximum() % sizes.minimum() == 0, "the maximum is %d", sizes.maximum());
    }

    @Check("Block size constraints")
    static void maximumIsAtLeastOneMebibyte(Probe probe) {
        BlockSizes sizes = sizes(probe);
        Violation.unless(sizes.maximum() >= 1 << 20 && sizes.maximum() >= sizes.preferred(), "the sizes are %s", sizes);
    }

    @Check("Block size constraints")
    static void sizeIsAMultipleOfTheMinimum(Probe probe) {
        ExportFacts facts = info(probe, INFO_BLOCK_SIZE);
        Violation.unless(facts.sizeBytes() % facts.sizes().minimum() == 0, "%s", facts);
    }

    @Check("NBD_INFO_BLOCK_SIZE")
    static void sizesAreAsPromised(Probe probe) {
        BlockSizes promised = probe.target().sizes();
        NotOffered.unless(promised != null, "no block sizes are promised");
        BlockSizes sizes = sizes(probe);
        Violation.unless(sizes.equals(promised), "%s instead of %s", sizes, promised);
    }

    @Check("NBD_REP_ERR_BLOCK_SIZE_REQD")
    static void servesAClientThatDoesNotAskForSizes(Probe probe) {
        Haggle haggle = probe.haggle();
        List<OptionReply> replies = haggle.ask(OPT_GO, Message.go(probe.export()));
        NotOffered.unless(!Haggle.last(replies).is(REP_ERR_BLOCK_SIZE_REQD), "the server insists on block sizes");
        new Session(haggle.wire, Mode.SIMPLE, ExportFacts.of(replies), java.util.Map.of())
                .alive()
                .finish();
    }

    @Check("NBD_OPT_INFO")
    static void ignoresUnknownInformationRequests(Probe probe) {
        info(probe, 0x1234, INFO_EXPORT, 0xffff);
    }

    @Check("NBD_OPT_INFO")
    static void givesAllInformationAtOnce(Probe probe) {
        info(probe, INFO_EXPORT, INFO_NAME, INFO_DESCRIPTION, INFO_BLOCK_SIZE);
    }

    @Check("NBD_OPT_INFO")
    static void takesAThousandInformationRequests(Probe probe) {
        int[] infos = new int[1000];
        Arrays.setAll(infos, i -> 100 + i);
        info(probe, infos);
    }

    @Check("NBD_FLAG_SEND_DF")
    static void setsNoDfWithoutChunks(Probe probe) {
        Violation.unless((info(probe).flags() & SEND_DF) == 0, "NBD_FLAG_SEND_DF without structured replies");
    }

    @Check("NBD_FLAG_SEND_FAST_ZERO")
    static void setsFastZeroOnlyWithWriteZeroes(Probe probe) {
        int flags = info(probe).flags();
        Violation.unless(
                (flags & SEND_FAST_ZERO) == 0 || (flags & SEND_WRITE_ZEROES) != 0, "transmission flags 0x%x", flags);
    }

    @Check("Transmission flags")
    static void setsNoUndefinedTransmissionFlag(Probe probe) {
        int flags = info(probe).flags();
        Violation.unless((flags & 0xe000) == 0, "transmission flags 0x%x", flags);
    }

    /** INFO and GO must both refuse {@code data} and go on. */
    private static void malformed(Probe probe, Message data) {
        for (int option : new int[] {OPT_INFO, OPT_GO}) {
            probe.haggle().refused(option, data.array(), REP_ERR_INVALID).goesOn();
        }
    }

    @Check("NBD_OPT_GO")
    static void refusesNoData(Probe probe) {
        malformed(probe, Message.of());
    }

    @Check("NBD_OPT_GO")
    static void refusesHalfANameLength(Probe probe) {
        malformed(probe, Message.of().u16(0));
    }

    @Check("NBD_OPT_GO")
    static void refusesANameLengthBehindTheData(Probe probe) {
        int length = probe.export().length();
        malformed(probe, Message.of().u32(length + 100).text(probe.export()).u16(0));
    }

    @Check("NBD_OPT_GO")
    static void refusesANameLengthOfFourGibibytes(Probe probe) {
        malformed(probe, Message.of().u32(0xffffffffL).text(probe.export()).u16(0));
    }

    @Check("NBD_OPT_GO")
    static void refusesANameThatLeavesNoRoomForTheCount(Probe probe) {
        malformed(probe, Message.of().string(probe.export()));
    }

    @Check("NBD_OPT_GO")
    static void refusesFewerRequestsThanCounted(Probe probe) {
        malformed(probe, Message.of().string(probe.export()).u16(2).u16(INFO_NAME));
    }

    @Check("NBD_OPT_GO")
    static void refusesMoreRequestsThanCounted(Probe probe) {
        malformed(
                probe, Message.of().string(probe.export()).u16(1).u16(INFO_NAME).u16(INFO_DESCRIPTION));
    }

    @Check("NBD_OPT_GO")
    static void refusesTrailingBytes(Probe probe) {
        malformed(probe, Message.of().string(probe.export()).u16(0).raw(new byte[3]));
    }

    private static void refusedByBoth(Probe probe, String name) {
        for (int option : new int[] {OPT_INFO, OPT_GO}) {
            probe.haggle().refused(option, Message.go(name)).goesOn();
        }
    }

    @Check("Conventions")
    static void refusesANameOf4096Bytes(Probe probe) {
        refusedByBoth(probe, "x".repeat(STRING_BYTES_MAX));
    }

    @Check("Conventions")
    static void refusesANameOver4096Bytes(Probe probe) {
        refusedByBoth(probe, "x".repeat(STRING_BYTES_MAX + 1));
    }

    @Check("Conventions")
    static void refusesANameWithNul(Probe probe) {
        refusedByBoth(probe, probe.export() + "\0");
    }

    @Check("Conventions")
    static void refusesANameThatIsNotUtf8(Probe probe) {
        byte[] name = {(byte) 0xff, (byte) 0xfe, 'x'};
        probe.haggle()
                .refused(OPT_GO, Message.of().u32(3).raw(name).u16(0).array())
                .goesOn();
    }

    @Check("NBD_OPT_EXPORT_NAME")
    static void answersTheEmptyName(Probe probe) {
        Haggle haggle = probe.haggle();
        OptionReply reply = Haggle.last(haggle.ask(OPT_INFO, Message.go("")));
        Violation.unless(reply.is(REP_ACK, REP_ERR_UNKNOWN), "the default export gives %s", reply.named());
        haggle.goesOn();
    }

    @Check("NOTLS mode")
    static void neverDemandsTls(Probe probe) {
        for (int option : new int[] {OPT_LIST, OPT_INFO, OPT_STARTTLS, OPT_STRUCTURED_REPLY, 0x6e6f}) {
            OptionReply reply = Haggle.last(probe.haggle().ask(option, new byte[0]));
            Violation.unless(reply.type() != REP_ERR_TLS_REQD, "option %d is answered with TLS_REQD", option);
        }
    }
}
