package io.parablock.tools;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code parablock volume show}: one volume, and who leads its chunks. */
@Command(
        name = "show",
        description =
                "Shows a volume: its size, its chunks with their groups and leaders, and the nodes that serve it.",
        mixinStandardHelpOptions = true)
final class VolumeShowCommand implements Callable<Integer> {
    @Parameters(paramLabel = "NAME", description = "which volume")
    @SuppressWarnings("NullAway.Init")
    private String name;

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
        JsonNode volume = VolumePage.newest(pages)
                .volume(name)
                .orElseThrow(() -> new CommandFailure("there is no volume " + name));
        ObjectNode json = volume.deepCopy();
        Map<Integer, Integer> leaders = leaders();
        ArrayNode chunks = json.putArray("chunks");
        for (JsonNode group : volume.path("groups")) {
            ObjectNode chunk = chunks.addObject().put("group", group.asInt());
            Integer leader = leaders.get(group.asInt());
            if (leader == null) {
                chunk.putNull("leader");
            } else {
                chunk.put("leader", leader);
            }
        }
        json.remove("groups");
        List<Integer> nodes = VolumePage.servedBy(pages, volume);
        nodes.forEach(json.putArray("nodes")::add);
        PrintWriter out = spec.commandLine().getOut();
        if (asJson) {
            out.println(json.toPrettyString());
        } else {
            print(json, VolumePage.text(nodes), out);
        }
        out.flush();
        return 0;
    }

    private static void print(JsonNode v, String nodes, PrintWriter out) {
        out.println(
                "volume:     " + v.path("name").asText() + (v.path("read_only").asBoolean() ? ", read-only" : ""));
        out.println("size:       " + VolumePage.size(v.path("size")) + " ("
                + v.path("size").asText() + " bytes)");
        out.println("chunk size: " + VolumePage.size(v.path("chunk_size")));
        out.println("from:       " + v.path("from").asText());
        out.println("nodes:      " + nodes);
        int number = 0;
        for (JsonNode chunk : v.path("chunks")) {
            String leader = chunk.path("leader").isNull() ? "no leader" : "node " + chunk.path("leader") + " leads";
            out.println("chunk " + number++ + ":    group " + chunk.path("group") + ", " + leader);
        }
    }

    /** By group, as the nodes that answer know. */
    private Map<Integer, Integer> leaders() throws InterruptedException {
        Map<Integer, Integer> out = new TreeMap<>();
        for (JsonNode node : cluster.status().path("nodes")) {
            for (JsonNode g : node.path("groups")) {
                if (g.path("role").asText().equals(ClusterStatus.LEADER)) {
                    out.put(g.path("group").asInt(), node.path("id").asInt());
                }
            }
        }
        return out;
    }
}
