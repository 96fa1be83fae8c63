package io.parablock.tools;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.parablock.events.EventsPage;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.URI;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code parablock events}: what the nodes of a cluster tell of what has happened, and why. */
@Command(
        name = "events",
        description = "Shows what has happened to the nodes, and why; docs/events.md has all kinds.",
        mixinStandardHelpOptions = true)
final class EventsCommand implements Callable<Integer> {
    private static final int FOLLOW_PAUSE_MS = 500;
    private static final int LIMIT_DEFAULT = 100;

    @Option(names = "--json", description = "each event as JSON, on a line of its own")
    private boolean asJson;

    @Option(names = "--follow", description = "goes on with what happens next, until Ctrl-C")
    private boolean follow;

    @Option(
            names = "--limit",
            paramLabel = "N",
            description = "of each node no more than the newest N (default: ${DEFAULT-VALUE})")
    private int limit = LIMIT_DEFAULT;

    @Option(names = "--since", paramLabel = "TIME", description = "only from then on, for example 2026-01-31T12:00:00Z")
    private @Nullable Instant since;

    @Option(names = "--page", description = "all kinds as a page in Markdown, docs/events.md")
    private boolean page;

    @ArgGroup
    private @Nullable Where where;

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    /** Whom to ask: all nodes of a folder, or one process. */
    static final class Where {
        @Option(names = "--dir", paramLabel = "DIR", description = "the demo's folder (default: where demo puts it)")
        private @Nullable Path dir;

        @Option(
                names = "--http",
                paramLabel = "URL",
                description = "one node or gateway, for example http://127.0.0.1:8080")
        private @Nullable URI http;
    }

    /** An event with the name of whom it is of. */
    private record Told(String node, JsonNode event) {
        Instant at() {
            return Instant.parse(event.path("at").asText());
        }
    }

    @Override
    public Integer call() throws InterruptedException {
        PrintWriter out = spec.commandLine().getOut();
        if (page) {
            out.print(EventsPage.text());
            out.flush();
            return 0;
        }
        if (limit < 0) {
            throw CommandFailure.wrongArgument("--limit wants a number of events: " + limit);
        }
        List<EventSource> sources = sources();
        boolean answered = print(sources, out);
        while (follow) {
            Thread.sleep(FOLLOW_PAUSE_MS);
            answered |= print(sources, out);
        }
        if (!answered) {
            throw new CommandFailure("no events: " + sources.get(0).failure());
        }
        return 0;
    }

    private List<EventSource> sources() {
        String first = since == null ? "0" : since.toString();
        if (where != null && where.http != null) {
            if (where.http.getHost() == null) {
                throw CommandFailure.wrongArgument("--http wants a URL like http://127.0.0.1:8080: " + where.http);
            }
            return List.of(new EventSource("", where.http, first, limit));
        }
        Path dir = where != null && where.dir != null ? where.dir : ClusterFolder.defaultDir();
        List<EventSource> out = new ArrayList<>();
        for (NodeConfig node : new ClusterFolder(dir).nodes()) {
            URI base = URI.create(
                    "http://" + node.http().getHostString() + ":" + node.http().getPort());
            out.add(new EventSource(Integer.toString(node.id()), base, first, limit));
        }
        return out;
    }

    /** @return whether any of them answers */
    private boolean print(List<EventSource> sources, PrintWriter out) throws InterruptedException {
        List<Told> told = new ArrayList<>();
        boolean any = false;
        for (EventSource source : sources) {
            try {
                source.next().forEach(event -> told.add(new Told(source.node(), event)));
                any = true;
            } catch (IOException e) {
                // A node that is down says nothing; whether all are is looked at afterwards.
            }
        }
        told.sort(Comparator.comparing(Told::at));
        told.forEach(t -> out.println(asJson ? json(t) : line(t)));
        out.flush();
        return any;
    }

    private static String json(Told t) {
        ObjectNode json = t.event.deepCopy();
        if (!t.node.isEmpty()) {
            json.put("node", Integer.parseInt(t.node));
        }
        return json.toString();
    }

    private static String line(Told t) {
        String group = t.event.path("group").asInt() == 0 ? "" : "group " + t.event.path("group") + ": ";
        return String.format(
                Locale.ROOT,
                "%s %s%-5s %s %s: %s%s",
                t.event.path("at").asText(),
                t.node.isEmpty() ? "" : "node" + t.node + " ",
                t.event.path("level").asText().toUpperCase(Locale.ROOT),
                t.event.path("id").asText(),
                t.event.path("kind").asText(),
                group,
                t.event.path("text").asText());
    }
}
