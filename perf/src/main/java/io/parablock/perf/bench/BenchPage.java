package io.parablock.perf.bench;

import com.samskivert.mustache.Mustache;
import com.samskivert.mustache.Template;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What was measured on one page that needs nothing else. */
public final class BenchPage {
    private static final String TEMPLATE = "report.html";

    private BenchPage() {}

    public static void write(BenchResult result, Path file) throws IOException {
        Files.writeString(file, of(result));
    }

    static String of(BenchResult result) throws IOException {
        BenchTable table = new BenchTable(result);
        Map<String, Object> page = new LinkedHashMap<>();
        page.put("began", result.began().toString());
        page.put("took", String.format(Locale.ROOT, "%.0f", result.tookSeconds()));
        page.put("tables", tables(table));
        page.put("remarks", table.remarks());
        page.put("machine", pairs(result.machine()));
        page.put("settings", pairs(settings(result.settings())));
        List<Map<String, Object>> variants = new ArrayList<>();
        result.variants().forEach((name, facts) -> variants.add(Map.of("name", name, "facts", pairs(facts))));
        page.put("variants", variants);
        try {
            page.put("pictures", pictures(result));
        } catch (RuntimeException | LinkageError | InternalError e) {
            // What the JDK throws where there are no fonts.
            throw new IOException("cannot draw; fonts are needed (packages fontconfig and fonts-dejavu-core): " + e, e);
        }
        try (InputStream in = BenchPage.class.getResourceAsStream(TEMPLATE)) {
            if (in == null) {
                throw new FileNotFoundException(TEMPLATE);
            }
            try (Reader reader = new InputStreamReader(in, StandardCharsets.UTF_8)) {
                Template template = Mustache.compiler()
                        .escapeHTML(true)
                        .emptyStringIsFalse(true)
                        .compile(reader);
                return template.execute(page);
            }
        }
    }

    /** One without lines is left out. */
    private static List<Map<String, Object>> tables(BenchTable table) {
        List<Map<String, Object>> all = new ArrayList<>();
        all.add(Map.of("heading", "", "note", "", "header", table.header(), "lines", table.lines()));
        String note = "Mean and p99: below 1, parallel is faster. Per second: above 1, it does more.";
        add(all, "Parallel over strict", note, table.comparisonHeader(), table.comparisonLines());
        add(all, "Goals", "", table.goalHeader(), table.goalLines());
        return all;
    }

    private static void add(
            List<Map<String, Object>> all, String heading, String note, List<String> header, List<List<String>> lines) {
        if (!lines.isEmpty()) {
            all.add(Map.of("heading", heading, "note", note, "header", header, "lines", lines));
        }
    }

    private static List<Map<String, String>> pictures(BenchResult result) throws IOException {
        BenchPictures pictures = new BenchPictures(result);
        List<Map<String, String>> all = new ArrayList<>();
        for (String scenario : result.scenarios().keySet()) {
            String in = result.scenarios().size() > 1 ? ", " + scenario : "";
            // A curve takes two points.
            if (result.settings().shapes().stream().filter(s -> !s.open()).count() > 1) {
                String rate = "requests per second";
                all.add(picture(rate + in, pictures.byDepth(scenario, rate, in, RoundFigures::perSecond)));
                String p99 = "p99, µs";
                all.add(picture(
                        p99 + in,
                        pictures.byDepth(scenario, p99, in, r -> r.all().p99Us())));
            }
            for (LoadShape shape : result.settings().shapes()) {
                String title = shape.label() + in;
                all.add(picture("latency by percentile, " + title, pictures.percentiles(scenario, shape, title)));
            }
        }
        return all;
    }

    /** As an image of its own, for the names inside one picture are those inside the next. */
    private static Map<String, String> picture(String title, String svg) {
        String encoded = Base64.getEncoder().encodeToString(svg.getBytes(StandardCharsets.UTF_8));
        return Map.of("title", title, "source", "data:image/svg+xml;base64," + encoded);
    }

    private static Map<String, String> settings(BenchSettings settings) {
        Map<String, String> said = new LinkedHashMap<>();
        said.put("request", settings.blockBytes() + " bytes, " + settings.readPercent() + " % reads");
        said.put(
                "addresses",
                settings.addresses() + " in " + (settings.rangeBytes() >> 20) + " MiB; " + settings.overlapPercent()
                        + " % of the writes to " + settings.hotBlocks() + " hot blocks");
        said.put(
                "measured",
                settings.rounds() + " rounds of " + settings.seconds() + " s after a warm-up of "
                        + settings.warmUpSeconds() + " s for each variant");
        said.put("seed", Long.toString(settings.seed()));
        return said;
    }

    private static List<Map<String, String>> pairs(Map<String, String> facts) {
        return facts.entrySet().stream()
                .map(e -> Map.of("key", e.getKey().replace('_', ' '), "value", e.getValue()))
                .toList();
    }
}
