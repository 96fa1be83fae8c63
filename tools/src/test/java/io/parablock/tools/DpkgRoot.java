package io.parablock.tools;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;

/**
 * An empty root that dpkg installs a package into, with its scripts. They run against it by {@code DPKG_ROOT}; what they would
 * ask of the machine (users, services) is written down instead.
 */
final class DpkgRoot {
    private static final String STUB = """
            #!/bin/sh
            echo "${0##*/} $*" >> "%1$s/calls"
            case "${0##*/} $*" in
                "getent passwd parablock") [ -e "%1$s/user" ] ;;
                "systemctl --quiet is-active "*) grep -qx "$3" "%1$s/active" ;;
                adduser*) touch "%1$s/user" ;;
            esac
            """;

    private final Path root;
    private final Path stubs;
    private final Path deb;

    DpkgRoot(Path folder, Path deb) throws IOException {
        this.deb = deb;
        this.root = Files.createDirectory(folder.resolve("root"));
        this.stubs = Files.createDirectory(folder.resolve("stubs"));
        for (String made : List.of("var/lib/dpkg/info", "var/lib/dpkg/updates", "run/systemd/system", "tmp")) {
            Files.createDirectories(root.resolve(made));
        }
        Files.createFile(root.resolve("var/lib/dpkg/status"));
        Files.createFile(stubs.resolve("active"));
        for (String program : List.of("systemctl", "deb-systemd-invoke", "adduser", "getent")) {
            Path stub = Files.writeString(stubs.resolve(program), STUB.formatted(stubs));
            Files.setPosixFilePermissions(stub, PosixFilePermissions.fromString("rwxr-xr-x"));
        }
    }

    Path file(String path) {
        return root.resolve(path);
    }

    /** From now on this unit, and no other, is active. */
    void running(String unit) throws IOException {
        Files.writeString(stubs.resolve("active"), unit + "\n");
    }

    /** @param action {@code -i}, {@code -r} or {@code -P} */
    void dpkg(String action) throws Exception {
        Files.deleteIfExists(stubs.resolve("calls"));
        ProcessBuilder builder = new ProcessBuilder(
                "dpkg",
                "--root=" + root,
                "--force-script-chrootless",
                "--force-depends",
                action,
                action.equals("-i") ? deb.toString() : "parablock");
        builder.environment().clear();
        builder.environment().putAll(Map.of("PATH", stubs + ":/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL", "C"));
        Process process = builder.redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new AssertionError("dpkg " + action + ": " + output);
        }
    }

    /** What the scripts asked of the machine since the last {@link #dpkg} began. */
    List<String> calls() throws IOException {
        Path calls = stubs.resolve("calls");
        return Files.exists(calls) ? Files.readAllLines(calls) : List.of();
    }
}
