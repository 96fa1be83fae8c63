package io.parablock.tools;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Option;

/** Whom a command asks: all nodes of a folder, or one node. The same options for every command that asks nodes. */
final class ClusterChoice {
    @ArgGroup
    private @Nullable Where where;

    /** One of them. */
    static final class Where {
        @Option(names = "--dir", paramLabel = "DIR", description = "the demo's folder (default: where demo puts it)")
        private @Nullable Path dir;

        @Option(names = "--http", paramLabel = "URL", description = "one node, for example http://127.0.0.1:8080")
        private @Nullable URI http;
    }

    /** The one node that was named, or null if it is a folder. */
    @Nullable
    URI http() {
        URI http = where == null ? null : where.http;
        if (http != null && (http.getHost() == null || !"http".equals(http.getScheme()))) {
            throw CommandFailure.wrongArgument("--http wants a URL like http://127.0.0.1:8080: " + http);
        }
        return http;
    }

    /** Of a command whose {@link #http} is null. */
    ClusterFolder folder() {
        Path dir = where == null ? null : where.dir;
        return new ClusterFolder(dir == null ? ClusterFolder.defaultDir() : dir);
    }

    /**
     * What the nodes say of themselves: {@code leader}, {@code nodes}, {@code cluster}.
     *
     * @throws CommandFailure if there is no cluster in the folder, or the one node does not answer
     */
    ObjectNode status() throws InterruptedException {
        URI http = http();
        if (http == null) {
            return ClusterStatus.of(folder()).toJson();
        }
        try {
            return NodeStatus.fetch(http).asCluster();
        } catch (IOException | IllegalArgumentException e) {
            String why = e.getMessage();
            throw new CommandFailure("no status from " + http + (why == null ? "" : ": " + why));
        }
    }
}
