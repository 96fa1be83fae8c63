package io.parablock.raft.scenario;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A scenario file: blocks of command lines, each with {@code ----} and its transcript up to an empty line. Lines that begin
 * with # are the reader's.
 */
final class ScenarioFile {
    static final String DIVIDER = "----";

    /** @param heading the comments before the commands */
    record Block(List<String> heading, List<String> commands, List<String> transcript) {}

    private ScenarioFile() {}

    static List<Block> read(Path file) throws IOException {
        List<Block> blocks = new ArrayList<>();
        Block block = new Block(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
        boolean inTranscript = false;
        for (String line : Files.readAllLines(file)) {
            if (line.equals(DIVIDER)) {
                inTranscript = true;
            } else if (line.isBlank()) {
                if (!block.commands().isEmpty()) {
                    blocks.add(block);
                    block = new Block(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
                }
                inTranscript = false;
            } else if (inTranscript) {
                block.transcript().add(line);
            } else {
                (line.startsWith("#") ? block.heading() : block.commands()).add(line.strip());
            }
        }
        if (!block.commands().isEmpty()) {
            blocks.add(block);
        }
        return blocks;
    }

    static void write(Path file, List<Block> blocks) throws IOException {
        List<String> lines = new ArrayList<>();
        for (Block b : blocks) {
            if (!lines.isEmpty()) {
                lines.add("");
            }
            lines.addAll(b.heading());
            lines.addAll(b.commands());
            lines.add(DIVIDER);
            lines.addAll(b.transcript());
        }
        Files.write(file, lines);
    }
}
