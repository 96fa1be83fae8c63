package io.parablock.tools;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

class ManPageTest {
    /** What bash offers after {@code parablock st}. */
    private static final String COMPLETE_ST = """
            source "$1"
            COMP_WORDS=(parablock st) COMP_CWORD=1 COMP_LINE="parablock st"
            _complete_parablock
            echo "${COMPREPLY[@]}"
            """;

    @TempDir
    Path folder;

    @Test
    void shouldTellOfEveryCommandAndOption() {
        String page = ManPage.text();
        new CommandLine(new Parablock()).getSubcommands().forEach((name, command) -> {
            if (command.getCommandSpec().usageMessage().hidden()) {
                assertThat(page).doesNotContain(".SS parablock " + ManPage.escaped(name));
                return;
            }
            assertThat(page).contains(".SS parablock " + ManPage.escaped(name));
            for (OptionSpec option : command.getCommandSpec().options()) {
                if (!option.hidden() && !option.usageHelp() && !option.versionHelp()) {
                    assertThat(page).contains("\\fB" + ManPage.escaped(option.longestName()) + "\\fR");
                }
            }
        });
        assertThat(page).contains(".SS parablock wal dump \\fIDIR\\fR");
    }

    /** groff's own opinion: it warns of what it cannot make sense of. */
    @Test
    void shouldBeSoundToGroff() throws Exception {
        Clients.require("groff");
        Path page = Files.writeString(folder.resolve("parablock.1"), ManPage.text());
        assertThat(Clients.run(20, "groff", "-man", "-Tutf8", "-ww", "-z", page.toString()))
                .isEmpty();
        assertThat(Clients.run(20, "groff", "-man", "-Tutf8", "-P-cbou", page.toString()))
                .contains("parablock node", "-c, --config FILE")
                .doesNotContain("\\f", "${");
    }

    @Test
    void shouldBeWrittenForThePackagesWithACompletionForBash() throws Exception {
        PackagedTexts.main(new String[] {folder.toString()});
        Path plain = folder.resolve("man/man1/parablock.1");
        assertThat(plain).content().isEqualTo(ManPage.text());
        try (GZIPInputStream in = new GZIPInputStream(Files.newInputStream(folder.resolve("man-gz/parablock.1.gz")))) {
            assertThat(in.readAllBytes()).isEqualTo(Files.readAllBytes(plain));
        }
        String completions = folder.resolve("completions/parablock.bash").toString();
        assertThat(Clients.run(10, "bash", "-c", COMPLETE_ST, "bash", completions))
                .contains("status");
    }

    @Test
    void shouldKeepWhatRoffWouldTakeForItself() {
        assertThat(ManPage.escaped("a-b \\ c\n.d\n'e")).isEqualTo("a\\-b \\e c\n\\&.d\n\\&'e");
    }
}
