package io.parablock.wal;

import java.lang.management.ManagementFactory;
import java.util.List;

/** What a JVM that a test starts needs from the test's own: the flags of its modules and of its JDK. */
public final class TestJvm {
    private TestJvm() {}

    public static List<String> flags() {
        return ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(arg -> arg.startsWith("--") || arg.startsWith("-Dchronicle"))
                .toList();
    }
}
