package io.parablock.events;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class EventsPageTest {
    private static final Path PAGE = Path.of("..", "docs", "events.md");

    @Test
    void shouldBeThePageInTheDocumentation() throws IOException {
        assertThat(Files.readString(PAGE))
                .as("docs/events.md is made from EventKind: write it anew with\n    " + EventsPage.COMMAND)
                .isEqualTo(EventsPage.text());
    }
}
