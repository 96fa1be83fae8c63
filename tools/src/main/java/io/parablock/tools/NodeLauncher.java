package io.parablock.tools;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Starts daemons as processes of their own, with the flags that the launcher script would give them. */
final class NodeLauncher {
    private static final int JDK_WITH_EXTRA_FLAGS = 24;

    private final Path jvmFolder;

    NodeLauncher() {
        String home = System.getProperty("parablock.home");
        if (home == null) {
            throw new CommandFailure(
                    "start this through the parablock script (the property parablock.home is not set)");
        }
        Path installed = Path.of(home, "jvm");
        this.jvmFolder = Files.isDirectory(installed) ? installed : Path.of(home, "tools", "jvm");
    }

    /** Starts the daemon of {@code config}; what it prints is added to {@code log}. */
    Process start(Path config, Path log, Path pidFile) throws IOException {
        return start("node", config, log, pidFile);
    }

    /** @param command {@code node} or {@code gateway} */
    Process start(String command, Path config, Path log, Path pidFile) throws IOException {
        Process process = program(Parablock.class.getName(), command, "-c", config.toString())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
                .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                .start();
        Files.writeString(pidFile, process.pid() + "\n");
        return process;
    }

    /** A program that runs as a daemon does. */
    ProcessBuilder program(String mainClass, String... arguments) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("@" + jvmFolder.resolve("common.args"));
        if (Runtime.version().feature() >= JDK_WITH_EXTRA_FLAGS) {
            command.add("@" + jvmFolder.resolve("jdk24.args"));
        }
        command.add("@" + jvmFolder.resolve("node.args"));
        // The launcher script knows whether there is one for this JDK and these jars.
        String archive = System.getProperty("parablock.archive");
        if (archive != null) {
            command.add("@" + archive);
        }
        command.add(mainClass);
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command);
        // Not on the command line: the JDK reads only 4096 bytes of one, and ClusterFolder looks for the configuration
        // there.
        builder.environment().put("CLASSPATH", System.getProperty("java.class.path"));
        return builder;
    }
}
