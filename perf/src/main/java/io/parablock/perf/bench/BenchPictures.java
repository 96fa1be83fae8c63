package io.parablock.perf.bench;

import java.awt.Color;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.HistogramIterationValue;
import org.knowm.xchart.ChartEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.style.Styler.ChartTheme;
import org.knowm.xchart.style.Styler.LegendLayout;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** The pictures of the report, as SVG. */
final class BenchPictures {
    private static final String FORMAT = "svg";
    private static final int WIDTH = 760;
    private static final int HEIGHT = 420;
    private static final int TICKS_PER_HALF_DISTANCE = 5;
    private static final double NS_PER_US = 1e3;

    /** One for each variant; told apart by those, too, who see few colours (those of Okabe and Ito). */
    static final Color[] COLORS = {
        new Color(0, 114, 178),
        new Color(213, 94, 0),
        new Color(0, 158, 115),
        new Color(204, 121, 167),
        new Color(230, 159, 0),
        new Color(86, 180, 233),
        new Color(120, 120, 120),
        new Color(0, 0, 0)
    };

    private final BenchResult result;

    BenchPictures(BenchResult result) {
        this.result = result;
    }

    /** Latency by percentile, a curve for each variant, all rounds together. */
    String percentiles(String scenario, LoadShape shape, String title) throws IOException {
        List<BenchRow> rows = result.rows().stream()
                .filter(row -> row.scenario().equals(scenario)
                        && row.shape().equals(shape)
                        && row.latencyNs().getTotalCount() > 0)
                .toList();
        XYChart chart = chart(title, "percentile", "latency, µs");
        chart.getStyler().setXAxisLogarithmic(true).setXAxisLogarithmicDecadeOnly(true);
        chart.getStyler().setYAxisLogarithmic(true).setYAxisTickLabelsFormattingFunction(BenchPictures::plain);
        wholeDecades(chart, rows);
        // The axis is one of 1 / (1 - quantile): each decade is a nine more.
        chart.getStyler().setXAxisTickLabelsFormattingFunction(BenchPictures::percentile);
        rows.forEach(row -> addCurve(chart, row.variant(), row.latencyNs()));
        return svg(chart);
    }

    /** Only decades have labels, so at least two must be seen. */
    private static void wholeDecades(XYChart chart, List<BenchRow> rows) {
        double least = Double.MAX_VALUE;
        double most = 1;
        for (BenchRow row : rows) {
            least = Math.min(least, Math.max(1, row.latencyNs().getMinValue() / NS_PER_US));
            most = Math.max(most, row.latencyNs().getMaxValue() / NS_PER_US);
        }
        if (least <= most) {
            double low = Math.floor(Math.log10(least));
            double high = Math.max(low + 1, Math.ceil(Math.log10(most)));
            chart.getStyler().setYAxisMin(Math.pow(10, low)).setYAxisMax(Math.pow(10, high));
        }
    }

    private static String plain(double value) {
        return String.format(Locale.ROOT, "%.0f", value);
    }

    private static void addCurve(XYChart chart, String name, Histogram latencyNs) {
        List<Double> x = new ArrayList<>();
        List<Double> y = new ArrayList<>();
        for (HistogramIterationValue value : latencyNs.percentiles(TICKS_PER_HALF_DISTANCE)) {
            double above = 1 - value.getPercentileLevelIteratedTo() / 100;
            if (above > 0) {
                x.add(1 / above);
                y.add(Math.max(1, value.getValueIteratedTo() / NS_PER_US));
            }
        }
        chart.addSeries(name, x, y).setMarker(SeriesMarkers.NONE);
    }

    private static String percentile(double inverse) {
        double percent = 100 * (1 - 1 / inverse);
        int decimals = Math.max(0, (int) Math.round(Math.log10(inverse)) - 2);
        return String.format(Locale.ROOT, "%." + decimals + "f%%", percent);
    }

    /** A figure of the closed loops against their depth, a curve for each variant. */
    String byDepth(String scenario, String what, String in, ToDoubleFunction<RoundFigures> of) throws IOException {
        XYChart chart = chart(what + in, "requests in flight", what);
        // The axis is one of binary logarithms.
        chart.getStyler().setXAxisTickLabelsFormattingFunction(x -> x == Math.rint(x) ? plain(Math.pow(2, x)) : "");
        chart.getStyler()
                .setYAxisTickLabelsFormattingFunction(BenchPictures::plain)
                .setYAxisMin(0.0);
        for (String variant : result.variants().keySet()) {
            List<Double> x = new ArrayList<>();
            List<Double> y = new ArrayList<>();
            result.rows().stream()
                    .filter(row -> row.scenario().equals(scenario))
                    .filter(row -> row.variant().equals(variant) && !row.shape().open())
                    .sorted((a, b) ->
                            Integer.compare(a.shape().value(), b.shape().value()))
                    .forEach(row -> {
                        x.add(Math.log(row.shape().value()) / Math.log(2));
                        y.add(row.median(of));
                    });
            if (!x.isEmpty()) {
                chart.addSeries(variant, x, y);
            }
        }
        return svg(chart);
    }

    private static XYChart chart(String title, String x, String y) {
        XYChart chart = new XYChartBuilder()
                .width(WIDTH)
                .height(HEIGHT)
                .title(title)
                .xAxisTitle(x)
                .yAxisTitle(y)
                .theme(ChartTheme.XChart)
                .build();
        chart.getStyler()
                .setSeriesColors(COLORS)
                .setChartBackgroundColor(Color.WHITE)
                .setLegendBorderColor(Color.WHITE)
                .setLegendPosition(LegendPosition.OutsideS)
                .setLegendLayout(LegendLayout.Horizontal)
                .setLocale(Locale.ROOT);
        return chart;
    }

    private static String svg(XYChart chart) throws IOException {
        return new String(ChartEncoder.getBytes(chart, FORMAT), StandardCharsets.UTF_8);
    }
}
