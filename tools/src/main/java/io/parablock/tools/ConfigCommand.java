package io.parablock.tools;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.parablock.config.ConfigException;
import io.parablock.config.ConfigurationPage;
import io.parablock.config.EffectiveConfig;
import io.parablock.config.Key;
import io.parablock.config.KeyCatalogue;
import io.parablock.config.KeyRange;
import io.parablock.config.Origin;
import io.parablock.config.Role;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code parablock config}: what a configuration says, whether it is right, and what a key means. */
@Command(
        name = "config",
        description = {
            "Checks or prints the configuration that a node would start with, or explains a key.",
            "The environment and properties count, as they do for a node. Exit codes: 0 done, 2 the configuration is wrong."
        },
        mixinStandardHelpOptions = true)
final class ConfigCommand implements Callable<Integer> {
    private static final String NO_FILE = "";

    @ArgGroup(multiplicity = "1")
    @SuppressWarnings("NullAway.Init")
    private What what;

    @Option(names = "--json", description = "as JSON, for scripts")
    private boolean asJson;

    @Option(names = "--gateway", description = "FILE is that of a gateway without a replica, and not a node's")
    private boolean ofGateway;

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    /** One of them. */
    static final class What {
        @Option(names = "--check", paramLabel = "FILE", description = "says ok, or names the first error and its place")
        private @Nullable Path check;

        @Option(
                names = "--print",
                paramLabel = "FILE",
                arity = "0..1",
                fallbackValue = NO_FILE,
                description = "every value and where it comes from: default, file, environment, property")
        private @Nullable String print;

        @Option(
                names = "--explain",
                paramLabel = "KEY",
                description = "meaning, unit, default, range, whether a reload applies it, an example")
        private @Nullable String explain;

        @Option(names = "--page", description = "all keys as a page in Markdown, docs/configuration.md")
        private boolean page;
    }

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        int exitCode = 0;
        if (what.check != null) {
            exitCode = check(what.check, out);
        } else if (what.explain != null) {
            explain(what.explain, out);
        } else if (what.print != null) {
            print(what.print, out);
        } else if (what.page && asJson) {
            throw CommandFailure.wrongArgument("--page is Markdown, and cannot be --json");
        } else if (what.page) {
            out.print(ConfigurationPage.text());
        }
        out.flush();
        return exitCode;
    }

    private Role role() {
        return ofGateway ? Role.GATEWAY : Role.NODE;
    }

    // ---------------------------------------------------------------- check

    private int check(Path file, PrintWriter out) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        try {
            EffectiveConfig.check(file, role(), System.getenv(), System.getProperties());
        } catch (ConfigException e) {
            if (!asJson) {
                throw CommandFailure.wrongArgument(String.valueOf(e.getMessage()));
            }
            out.println(json.put("ok", false).put("place", e.place()).put("error", e.line()));
            return CommandFailure.WRONG_ARGUMENTS;
        }
        out.println(asJson ? json.put("ok", true).toString() : "ok");
        return 0;
    }

    // ---------------------------------------------------------------- print

    private void print(String file, PrintWriter out) {
        EffectiveConfig config;
        try {
            Path path = file.equals(NO_FILE) ? null : Path.of(file);
            config = EffectiveConfig.of(path, role(), System.getenv(), System.getProperties());
        } catch (ConfigException e) {
            throw CommandFailure.wrongArgument(String.valueOf(e.getMessage()));
        }
        if (asJson) {
            out.println(json(config).toPrettyString());
        } else {
            config.settings().forEach(s -> out.println(line(s)));
        }
    }

    /** The output is a configuration again. */
    static String line(EffectiveConfig.Setting setting) {
        String name = setting.key().name();
        if (setting.value().isEmpty()) {
            return "# " + name + (setting.key().required() ? " is required" : " has no default");
        }
        // A comment: it must not be taken for the value when the output is used again.
        String shown = setting.shown();
        return (shown.equals(EffectiveConfig.HIDDEN) ? "# " : "") + name + " = " + shown + "  # "
                + word(setting.origin().kind())
                + (setting.origin().place().isEmpty()
                        ? ""
                        : " " + setting.origin().place());
    }

    private static ArrayNode json(EffectiveConfig config) {
        ArrayNode all = JsonNodeFactory.instance.arrayNode();
        for (EffectiveConfig.Setting s : config.settings()) {
            ObjectNode one = all.addObject().put("key", s.key().name());
            if (s.value().isEmpty()) {
                one.putNull("value");
            } else {
                one.put("value", s.shown());
            }
            one.put("origin", word(s.origin().kind())).put("place", s.origin().place());
        }
        return all;
    }

    private static String word(Origin.Kind kind) {
        return kind.name().toLowerCase(Locale.ROOT);
    }

    // ---------------------------------------------------------------- explain

    private void explain(String name, PrintWriter out) {
        Key key = KeyCatalogue.find(name);
        if (key == null) {
            throw CommandFailure.wrongArgument("unknown key " + name + "; did you mean "
                    + KeyCatalogue.nearest(
                            name, KeyCatalogue.keys().stream().map(Key::name).toList())
                    + "?");
        }
        if (asJson) {
            out.println(json(key).toPrettyString());
            return;
        }
        out.println(key.name());
        out.println("  " + key.meaning());
        out.println("  type:     " + key.type().word() + (key.unit().isEmpty() ? "" : " (" + key.unit() + ")"));
        out.println("  default:  " + (key.required() ? "none, it is required" : key.defaultText()));
        out.println("  range:    " + key.rangeText());
        out.println("  changes:  "
                + (key.reloadable() ? "at a reload (SIGHUP, POST /reload)" : "after a restart of the process"));
        out.println("  gateway:  " + (key.ofGateways() ? "yes, the same" : "no, a node's key"));
        out.println("  example:  " + key.exampleLine());
    }

    private static ObjectNode json(Key key) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("key", key.name()).put("meaning", key.meaning());
        json.put("type", key.type().word()).put("unit", key.unit());
        if (key.required()) {
            json.putNull("default");
        } else {
            json.put("default", key.defaultText());
        }
        json.put("range", key.rangeText());
        KeyRange range = key.range();
        if (range.isBounded()) {
            json.put("min", range.min()).put("max", range.max());
        }
        json.put("required", key.required()).put("reloadable", key.reloadable()).put("gateway", key.ofGateways());
        return json.put("example", key.exampleLine());
    }
}
