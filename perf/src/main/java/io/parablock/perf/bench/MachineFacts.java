package io.parablock.perf.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What a report says of machine, JDK and program; what cannot be told is left out. */
public final class MachineFacts {
    private static final String UNKNOWN = "unknown";

    private MachineFacts() {}

    /**
     * @param directory on the disk that is measured
     * @param source the checkout that the program was built from
     */
    public static Map<String, String> of(Path directory, Path source) throws IOException, InterruptedException {
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("commit", commit(source));
        facts.put("kernel", System.getProperty("os.name") + " " + System.getProperty("os.version"));
        facts.put("architecture", System.getProperty("os.arch"));
        facts.put("processors", Integer.toString(Runtime.getRuntime().availableProcessors()));
        facts.put("processor", procValue(Path.of("/proc/cpuinfo"), "model name"));
        facts.put("memory", procValue(Path.of("/proc/meminfo"), "MemTotal"));
        facts.put("file_system", Files.getFileStore(directory).type());
        facts.put("jdk", System.getProperty("java.vendor") + " " + System.getProperty("java.runtime.version"));
        facts.put("vm", System.getProperty("java.vm.name"));
        return facts;
    }

    /** The commit that is checked out, and whether files differ from it. */
    static String commit(Path source) throws InterruptedException {
        String head = git(source, "rev-parse", "HEAD");
        if (head.isEmpty()) {
            return UNKNOWN;
        }
        return git(source, "status", "--porcelain").isEmpty() ? head : head + " with changes";
    }

    private static String git(Path source, String... arguments) throws InterruptedException {
        try {
            List<String> command = new java.util.ArrayList<>(List.of("git", "-C", source.toString()));
            command.addAll(List.of(arguments));
            Process process = new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            return process.waitFor() == 0 ? said : "";
        } catch (IOException e) {
            return "";
        }
    }

    private static String procValue(Path file, String key) {
        try {
            for (String line : Files.readAllLines(file)) {
                if (line.startsWith(key)) {
                    return line.substring(line.indexOf(':') + 1).strip();
                }
            }
        } catch (IOException e) {
            // Not every system has it.
        }
        return UNKNOWN;
    }
}
