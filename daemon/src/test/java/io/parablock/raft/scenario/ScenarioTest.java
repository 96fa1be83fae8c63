package io.parablock.raft.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Runs every scenario file. The {@code expect} lines are the test; the transcripts are for the reader, and
 * {@code -Dscenario.rewrite=true} writes them anew.
 */
class ScenarioTest {
    private static final Path FOLDER = Path.of("src", "test", "resources", "scenarios");

    static Stream<String> files() throws IOException {
        try (Stream<Path> paths = Files.list(FOLDER)) {
            return paths.map(p -> p.getFileName().toString()).sorted().toList().stream();
        }
    }

    @ParameterizedTest
    @MethodSource("files")
    void shouldPlayAsWritten(String name) throws IOException {
        Path file = FOLDER.resolve(name);
        List<ScenarioFile.Block> played = new ArrayList<>();
        List<ScenarioFile.Block> written = ScenarioFile.read(file);
        ScenarioInterpreter interpreter = new ScenarioInterpreter();
        for (ScenarioFile.Block b : written) {
            for (String command : b.commands()) {
                try {
                    interpreter.run(command);
                } catch (AssertionError | RuntimeException e) {
                    throw new AssertionError(
                            name + ": \"" + command + "\": " + e.getMessage() + "\n" + interpreter.history(), e);
                }
            }
            played.add(new ScenarioFile.Block(b.heading(), b.commands(), interpreter.takeTranscript()));
        }
        if (Boolean.getBoolean("scenario.rewrite")) {
            ScenarioFile.write(file, played);
        } else {
            for (int i = 0; i < written.size(); i++) {
                assertThat(played.get(i).transcript())
                        .as("%s: transcript of %s", name, written.get(i).commands())
                        .isEqualTo(written.get(i).transcript());
            }
        }
    }
}
