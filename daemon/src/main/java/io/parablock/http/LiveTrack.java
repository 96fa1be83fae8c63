package io.parablock.http;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/** A table of figures: a row per period, of which the last are kept, and a column per figure. One thread at a time. */
final class LiveTrack {
    /** Named limit: what comes above it is not kept. */
    static final int COLUMNS_MAX = 96;

    private final int periodMs;
    private final long[] uptimeMs;
    private final Map<String, double[]> columns = new LinkedHashMap<>();
    private int next;
    private int rows;

    LiveTrack(int periodMs, int rowsMax) {
        this.periodMs = periodMs;
        this.uptimeMs = new long[rowsMax];
    }

    /**
     * @param atMs greater in each row
     * @param figures NaN is no figure
     */
    void add(long atMs, Map<String, Double> figures) {
        uptimeMs[next] = atMs;
        columns.values().forEach(column -> column[next] = Double.NaN);
        figures.forEach((name, value) -> {
            if (columns.containsKey(name) || columns.size() < COLUMNS_MAX) {
                columns.computeIfAbsent(name, n -> empty())[next] = value;
            }
        });
        next = (next + 1) % uptimeMs.length;
        rows = Math.min(rows + 1, uptimeMs.length);
    }

    private double[] empty() {
        double[] column = new double[uptimeMs.length];
        Arrays.fill(column, Double.NaN);
        return column;
    }

    /** The rows after {@code sinceMs}, oldest first; figures have three significant digits or more. */
    ObjectNode json(long sinceMs) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("period_ms", periodMs);
        ArrayNode at = json.putArray("at");
        int first = rows;
        while (first > 0 && uptimeMs[row(first - 1)] > sinceMs) {
            first--;
        }
        for (int i = first; i < rows; i++) {
            at.add(uptimeMs[row(i)]);
        }
        ObjectNode out = json.putObject("columns");
        for (Map.Entry<String, double[]> column : columns.entrySet()) {
            ArrayNode values = JsonNodeFactory.instance.arrayNode();
            boolean any = false;
            for (int i = first; i < rows; i++) {
                double value = column.getValue()[row(i)];
                any |= !Double.isNaN(value);
                put(values, value);
            }
            if (any) {
                out.set(column.getKey(), values);
            }
        }
        return json;
    }

    private int row(int fromOldest) {
        return Math.floorMod(next - rows + fromOldest, uptimeMs.length);
    }

    private static void put(ArrayNode values, double value) {
        if (!Double.isFinite(value)) {
            values.addNull();
        } else if (Math.abs(value) >= 100 || value == Math.rint(value)) {
            values.add(Math.round(value));
        } else {
            values.add(Math.round(value * 100) / 100.0);
        }
    }
}
