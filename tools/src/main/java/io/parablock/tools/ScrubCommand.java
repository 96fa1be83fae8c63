package io.parablock.tools;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import java.io.Writer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code parablock scrub}: how far each node's scrub is, and what it has found. */
@Command(
        name = "scrub",
        description = {
            "Shows how far each node's scrub is, and what it has found.",
            "A round begins by itself: at the node's start, and every scrub.interval; with --now it begins at once, and the"
                    + " command waits for its end. Ctrl-C ends only the command."
        },
        mixinStandardHelpOptions = true)
final class ScrubCommand implements Callable<Integer> {
    private static final String[] HEAD = {
        "node", "rounds", "progress", "rate", "ETA", "read", "damaged-records", "damaged-bytes", "damaged-state"
    };
    private static final int PERCENT = 100;

    @Mixin
    private ClusterChoice cluster = new ClusterChoice();

    @Option(
            names = "--now",
            description =
                    "begins a round on each node that has none under way, and waits for its end; on the nodes' own machine")
    private boolean now;

    @Mixin
    private Repetition repetition = new Repetition();

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Override
    public Integer call() throws InterruptedException {
        PrintWriter out = spec.commandLine().getOut();
        if (now) {
            if (repetition.isWanted()) {
                throw CommandFailure.wrongArgument("--now shows how far it is; --watch goes without it");
            }
            runNow(out);
        }
        if (!repetition.isWanted()) {
            ArrayNode each = scrubs();
            if (repetition.asJson()) {
                out.println(each.toPrettyString());
            } else {
                Table.lines(rows(each)).forEach(out::println);
            }
            out.flush();
            return 0;
        }
        Terminal.endOnInterrupt(out);
        boolean redraw = Terminal.isThere() && !repetition.asJson();
        try (Bars bars = new Bars()) {
            repetition.run(first -> {
                ArrayNode each = scrubs();
                if (repetition.asJson()) {
                    out.println(each);
                } else if (redraw) {
                    Terminal.home(out, first);
                    Table.lines(rows(each)).forEach(out::println);
                    bars.lines(tasks(each)).forEach(out::println);
                } else {
                    Table.lines(rows(each)).forEach(out::println);
                }
                out.flush();
                return true;
            });
        }
        return 0;
    }

    private void runNow(PrintWriter out) throws InterruptedException {
        ScrubRound round = ScrubRound.begin(cluster);
        PrintWriter err = spec.commandLine().getErr();
        round.refusals().forEach(line -> err.println("parablock: " + line));
        err.flush();
        Progress progress =
                repetition.asJson() ? new Progress(new PrintWriter(Writer.nullWriter()), false) : Progress.to(out);
        boolean unused = progress.awaitAll("scrub", "%", round.wanted(), round::percents, round::isOver, round::detail);
    }

    /** Of each node that answers. */
    private ArrayNode scrubs() throws InterruptedException {
        ArrayNode each = JsonNodeFactory.instance.arrayNode();
        for (JsonNode node : cluster.status().path("nodes")) {
            if (node.path("scrub") instanceof ObjectNode scrub) {
                each.add(JsonNodeFactory.instance
                        .objectNode()
                        .put("node", node.path("id").asInt())
                        .setAll(scrub));
            }
        }
        if (each.isEmpty()) {
            throw new CommandFailure("no node answers");
        }
        return each;
    }

    private static List<String[]> rows(ArrayNode each) {
        List<String[]> rows = new ArrayList<>();
        rows.add(HEAD);
        for (JsonNode s : each) {
            int percent = s.path("progress_percent").asInt();
            long rate = s.path("bytes_per_second").asLong();
            rows.add(new String[] {
                s.path("node").asText(),
                s.path("rounds").asText(),
                percent > 0 ? percent + "%" : rate > 0 ? "log" : "-",
                rate > 0 ? String.format(Locale.ROOT, "%.1fMiB/s", rate / 1048576.0) : "-",
                s.has("eta_seconds") ? s.path("eta_seconds").asText() + "s" : "-",
                String.format(Locale.ROOT, "%.1fMiB", s.path("bytes").asLong() / 1048576.0),
                s.path("damaged_records").asText(),
                s.path("damaged_bytes").asText(),
                s.path("damaged_state").asText()
            });
        }
        return rows;
    }

    private static List<Bars.Task> tasks(ArrayNode each) {
        List<Bars.Task> out = new ArrayList<>();
        for (JsonNode s : each) {
            int percent = s.path("progress_percent").asInt();
            if (percent > 0) {
                out.add(new Bars.Task("node " + s.path("node").asText(), "%", 1, percent, PERCENT));
            }
        }
        return out;
    }
}
