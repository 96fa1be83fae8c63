package io.parablock.blockdev.nbd.conformance;

import static io.parablock.blockdev.nbd.conformance.Proto.*;

import java.util.ArrayList;
import java.util.List;

/** NBD_OPT_LIST_META_CONTEXT and NBD_OPT_SET_META_CONTEXT. */
final class MetaContextChecks {
    private static final String FOREIGN = "x-nobody-has-this:thing";
    private static final int LENGTH = 4096;

    private MetaContextChecks() {}

    private static Haggle chunked(Probe probe) {
        return probe.haggle().headers(Mode.STRUCTURED);
    }

    private static List<String> list(Haggle haggle, String export, String... queries) {
        List<OptionReply> replies = haggle.ask(OPT_LIST_META_CONTEXT, Message.meta(export, queries));
        NotOffered.unless(!Haggle.last(replies).is(REP_ERR_UNSUP), "the server does not list contexts");
        Violation.unless(
                Haggle.last(replies).type() == REP_ACK,
                "LIST_META_CONTEXT gives %s",
                Haggle.last(replies).named());
        List<String> names = new ArrayList<>();
        for (OptionReply reply : replies.subList(0, replies.size() - 1)) {
            names.add(Haggle.contextName(reply));
        }
        return names;
    }

    private static void lists(Probe probe, boolean allocation, String... queries) {
        List<String> names = list(chunked(probe), probe.export(), queries);
        Violation.unless(names.contains(ALLOCATION) == allocation, "the contexts are %s", names);
    }

    private static void selects(Probe probe, int count, String... queries) {
        Haggle haggle = chunked(probe);
        int selected = haggle.select(probe.export(), queries).size();
        Violation.unless(selected == count, "%d contexts are selected", selected);
        haggle.goesOn();
    }

    @Check("NBD_OPT_LIST_META_CONTEXT")
    static void listsAllWithoutQueries(Probe probe) {
        lists(probe, true);
    }

    @Check("The `base:` metadata namespace")
    static void listsTheWildcard(Probe probe) {
        lists(probe, true, "base:");
    }

    @Check("NBD_OPT_LIST_META_CONTEXT")
    static void listsByName(Probe probe) {
        lists(probe, true, ALLOCATION);
    }

    @Check("NBD_OPT_LIST_META_CONTEXT")
    static void listsOnlyWhatMatches(Probe probe) {
        lists(probe, false, "base:nothing");
    }

    @Check("NBD_OPT_LIST_META_CONTEXT")
    static void listsNothingOfAnUnknownNamespace(Probe probe) {
        lists(probe, false, FOREIGN);
    }

    @Check("NBD_OPT_LIST_META_CONTEXT")
    static void listsTheKnownBesideTheUnknown(Probe probe) {
        lists(probe, true, FOREIGN, ALLOCATION);
    }

    @Check("NBD_OPT_LIST_META_CONTEXT")
    static void listingSelectsNothing(Probe probe) {
        Haggle haggle = chunked(probe);
        list(haggle, probe.export(), ALLOCATION);
        haggle.go(probe.export()).status(0, 0, LENGTH).fails(EINVAL);
    }

    @Check("NBD_OPT_LIST_META_CONTEXT")
    static void listingKeepsTheSelection(Probe probe) {
        Haggle haggle = chunked(probe);
        haggle.select(probe.export(), ALLOCATION);
        list(haggle, probe.export());
        haggle.go(probe.export()).status(0, 0, LENGTH).ok();
    }

    @Check("NBD_OPT_SET_META_CONTEXT")
    static void selectsByName(Probe probe) {
        selects(probe, 1, ALLOCATION);
    }

    @Check("NBD_OPT_SET_META_CONTEXT")
    static void selectsTheContextThatWasNamed(Probe probe) {
        List<String> names =
                List.copyOf(chunked(probe).select(probe.export(), ALLOCATION).values());
        Violation.unless(names.equals(List.of(ALLOCATION)), "the contexts are %s", names);
    }

