package io.parablock.tools;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** A change of the volumes, and the wait until it is served. The same options for each. */
final class VolumeChange {
    private static final long POLL_MS = 50;
    private static final Duration PAGE_TIMEOUT = Duration.ofSeconds(2);
    /** What a node needs besides the time that it is given. */
    private static final long ANSWER_MS = 3_000;

    private static final int TIMEOUT_SECONDS_MAX = 60;

    @Mixin
    private ClusterChoice cluster = new ClusterChoice();

    @Option(
            names = "--timeout",
            paramLabel = "SECONDS",
            defaultValue = "10",
            description = "how long to wait, at most 60 (default: ${DEFAULT-VALUE})")
    private int timeoutSeconds;

    @Option(names = "--json", description = "as JSON, for scripts")
    private boolean asJson;

    /**
     * Asks a node, and waits for those that answer.
     *
     * @param query after the name
     * @param done what is said then
     * @return the exit code
     */
    int make(String action, String name, String query, String done, PrintWriter out) throws InterruptedException {
        if (timeoutSeconds < 1 || timeoutSeconds > TIMEOUT_SECONDS_MAX) {
            throw CommandFailure.wrongArgument("--timeout is from 1 to " + TIMEOUT_SECONDS_MAX + " seconds");
        }
        long deadlineNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(timeoutSeconds);
        String path = "/admin/volume/" + action + "?name=" + URLEncoder.encode(name, StandardCharsets.UTF_8) + query
                + "&timeout_ms=" + timeoutSeconds * 1_000L;
        List<VolumePage> pages = VolumePage.of(cluster);
        JsonNode answer =
                NodeHttp.post(pages.get(0).node(), path, Duration.ofMillis(timeoutSeconds * 1_000L + ANSWER_MS));
        long version = answer.path("version").asLong();
        List<String> behind = await(pages, version, deadlineNs);
        boolean majority = answer.path("majority").asBoolean();
        if (asJson) {
            ObjectNode json = answer.deepCopy();
            behind.forEach(json.putArray("behind")::add);
            out.println(json.toPrettyString());
        } else {
            out.println(done + (behind.isEmpty() ? "" : "; not yet on " + String.join(", ", behind)));
        }
        out.flush();
        if (!majority) {
            throw new CommandFailure("no majority of the nodes serves it after " + timeoutSeconds
                    + " s: see parablock status; it is decided, and comes by itself");
        }
        return 0;
    }

    /** The nodes that answer and do not serve this version when the time is over. */
    private static List<String> await(List<VolumePage> pages, long version, long deadlineNs)
            throws InterruptedException {
        List<VolumePage> behind = new ArrayList<>(pages);
        while (true) {
            behind.removeIf(page -> isAt(page.node(), version));
            if (behind.isEmpty() || System.nanoTime() - deadlineNs > 0) {
                return behind.stream().map(page -> "node " + page.id()).toList();
            }
            Thread.sleep(POLL_MS);
        }
    }

    /** One that does not answer any more is down: it follows when it is back. */
    private static boolean isAt(URI node, long version) {
        try {
            return VolumePage.of(node, PAGE_TIMEOUT).version() >= version;
        } catch (IOException e) {
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return true;
        }
    }
}
