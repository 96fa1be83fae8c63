package io.parablock.metrics;

import java.util.Locale;
import java.util.stream.Collectors;

/** docs/metrics.md, made from {@link Metric}: {@value #COMMAND} writes it. */
public final class MetricsPage {
    /** Writes the page, in the checkout. */
    public static final String COMMAND = "tools/parablock metrics --page > docs/metrics.md";

    private static final String HEAD = """
            # Metrics

            <!-- Made from the class Metric. Do not edit; write it anew:
                 %s -->

            Every node, and every [gateway on a client's machine](operating.md#a-gateway-on-a-clients-machine) with `http.listen`,
            has them at `http://HOST:PORT/metrics`, in Prometheus's text format. A dashboard and alert rules:
            [operating.md](operating.md#metrics-and-alerts).

            A counter counts from the start of the process. A histogram has the series `NAME_bucket{le=...}`, `NAME_count` and
            `NAME_sum`; its buckets end at 50, 100, 200 and 500 µs, 1, 2, 5, 10, 20, 50, 100, 200 and 500 ms, 1, 2, 5 and 10 s.
            **N**: nodes have it. **G**: gateways without a replica have it.
            """;

    private static final String STANDARD = """

            ## From the libraries

            Named by Micrometer, the same in every program that uses it. Those to begin with:

            | metric | meaning |
            |---|---|
            | `jvm_gc_pause_seconds_count`, `_sum`, `_max` | pauses of the garbage collector, by `action` and `cause` |
            | `jvm_memory_used_bytes`, `jvm_memory_max_bytes` | memory of the JVM, by `area` and `id` |
            | `jvm_buffer_memory_used_bytes` | direct and mapped buffers of the JDK, by `id` |
            | `netty_allocator_memory_used` | memory that Netty's allocator holds in bytes, by `memory_type` |
            | `process_cpu_usage` | CPU that the process uses, of all that the machine has, 0 to 1 |
            | `process_uptime_seconds`, `process_start_time_seconds` | how long it runs, and since when |
            | `process_files_open_files`, `process_files_max_files` | open files, and how many there may be |
            | `jvm_threads_live_threads` | threads |
            """;

    private MetricsPage() {}

    /** All of it, in Markdown. */
    public static String text() {
        StringBuilder out = new StringBuilder(HEAD.formatted(COMMAND));
        Section section = null;
        for (Metric m : Metric.values()) {
            if (m.section() != section) {
                section = m.section();
                out.append("\n## ").append(section.title).append("\n\n");
                out.append("| metric | kind | labels | meaning | |\n|---|---|---|---|---|\n");
            }
            row(out, m);
        }
        return out.append(STANDARD).toString();
    }

    private static void row(StringBuilder out, Metric m) {
        String kind = m.kind() == Kind.TIMER ? "histogram" : m.kind().name().toLowerCase(Locale.ROOT);
        out.append("| `").append(m.prometheusName()).append("` | ").append(kind).append(" | ");
        out.append(m.tags().stream().map(t -> "`" + t + "`").collect(Collectors.joining(", ")));
        out.append(" | ").append(m.description()).append(" | ");
        out.append(m.of() == Metric.Of.GATEWAY ? "" : "N").append(m.of() == Metric.Of.NODE ? "" : "G");
        out.append(" |\n");
    }
}
