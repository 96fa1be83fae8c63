package io.parablock.tools;

import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The guide with the command of a clone. Where packages are made, {@link PackagesIT} has it at once with theirs. */
@Tag("e2e")
@Tag("one-jdk")
@Tag("without-packages")
class GuideE2eTest {
    @TempDir
    Path folder;

    @Test
    void shouldDoWhatTheGuideSays() throws Exception {
        try (GuidePage page = GuidePage.typeInClone(folder)) {
            page.requireAsPrinted();
        }
    }
}
