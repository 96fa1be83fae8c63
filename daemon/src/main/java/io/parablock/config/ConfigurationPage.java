package io.parablock.config;

import java.util.List;

/** docs/configuration.md, made from {@link KeyCatalogue}: {@value #COMMAND} writes it. */
public final class ConfigurationPage {
    /** Writes the page, in the checkout. */
    public static final String COMMAND = "tools/parablock config --page > docs/configuration.md";

    private static final String HEAD = """
            # Configuration keys

            <!-- Made from KeyCatalogue and parablock-reference.conf. Do not edit; write it anew:
                 %s -->

            One file in [HOCON](https://github.com/lightbend/config/blob/main/HOCON.md). Overrides, strongest first:
            `-Dparablock.KEY=VALUE`, the environment (`PARABLOCK_` + the key in capitals with `.` as `__`:
            `PARABLOCK_RAFT__SPAN`), the file. Sizes take `KiB`, `MiB`, `GiB`, `TiB`, times `ms`, `s`, `min`, `h`, `d`; without a
            unit they are bytes and milliseconds. A file that is included must be there. What else to know:
            [operating.md](operating.md#configuration-of-a-node).

            ```
            tools/parablock config --check FILE       # ok, or the first error with its place, and exit code 2
            tools/parablock config --print [FILE]     # every value, and where it comes from
            tools/parablock config --explain KEY      # what is below, of one key
            ```

            **R**: a change in the file takes effect at a [reload](operating.md#reload), without a restart. **G**: a [gateway on
            a client's machine](operating.md#a-gateway-on-a-clients-machine) has it too, with the same meaning.
            """;

    private ConfigurationPage() {}

    /** All of it, in Markdown. */
    public static String text() {
        StringBuilder out = new StringBuilder(HEAD.formatted(COMMAND));
        String section = "";
        for (Key key : KeyCatalogue.keys()) {
            String of = section(key);
            if (!of.equals(section)) {
                section = of;
                out.append("\n## ").append(section).append("\n\n");
                out.append("| key | meaning | default | range | unit | |\n|---|---|---|---|---|---|\n");
            }
            row(out, key);
        }
        return out.toString();
    }

    private static String section(Key key) {
        List<String> parts = List.of(key.name().split("\\.|\\["));
        return parts.get(0);
    }

    private static void row(StringBuilder out, Key key) {
        String otherwise = key.defaultText();
        String flags = (key.reloadable() ? "R" : "") + (key.ofGateways() ? "G" : "");
        out.append("| `").append(key.name()).append("` | ").append(cell(key.meaning()));
        out.append(" | ").append(key.required() ? "required" : otherwise.isEmpty() ? "" : "`" + cell(otherwise) + "`");
        out.append(" | ").append(cell(key.rangeText()));
        out.append(" | ").append(key.unit());
        out.append(" | ").append(flags).append(" |\n");
    }

    private static String cell(String text) {
        return text.replace("|", "\\|");
    }
}
