package io.parablock.tools;

import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code parablock volume create}: one more volume, on every node. */
@Command(
        name = "create",
        description = {
            "Creates a volume while the cluster runs; any node serves it under its name.",
            "Returns when a majority of the nodes serves it, and the others that answer. On a node's own machine."
        },
        mixinStandardHelpOptions = true)
final class VolumeCreateCommand implements Callable<Integer> {
    @Parameters(paramLabel = "NAME", description = "what NBD clients ask for: letters, digits, dots, dashes")
    @SuppressWarnings("NullAway.Init")
    private String name;

    @Option(
            names = "--size",
            paramLabel = "SIZE",
            required = true,
            converter = ByteSize.Converter.class,
            description = "such as 10GiB; the blocks are allocated as they are written")
    @SuppressWarnings("NullAway.Init")
    private ByteSize size;

    @Option(
            names = "--chunk-size",
            paramLabel = "SIZE",
            converter = ByteSize.Converter.class,
            description = "so much of it is a group, with a log and a leader of its own (default: 10GiB)")
    private @Nullable ByteSize chunkSize;

    @Mixin
    private VolumeChange change = new VolumeChange();

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Override
    public Integer call() throws InterruptedException {
        String query = "&size=" + size.bytes() + (chunkSize == null ? "" : "&chunk_size=" + chunkSize.bytes());
        String done = "volume " + name + " was created, " + size;
        return change.make("create", name, query, done, spec.commandLine().getOut());
    }
}
