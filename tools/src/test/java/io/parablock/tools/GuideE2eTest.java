package io.parablock.tools;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The guide with the command of a clone; {@link PackagesIT} has it with those of the packages, if it is asked. */
@Tag("e2e")
@Tag("one-jdk")
class GuideE2eTest {
    private static final Path ROOT = ArchitectureTest.root();

    @TempDir
    Path folder;

    @Test
    void shouldDoWhatTheGuideSays() throws Exception {
        try (GuidePage page = GuidePage.type(launcher(), folder, Path.of(System.getProperty("java.home")), 0)) {
            page.requireAsPrinted();
        }
    }

    /** As tools/parablock starts the command, without a build. */
    private Path launcher() throws Exception {
        NodeArchive.use();
        Path jvm = ROOT.resolve("tools/jvm");
        String extra = Runtime.version().feature() >= 24 ? " @" + jvm.resolve("jdk24.args") : "";
        String archive = System.getProperty("parablock.archive");
        extra += archive == null ? "" : " @" + archive;
        String script = """
                #!/bin/sh
                export CLASSPATH='%s'
                case "$1" in node) args=node.args ;; *) args=command.args ;; esac
                exec '%s/bin/java' @%s/common.args%s "@%s/$args" -Dparablock.home='%s' io.parablock.tools.Parablock "$@"
                """.formatted(
                        System.getProperty("java.class.path"), System.getProperty("java.home"), jvm, extra, jvm, ROOT);
        Path file = Files.createDirectory(folder.resolve("bin")).resolve("parablock");
        Files.writeString(file, script);
        return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }
}
