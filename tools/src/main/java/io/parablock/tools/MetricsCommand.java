package io.parablock.tools;

import io.parablock.metrics.Metric;
import io.parablock.metrics.MetricsPage;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code parablock metrics}: what there is at /metrics. */
@Command(
        name = "metrics",
        description = "Lists the metrics that nodes and gateways export at /metrics: name, kind, labels, meaning.",
        mixinStandardHelpOptions = true)
final class MetricsCommand implements Callable<Integer> {
    @Option(names = "--page", description = "as a page in Markdown, docs/metrics.md")
    private boolean page;

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        if (page) {
            out.print(MetricsPage.text());
        } else {
            for (Metric m : Metric.values()) {
                out.println(m.prometheusName() + " (" + m.kind().name().toLowerCase(Locale.ROOT)
                        + (m.tags().isEmpty() ? "" : " by " + String.join(", ", m.tags())) + ")");
                out.println("    " + m.description());
            }
        }
        out.flush();
        return 0;
    }
}
