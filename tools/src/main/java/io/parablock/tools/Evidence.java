package io.parablock.tools;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.parablock.config.ConfigException;
import io.parablock.config.EffectiveConfig;
import io.parablock.config.Role;
import io.parablock.main.Version;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.stream.Stream;

/** What is put into a support bundle, and what could not be. */
final class Evidence {
    /** Named limit: the end of a log, which is where the trouble is. */
    static final int LOG_BYTES_MAX = 16 << 20;

    private static final Duration TIMEOUT = Duration.ofSeconds(5);
    private static final int FILES_MAX = 10_000;

    private final BundleArchive archive;
    private final List<String> missing = new ArrayList<>();

    Evidence(BundleArchive archive) {
        this.archive = archive;
    }

    /** A line for each thing that could not be fetched. */
    List<String> missing() {
        return missing;
    }

    @FunctionalInterface
    private interface Source {
        String read() throws IOException, InterruptedException;
    }

    private void add(String name, Source source) throws IOException, InterruptedException {
        String text;
        try {
            text = source.read();
        } catch (IOException | IllegalArgumentException | ConfigException e) {
            String why = e.getMessage();
            missing.add(
                    name + ": " + (why == null || why.isEmpty() ? e.getClass().getSimpleName() : why));
            return;
        }
        archive.add(name, text);
    }

    /** Of a node whose address is known: what it tells over HTTP. */
    void ofDaemon(String folder, URI http) throws IOException, InterruptedException {
        add(folder + "/status.json", () -> NodeHttp.get(http, "/status", TIMEOUT));
        add(folder + "/metrics.txt", () -> NodeHttp.get(http, "/metrics", TIMEOUT));
        add(folder + "/volumes.json", () -> NodeHttp.get(http, "/volumes", TIMEOUT));
        add(folder + "/events.json", () -> NodeHttp.get(http, "/events", TIMEOUT));
    }

    /** Of a node of a folder: its files. What the environment of its process overrode is not known here. */
    void ofFiles(String folder, ClusterFolder cluster, NodeConfig node) throws IOException, InterruptedException {
        int id = node.id();
        add(folder + "/config.txt", () -> config(cluster.config(id)));
        add(folder + "/log.txt", () -> end(cluster.log(id)));
        add(folder + "/disk.json", () -> disk(node.dataDir()).toPrettyString());
        add(folder + "/files.txt", () -> files(node.dataDir()));
    }

    /** Of this machine and this command. */
    void ofMachine() throws IOException, InterruptedException {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("version", Version.text());
        for (String property : List.of(
                "java.version", "java.vendor", "java.vm.name", "java.vm.version", "os.name", "os.version", "os.arch")) {
            json.put(property, System.getProperty(property));
        }
        json.put("processors", Runtime.getRuntime().availableProcessors());
        json.put("load_average", ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage());
        ArrayNode arguments = json.putArray("jvm_arguments_of_the_command");
        ManagementFactory.getRuntimeMXBean().getInputArguments().forEach(arguments::add);
        archive.add("machine.json", json.toPrettyString());
        for (String file : List.of("/proc/meminfo", "/proc/uptime", "/proc/mounts", "/proc/pressure/io")) {
            add("machine" + file + ".txt", () -> Files.readString(Path.of(file)));
        }
    }

    private static String config(Path file) {
        EffectiveConfig config = EffectiveConfig.of(file, Role.NODE, Map.of(), new Properties());
        StringBuilder out = new StringBuilder();
        config.settings().forEach(s -> out.append(ConfigCommand.line(s)).append('\n'));
        return out.toString();
    }

    private static String end(Path log) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(log.toFile(), "r")) {
            long from = Math.max(0, file.length() - LOG_BYTES_MAX);
            byte[] content = new byte[(int) Math.min(LOG_BYTES_MAX, file.length())];
            file.seek(from);
            file.readFully(content);
            return new String(content, java.nio.charset.StandardCharsets.UTF_8);
        }
    }

    private static ObjectNode disk(Path dir) throws IOException {
        FileStore store = Files.getFileStore(dir);
        return JsonNodeFactory.instance
                .objectNode()
                .put("directory", dir.toString())
                .put("type", store.type())
                .put("total_bytes", store.getTotalSpace())
                .put("usable_bytes", store.getUsableSpace());
    }

    /** Names and sizes, no contents. */
    private static String files(Path dir) throws IOException {
        StringBuilder out = new StringBuilder();
        try (Stream<Path> walk = Files.walk(dir)) {
            for (Path file : (Iterable<Path>) walk.filter(Files::isRegularFile).limit(FILES_MAX)::iterator) {
                out.append(Files.size(file))
                        .append(' ')
                        .append(dir.relativize(file))
                        .append('\n');
            }
        }
        return out.toString();
    }
}
