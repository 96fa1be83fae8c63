package io.parablock.perf;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Runs fio. */
public final class FioProgram {
    private static final String NAME = "fio";
    private static final ObjectMapper JSON = new ObjectMapper();

    private FioProgram() {}

    /** Whether there is one on the PATH. */
    public static boolean installed() {
        for (String folder : System.getenv().getOrDefault("PATH", "").split(File.pathSeparator)) {
            if (new File(folder, NAME).canExecute()) {
                return true;
            }
        }
        return false;
    }

    /**
     * Runs it to its end.
     *
     * @param where for the message, where it worked
     * @return what it tells of each of its jobs
     * @throws IOException in words for people: there is none, or it could not do its work
     */
    public static List<JsonNode> jobs(String where, List<String> arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(NAME, "--output-format=json"));
        command.addAll(arguments);
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        try {
            if (process.waitFor() != 0 || output.indexOf('{') < 0) {
                throw new IOException("fio failed " + where + ": "
                        + output.lines().findFirst().orElse("no word from it"));
            }
        } catch (InterruptedException e) {
            process.destroy();
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
        List<JsonNode> jobs = new ArrayList<>();
        // Warnings come before.
        JSON.readTree(output.substring(output.indexOf('{'))).path("jobs").forEach(jobs::add);
        if (jobs.isEmpty()) {
            throw new IOException("fio failed " + where + ": it told nothing of its jobs");
        }
        return jobs;
    }
}
