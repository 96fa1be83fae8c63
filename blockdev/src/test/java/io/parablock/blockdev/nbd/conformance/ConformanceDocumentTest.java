package io.parablock.blockdev.nbd.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** docs/nbd-conformance.md lists the checks that exist; {@code ConformanceMain --table} prints them. */
class ConformanceDocumentTest {
    @Test
    void shouldListEveryCheckAndNoOther() throws IOException {
        List<String> listed = Files.readAllLines(Path.of("../docs/nbd-conformance.md")).stream()
                .filter(line -> line.matches("\\| [A-Z][A-Za-z]+\\.[A-Za-z0-9]+ \\| .* \\|"))
                .filter(line -> !line.contains("| nbdkit |") && !line.contains("| qemu-nbd |"))
                .toList();
        assertThat(listed).isEqualTo(ConformanceSuite.table());
    }
}
