package io.parablock.tools;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Properties;

/** One command in the test's own process: what it printed, and how it ended. */
record CommandRun(int exitCode, String out, String err) {
    /** Properties of the test run are no configuration. */
    static CommandRun of(String... arguments) {
        Properties properties = System.getProperties();
        PrintStream out = System.out;
        PrintStream err = System.err;
        Properties without = (Properties) properties.clone();
        without.keySet().removeIf(name -> name.toString().startsWith("parablock."));
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        ByteArrayOutputStream complained = new ByteArrayOutputStream();
        System.setProperties(without);
        System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
        System.setErr(new PrintStream(complained, true, StandardCharsets.UTF_8));
        try {
            int exitCode = Parablock.execute(arguments);
            return new CommandRun(
                    exitCode, printed.toString(StandardCharsets.UTF_8), complained.toString(StandardCharsets.UTF_8));
        } finally {
            System.setProperties(properties);
            System.setOut(out);
            System.setErr(err);
        }
    }
}
