package io.parablock.tools;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code parablock volume list}: what there is. */
@Command(
        name = "list",
        description = "Lists the volumes, those that were created and those of the configuration.",
        mixinStandardHelpOptions = true)
final class VolumeListCommand implements Callable<Integer> {
    private static final String[] HEAD = {"volume", "size", "chunks", "from", "nodes"};

    @Mixin
    private ClusterChoice cluster = new ClusterChoice();

    @Option(names = "--json", description = "as JSON, for scripts")
    private boolean asJson;

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Override
    public Integer call() throws InterruptedException {
        List<VolumePage> pages = VolumePage.of(cluster);
        PrintWriter out = spec.commandLine().getOut();
        ArrayNode all = JsonNodeFactory.instance.arrayNode();
        List<String[]> rows = new ArrayList<>();
        rows.add(HEAD);
        for (JsonNode v : VolumePage.newest(pages).json().path("volumes")) {
            List<Integer> nodes = VolumePage.servedBy(pages, v);
            ObjectNode one = v.deepCopy();
            nodes.forEach(one.putArray("nodes")::add);
            all.add(one);
            rows.add(new String[] {
                v.path("name").asText(),
                VolumePage.size(v.path("size")),
                Integer.toString(v.path("groups").size()),
                v.path("from").asText(),
                VolumePage.text(nodes)
            });
        }
        if (asJson) {
            out.println(all.toPrettyString());
        } else if (all.isEmpty()) {
            out.println("there is no volume; parablock volume create makes one");
        } else {
            Table.lines(rows).forEach(out::println);
        }
        out.flush();
        return 0;
    }
}
