package io.parablock.tools;

import java.util.Arrays;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/** The manual page parablock(1), made from the commands: what {@code --help} says of each of them, in man(7). */
final class ManPage {
    private static final String HEAD = """
            .TH PARABLOCK 1 "" "%s" "User Commands"
            .SH NAME
            parablock \\- replicated block storage served over NBD
            .SH SYNOPSIS
            .B parablock
            .I COMMAND
            .RI [ OPTION ...]
            .SH DESCRIPTION
            Every write goes to the nodes of a cluster and is answered once a majority has it on stable storage.
            Any NBD client can attach to any node, or to a gateway on its own machine.
            .SH COMMANDS
            """;

    private static final String TAIL = """
            .SH EXIT STATUS
            .TP
            0
            Done.
            .TP
            1
            Failed; one line says why.
            .TP
            2
            Wrong arguments or a wrong configuration; one line names them.
            .TP
            3
            A node or gateway that cannot go on; its log says why.
            .SH ENVIRONMENT
            .TP
            .BR PARABLOCK_ \\fIKEY\\fR
            A key of the configuration, in capitals with __ for a dot; it comes before the file.
            .TP
            .B PARABLOCK_JAVA_OPTS
            Added to the flags of the JVM of a node and of a gateway.
            .TP
            .B JAVA_HOME
            The Java to run with, if it is 17 or newer; otherwise the newest that is found.
            .TP
            .BR CACHE_DIRECTORY ", " XDG_CACHE_HOME
            Where class-data archives are kept, which shorten a start; otherwise ~/.cache.
            .SH FILES
            .TP
            .I /etc/parablock/parablock.conf
            The node that parablock.service runs.
            .TP
            .I /etc/parablock/gateway.conf
            The gateway that parablock\\-gateway.service runs.
            .TP
            .I /etc/default/parablock
            The environment of both services.
            .TP
            .I /var/lib/parablock
            Log, state and volumes of the node.
            .SH SEE ALSO
            .BR nbd\\-client (8),
            .BR qemu\\-nbd (8),
            .BR systemctl (1)
            """;

    private ManPage() {}

    /** All of it. */
    static String text() {
        CommandSpec parablock = new CommandLine(new Parablock()).getCommandSpec();
        StringBuilder out = new StringBuilder(HEAD.formatted(parablock.version()[0]));
        commands(out, parablock);
        return out.append(TAIL).toString();
    }

    private static void commands(StringBuilder out, CommandSpec parent) {
        for (CommandLine line : parent.subcommands().values()) {
            CommandSpec command = line.getCommandSpec();
            if (!command.usageMessage().hidden()) {
                command(out, command);
                commands(out, command);
            }
        }
    }

    private static void command(StringBuilder out, CommandSpec command) {
        out.append(".SS ").append(escaped(command.qualifiedName(" ")));
        for (PositionalParamSpec p : command.positionalParameters()) {
            if (!p.hidden()) {
                out.append(" \\fI").append(escaped(p.paramLabel())).append("\\fR");
            }
        }
        out.append('\n');
        paragraph(out, command.usageMessage().description());
        for (PositionalParamSpec p : command.positionalParameters()) {
            if (!p.hidden()) {
                out.append(".TP\n\\fI").append(escaped(p.paramLabel())).append("\\fR\n");
                described(out, p);
            }
        }
        for (OptionSpec o : command.options()) {
            if (!o.hidden() && !o.usageHelp() && !o.versionHelp()) {
                option(out, o);
            }
        }
    }

    private static void option(StringBuilder out, OptionSpec option) {
        List<String> names = Arrays.stream(option.names())
                .map(name -> "\\fB" + escaped(name) + "\\fR")
                .toList();
        out.append(".TP\n").append(String.join(", ", names));
        if (option.arity().max() > 0) {
            out.append(" \\fI").append(escaped(option.paramLabel())).append("\\fR");
        }
        out.append('\n');
        described(out, option);
    }

    private static void described(StringBuilder out, ArgSpec argument) {
        if (argument.description().length == 0) {
            throw new IllegalStateException(argument + " has no description");
        }
        paragraph(out, argument.description());
    }

    private static void paragraph(StringBuilder out, String[] lines) {
        for (String line : lines) {
            out.append(escaped(line.replace("%n", "\n"))).append('\n');
        }
    }

    /** Text in which a backslash, a dash and a control character at the start of a line mean themselves. */
    static String escaped(String text) {
        return text.replace("\\", "\\e").replace("-", "\\-").replaceAll("(?m)^(?=[.'])", "\\\\&");
    }
}
