package io.parablock.tools;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code parablock support-bundle}: what somebody who is to help wants to see, in one file. */
@Command(
        name = "support-bundle",
        description = {
            "Puts status, metrics, events, configuration, the end of the log, and facts on machine and disks into one file.",
            "No content of any volume. What could not be fetched is named, on stderr and in the file."
        },
        mixinStandardHelpOptions = true)
final class SupportBundleCommand implements Callable<Integer> {
    private static final String ENDING = ".tar.gz";
    private static final DateTimeFormatter NAME = DateTimeFormatter.ofPattern(
                    "'parablock-support-'yyyyMMdd'T'HHmmss'Z'")
            .withZone(ZoneOffset.UTC);

    @Mixin
    private ClusterChoice cluster = new ClusterChoice();

    @Option(names = "--out", paramLabel = "FILE.tar.gz", required = true, description = "where it is written")
    @SuppressWarnings("NullAway.Init")
    private Path out;

    @Option(names = "--json", description = "as JSON, for scripts")
    private boolean asJson;

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Override
    public Integer call() throws InterruptedException {
        if (!out.toString().endsWith(ENDING)) {
            throw CommandFailure.wrongArgument("--out ends in " + ENDING + ": " + out);
        }
        URI http = cluster.http();
        List<NodeConfig> nodes = http == null ? cluster.folder().nodes() : List.of();
        List<String> missing;
        Instant now = Instant.now();
        try (BundleArchive archive = new BundleArchive(out, NAME.format(now), now)) {
            Evidence evidence = new Evidence(archive);
            evidence.ofMachine();
            if (http != null) {
                evidence.ofDaemon("node", http);
                evidence.missing().add("node/log.txt, node/config.txt: a node does not tell them over HTTP; use --dir");
            } else {
                archive.add("cluster.json", cluster.status().toPrettyString());
            }
            for (NodeConfig node : nodes) {
                String folder = "node" + node.id();
                evidence.ofDaemon(folder, node.uri());
                evidence.ofFiles(folder, cluster.folder(), node);
            }
            missing = List.copyOf(evidence.missing());
            archive.add("missing.txt", String.join("\n", missing) + "\n");
            archive.finish();
        } catch (IOException e) {
            throw new CommandFailure("the bundle cannot be written: " + e.getMessage());
        }
        report(missing);
        return 0;
    }

    private void report(List<String> missing) {
        PrintWriter err = spec.commandLine().getErr();
        missing.forEach(line -> err.println("parablock: not in the bundle: " + line));
        PrintWriter to = spec.commandLine().getOut();
        to.println(asJson ? json(missing).toPrettyString() : "written: " + out.toAbsolutePath());
        to.flush();
    }

    private JsonNode json(List<String> missing) {
        ObjectNode json = JsonNodeFactory.instance
                .objectNode()
                .put("file", out.toAbsolutePath().toString());
        try {
            json.put("bytes", Files.size(out));
        } catch (IOException e) {
            json.putNull("bytes");
        }
        missing.forEach(json.putArray("missing")::add);
        return json;
    }
}
