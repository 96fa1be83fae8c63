package io.parablock.tools;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the packages bring for an operator to change. */
class PackagingTest {
    /** Of 100, as {@code systemd-analyze security} counts; 100 is a service without any hardening. */
    private static final int EXPOSURE_MAX = 20;

    private static final Path SOURCES = Path.of("src/packaging").toAbsolutePath();

    @TempDir
    Path folder;

    @Test
    void shouldBringConfigurationsThatAreRight() {
        assertThat(CommandRun.of("config", "--check", SOURCES + "/conf/parablock.conf"))
                .isEqualTo(new CommandRun(0, "ok\n", ""));
        assertThat(CommandRun.of("config", "--gateway", "--check", SOURCES + "/conf/gateway.conf"))
                .isEqualTo(new CommandRun(0, "ok\n", ""));
    }

    @ParameterizedTest
    @ValueSource(strings = {"parablock.service", "parablock-gateway.service"})
    void shouldBringUnitsThatSystemdTakesAndThatGiveLittleAway(String name) throws Exception {
        String text = Files.readString(SOURCES.resolve("systemd").resolve(name));
        assertThat(text).contains("\nExecStart=parablock ");
        Clients.require("systemd-analyze");
        // It looks for the command, which is not installed here.
        Path unit =
                Files.writeString(folder.resolve(name), text.replace("ExecStart=parablock ", "ExecStart=/bin/true "));
        assertThat(Clients.run(20, "systemd-analyze", "verify", "--man=no", unit.toString()))
                .isEmpty();
        assertThat(Clients.run(
                        20,
                        "systemd-analyze",
                        "security",
                        "--offline=yes",
                        "--no-pager",
                        "--threshold=" + EXPOSURE_MAX,
                        unit.toString()))
                .contains("Overall exposure level for " + name);
    }
}
