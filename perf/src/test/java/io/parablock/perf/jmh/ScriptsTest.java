package io.parablock.perf.jmh;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** Arguments that cannot be used: one line, and nothing is built. */
class ScriptsTest {
    private static void refuses(String expected, String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(said).isEqualTo(2);
        assertThat(said.lines()).hasSize(1);
        assertThat(said).contains(expected);
    }

    @Test
    void compareCommitsRefusesWhatItCannotCompare() throws Exception {
        refuses("two commits", "./compare-commits");
        refuses("two commits", "./compare-commits", "HEAD");
        refuses("no such commit: no-such-commit", "./compare-commits", "no-such-commit", "HEAD");
        refuses("no such commit: --help", "./compare-commits", "--help", "HEAD");
    }

    @Test
    void compareCommitsRefusesOptionsThatItDoesNotKnow() throws Exception {
        refuses("--rounds needs a number", "./compare-commits", "HEAD", "HEAD", "--rounds", "0");
        refuses("--rounds needs a number", "./compare-commits", "HEAD", "HEAD", "--rounds");
        refuses("unknown option --round", "./compare-commits", "HEAD", "HEAD", "--round", "3");
        refuses("-f is not for you", "./compare-commits", "HEAD", "HEAD", "-f", "3");
    }

    @Test
    void jmhRefusesOptionsThatItDoesNotKnow() throws Exception {
        refuses("unknown option --jsno", "./jmh", "--jsno");
        refuses("--json needs a file", "./jmh", "--json");
    }
}
