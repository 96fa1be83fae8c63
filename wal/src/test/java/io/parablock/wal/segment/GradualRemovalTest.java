package io.parablock.wal.segment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GradualRemovalTest {
    private static final int STEPS = 8;

    @TempDir
    Path folder;

    private Path file(String name) throws IOException {
        return Files.write(folder.resolve(name), new byte[(int) (STEPS * GradualRemoval.STEP_BYTES) + 1]);
    }

    @Test
    void shortensAFileStepByStepBeforeItIsGone() throws Exception {
        Path file = file("segment");
        List<Boolean> gone = new ArrayList<>();
        try (GradualRemoval removal = new GradualRemoval()) {
            long beganNs = System.nanoTime();
            removal.remove(file, () -> gone.add(!Files.exists(file)));
            long shortest = Long.MAX_VALUE;
            while (gone.isEmpty() && System.nanoTime() - beganNs < 10_000_000_000L) {
                shortest = Math.min(shortest, Files.exists(file) ? file.toFile().length() : shortest);
                Thread.onSpinWait();
            }
            assertThat(System.nanoTime() - beganNs).isGreaterThan((STEPS - 1) * GradualRemoval.PAUSE_NS);
            assertThat(shortest).isLessThanOrEqualTo(2 * GradualRemoval.STEP_BYTES);
        }
        assertThat(gone).containsExactly(true);
    }

    @Test
    void hurriesWhenSomebodyWaitsForTheRoom() throws Exception {
        try (GradualRemoval removal = new GradualRemoval()) {
            for (int i = 0; i < GradualRemoval.UNHURRIED_FILES_MAX; i++) {
                removal.remove(file("segment" + i), () -> {});
            }
            removal.finish();
            assertThat(folder).isEmptyDirectory();
        }
    }

    @Test
    void aFileThatIsGoneAlreadyIsNoFailure() throws Exception {
        try (GradualRemoval removal = new GradualRemoval()) {
            removal.remove(folder.resolve("none"), () -> {});
            removal.finish();
        }
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void tellsOfAFileThatCouldNotBeRemoved() throws Exception {
        Path full = Files.createDirectory(folder.resolve("full"));
        Files.createFile(full.resolve("entry"));
        GradualRemoval removal = new GradualRemoval();
        removal.remove(full, () -> {});
        assertThatThrownBy(removal::finish).isInstanceOf(IOException.class);
        assertThatThrownBy(() -> removal.remove(folder.resolve("next"), () -> {}))
                .isInstanceOf(IOException.class);
        assertThatThrownBy(removal::close).isInstanceOf(IOException.class);
    }
}
