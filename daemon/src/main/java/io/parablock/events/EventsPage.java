package io.parablock.events;

import java.util.Locale;
import java.util.stream.Collectors;

/** docs/events.md, made from {@link EventKind}: {@value #COMMAND} writes it. */
public final class EventsPage {
    /** Writes the page, in the checkout. */
    public static final String COMMAND = "tools/parablock events --page > docs/events.md";

    private static final String HEAD = """
            # Events

            <!-- Made from EventKind. Do not edit; write it anew:
                 %s -->

            A process tells of each change of its state once, with the reason. An id and a kind never change their meaning, so that
            alerts can be made of them; texts may change. How to read them: [operating.md](operating.md#events).

            | id | kind | level | fields | it means | do |
            |---|---|---|---|---|---|
            """;

    private EventsPage() {}

    /** All of it, in Markdown. */
    public static String text() {
        StringBuilder out = new StringBuilder(HEAD.formatted(COMMAND));
        for (EventKind kind : EventKind.values()) {
            String fields = kind.fields().stream().map(f -> "`" + f + "`").collect(Collectors.joining(", "));
            out.append("| ")
                    .append(kind.id())
                    .append(" | `")
                    .append(kind.word())
                    .append("` | ");
            out.append(kind.level().name().toLowerCase(Locale.ROOT))
                    .append(" | ")
                    .append(fields);
            out.append(" | ")
                    .append(kind.meaning())
                    .append(" | ")
                    .append(kind.action())
                    .append(" |\n");
        }
        return out.toString();
    }
}
