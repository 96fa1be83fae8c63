package io.parablock.tools;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.charset.Charset;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code parablock volume delete}: a volume goes, and all that is on it. */
@Command(
        name = "delete",
        description = {
            "Deletes a volume that was created, with all that is on it: its clients are disconnected, its space comes back.",
            "A node that is down deletes its part when it is back. On a node's own machine."
        },
        mixinStandardHelpOptions = true)
final class VolumeDeleteCommand implements Callable<Integer> {
    @Parameters(paramLabel = "NAME", description = "which volume")
    @SuppressWarnings("NullAway.Init")
    private String name;

    @Option(names = "--yes", description = "do not ask")
    private boolean sure;

    @Mixin
    private VolumeChange change = new VolumeChange();

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Override
    public Integer call() throws InterruptedException {
        PrintWriter out = spec.commandLine().getOut();
        if (!sure && !Terminal.isThere()) {
            throw CommandFailure.wrongArgument("give --yes: all that is on volume " + name + " is lost");
        }
        if (!sure && !agrees(out)) {
            throw new CommandFailure("nothing was deleted");
        }
        return change.make("delete", name, "", "volume " + name + " was deleted", out);
    }

    private boolean agrees(PrintWriter out) {
        out.print("Delete volume " + name + " with all that is on it? [y/N] ");
        out.flush();
        try {
            String line = new BufferedReader(new InputStreamReader(System.in, Charset.defaultCharset())).readLine();
            return line != null && line.strip().toLowerCase(Locale.ROOT).matches("y|yes");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
