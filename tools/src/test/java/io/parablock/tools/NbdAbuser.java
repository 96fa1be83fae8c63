package io.parablock.tools;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;

/**
 * {@link NbdAbuse} in a process of its own, at the lowest priority. Elsewhere abusers come with processors of their own; here
 * they share two with the abused node, its peers and the measured clients, and what they burn is not the server's doing. They
 * send no less for it.
 */
final class NbdAbuser implements AutoCloseable {
    private static final String LEAVE = "leave";

    private final Process process;
    private final BufferedWriter commands;
    private final BufferedReader answers;

    NbdAbuser(InetSocketAddress address, long seed) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(
                "nice",
                "-n",
                "19",
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx128m",
                "-XX:+UseSerialGC",
                NbdAbuser.class.getName(),
                address.getHostString(),
                Integer.toString(address.getPort()),
                Long.toString(seed));
        builder.environment().put("CLASSPATH", System.getProperty("java.class.path"));
        process = builder.redirectError(ProcessBuilder.Redirect.INHERIT).start();
        commands = process.outputWriter(StandardCharsets.UTF_8);
        answers = process.inputReader(StandardCharsets.UTF_8);
    }

    /** See {@link NbdAbuse#run}. */
    NbdAbuse.Outcome run(NbdAbuse.Kind kind, long phaseMs, int garbage) throws IOException {
        String[] counts = ask(kind + " " + phaseMs + " " + garbage).split(" ");
        return new NbdAbuse.Outcome(Integer.parseInt(counts[0]), Integer.parseInt(counts[1]));
    }

    /** See {@link NbdAbuse#leave}. */
    void leave() throws IOException {
        String unused = ask(LEAVE);
    }

    private String ask(String command) throws IOException {
        commands.write(command);
        commands.newLine();
        commands.flush();
        String answer = answers.readLine();
        if (answer == null || !answer.matches("\\d+ \\d+")) {
            throw new IOException("abuse " + command + " ended with: " + answer);
        }
        return answer;
    }

    /** Of a processor's time, so far. */
    Duration processorTime() {
        return process.toHandle().info().totalCpuDuration().orElse(Duration.ZERO);
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }

    /** Arguments: the host, the port, the seed. Ends with its input. */
    public static void main(String[] arguments) throws Exception {
        InetSocketAddress address = new InetSocketAddress(arguments[0], Integer.parseInt(arguments[1]));
        NbdAbuse abuse = new NbdAbuse(address, Long.parseLong(arguments[2]));
        BufferedReader commands = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = commands.readLine(); line != null; line = commands.readLine()) {
            System.out.println(answer(abuse, line));
        }
    }

    private static String answer(NbdAbuse abuse, String command) throws Exception {
        if (command.equals(LEAVE)) {
            return abuse.leave() + " 0";
        }
        String[] words = command.split(" ");
        try {
            NbdAbuse.Outcome outcome =
                    abuse.run(NbdAbuse.Kind.valueOf(words[0]), Long.parseLong(words[1]), Integer.parseInt(words[2]));
            return outcome.accepted() + " " + outcome.refused();
        } catch (IOException e) {
            return e.toString();
        }
    }
}