    @Check("The `base:` metadata namespace")
    static void selectsNothingByWildcard(Probe probe) {
        selects(probe, 0, "base:");
    }

    @Check("NBD_OPT_SET_META_CONTEXT")
    static void selectsNothingWithoutQueries(Probe probe) {
        selects(probe, 0);
    }

    @Check("The `base:` metadata namespace")
    static void ignoresAnUnknownLeaf(Probe probe) {
        selects(probe, 0, "base:nothing");
    }

    @Check("NBD_OPT_SET_META_CONTEXT")
    static void ignoresAnUnknownNamespace(Probe probe) {
        selects(probe, 0, FOREIGN);
    }

    @Check("NBD_OPT_SET_META_CONTEXT")
    static void selectsTheKnownAmongTheUnknown(Probe probe) {
        selects(probe, 1, FOREIGN, "base:nothing", ALLOCATION, "qemu:");
    }

    @Check("NBD_OPT_SET_META_CONTEXT")
    static void selectsOnceWhatIsNamedTwice(Probe probe) {
        selects(probe, 1, ALLOCATION, ALLOCATION);
    }

    @Check("NBD_OPT_SET_META_CONTEXT")
    static void aNewSelectionReplacesTheOld(Probe probe) {
        Haggle haggle = chunked(probe);
        haggle.select(probe.export(), ALLOCATION);
        haggle.select(probe.export(), FOREIGN);
        haggle.go(probe.export()).status(0, 0, LENGTH).fails(EINVAL);
    }

    @Check("NBD_OPT_SET_META_CONTEXT")
    static void aFailedSelectionForgetsTheOld(Probe probe) {
        Haggle haggle = chunked(probe);
        haggle.select(probe.export(), ALLOCATION);
        haggle.refused(OPT_SET_META_CONTEXT, new byte[3]);
        haggle.go(probe.export()).status(0, 0, LENGTH).fails(EINVAL);
    }

    @Check("NBD_OPT_SET_META_CONTEXT")
    static void aSelectionForAnUnknownExportForgetsTheOld(Probe probe) {
        Haggle haggle = chunked(probe);
        haggle.select(probe.export(), ALLOCATION);
        haggle.refused(OPT_SET_META_CONTEXT, Message.meta(probe.unknownExport(), ALLOCATION));
        haggle.go(probe.export()).status(0, 0, LENGTH).fails(EINVAL);
    }

    @Check("NBD_OPT_SET_META_CONTEXT")
    static void mayBeSelectedAgain(Probe probe) {
        Haggle haggle = chunked(probe);
        haggle.select(probe.export(), FOREIGN);
        haggle.select(probe.export(), ALLOCATION);
        haggle.go(probe.export()).status(0, 0, LENGTH).ok();
    }

    @Check("NBD_OPT_SET_META_CONTEXT")
    static void aSelectionForAnotherExportIsNotUsable(Probe probe) {
        String other = probe.readOnlyExport();
        Haggle haggle = chunked(probe);
        haggle.select(other, ALLOCATION);
        haggle.go(probe.export()).status(0, 0, LENGTH).fails(EINVAL);
    }

    @Check("NBD_OPT_SET_META_CONTEXT")
    static void aSelectionSurvivesInfoOnAnotherExport(Probe probe) {
        Haggle haggle = chunked(probe);
        haggle.select(probe.export(), ALLOCATION);
        haggle.ask(OPT_INFO, Message.go(probe.unknownExport()));
        haggle.go(probe.export()).status(0, 0, LENGTH).ok();
    }

    @Check("NBD_OPT_SET_META_CONTEXT")
    static void refusesASelectionWithoutChunks(Probe probe) {
        probe.haggle()
                .refused(
                        OPT_SET_META_CONTEXT,
                        Message.meta(probe.export(), ALLOCATION),
                        REP_ERR_INVALID,
                        REP_ERR_EXT_HEADER_REQD,
                        REP_ERR_UNSUP)
                .goesOn();
    }

