package io.parablock.tools;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code parablock volume resize}: a volume grows. */
@Command(
        name = "resize",
        description = {
            "Grows a volume that was created; its clients go on, and see the new size when they connect anew.",
            "A volume does not shrink. Returns as create does. On a node's own machine."
        },
        mixinStandardHelpOptions = true)
final class VolumeResizeCommand implements Callable<Integer> {
    @Parameters(paramLabel = "NAME", description = "which volume")
    @SuppressWarnings("NullAway.Init")
    private String name;

    @Option(
            names = "--size",
            paramLabel = "SIZE",
            required = true,
            converter = ByteSize.Converter.class,
            description = "the new size, such as 20GiB")
    @SuppressWarnings("NullAway.Init")
    private ByteSize size;

    @Mixin
    private VolumeChange change = new VolumeChange();

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Override
    public Integer call() throws InterruptedException {
        String done = "volume " + name + " has " + size + " now";
        return change.make(
                "resize",
                name,
                "&size=" + size.bytes(),
                done,
                spec.commandLine().getOut());
    }
}
