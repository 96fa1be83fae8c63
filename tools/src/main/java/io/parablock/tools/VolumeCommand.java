package io.parablock.tools;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code parablock volume}: the volumes of a running cluster. */
@Command(
        name = "volume",
        description = "Creates, grows, deletes and lists the volumes of a running cluster.",
        mixinStandardHelpOptions = true,
        subcommands = {
            VolumeCreateCommand.class,
            VolumeResizeCommand.class,
            VolumeDeleteCommand.class,
            VolumeListCommand.class,
            VolumeShowCommand.class
        })
final class VolumeCommand implements Runnable {
    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "give a command: create, resize, delete, list, show");
    }
}