    @Check("NBD_OPT_SET_META_CONTEXT")
    static void refusesASelectionForAnUnknownExport(Probe probe) {
        chunked(probe)
                .refused(OPT_SET_META_CONTEXT, Message.meta(probe.unknownExport(), ALLOCATION))
                .goesOn();
    }

    @Check("NBD_OPT_LIST_META_CONTEXT")
    static void refusesToListAnUnknownExport(Probe probe) {
        chunked(probe)
                .refused(OPT_LIST_META_CONTEXT, Message.meta(probe.unknownExport()))
                .goesOn();
    }

    @Check("NBD_OPT_SET_META_CONTEXT")
    static void answersAQueryWithoutNamespace(Probe probe) {
        for (int option : new int[] {OPT_LIST_META_CONTEXT, OPT_SET_META_CONTEXT}) {
            Haggle haggle = chunked(probe);
            List<OptionReply> replies = haggle.ask(option, Message.meta(probe.export(), "allocation"));
            Violation.unless(
                    replies.size() == 1 && Haggle.last(replies).is(REP_ACK, REP_ERR_INVALID, REP_ERR_UNSUP),
                    "%d replies, the last %s",
                    replies.size(),
                    Haggle.last(replies).named());
            haggle.goesOn();
        }
    }

    private static void malformed(Probe probe, Message data) {
        for (int option : new int[] {OPT_LIST_META_CONTEXT, OPT_SET_META_CONTEXT}) {
            chunked(probe)
                    .refused(option, data.array(), REP_ERR_INVALID, REP_ERR_UNSUP)
                    .goesOn();
        }
    }

    @Check("NBD_OPT_LIST_META_CONTEXT")
    static void refusesNoData(Probe probe) {
        malformed(probe, Message.of());
    }

    @Check("NBD_OPT_LIST_META_CONTEXT")
    static void refusesANameLengthBehindTheData(Probe probe) {
        malformed(probe, Message.of().u32(1000).text(probe.export()).u32(0));
    }

    @Check("NBD_OPT_LIST_META_CONTEXT")
    static void refusesAMissingCount(Probe probe) {
        malformed(probe, Message.of().string(probe.export()));
    }

    @Check("NBD_OPT_LIST_META_CONTEXT")
    static void refusesFewerQueriesThanCounted(Probe probe) {
        malformed(probe, Message.of().string(probe.export()).u32(2).string(ALLOCATION));
    }

    @Check("NBD_OPT_LIST_META_CONTEXT")
    static void refusesACountOfFourBillion(Probe probe) {
        malformed(probe, Message.of().string(probe.export()).u32(0xffffffffL).string(ALLOCATION));
    }

    @Check("NBD_OPT_LIST_META_CONTEXT")
    static void refusesAQueryLengthBehindTheData(Probe probe) {
        malformed(
                probe,
                Message.of()
                        .string(probe.export())
                        .u32(1)
                        .u32(ALLOCATION.length() + 9)
                        .text(ALLOCATION));
    }

    @Check("NBD_OPT_LIST_META_CONTEXT")
    static void refusesAQueryLengthOfFourGibibytes(Probe probe) {
        malformed(
                probe,
                Message.of().string(probe.export()).u32(1).u32(0xffffffffL).text(ALLOCATION));
    }

    @Check("NBD_OPT_LIST_META_CONTEXT")
    static void refusesTrailingBytes(Probe probe) {
        malformed(
                probe,
                Message.of().string(probe.export()).u32(1).string(ALLOCATION).u16(0));
    }

    @Check("NBD_REP_ERR_TOO_BIG")
    static void answersAThousandQueries(Probe probe) {
        String[] queries = new String[1000];
        java.util.Arrays.setAll(queries, i -> "x-" + i + ":leaf");
        Haggle haggle = chunked(probe);
        OptionReply reply = Haggle.last(haggle.ask(OPT_SET_META_CONTEXT, Message.meta(probe.export(), queries)));
        Violation.unless(reply.is(REP_ACK, REP_ERR_TOO_BIG, REP_ERR_UNSUP), "1000 queries give %s", reply.named());
        haggle.goesOn();
    }
}
