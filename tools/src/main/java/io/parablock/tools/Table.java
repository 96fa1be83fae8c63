package io.parablock.tools;

import java.util.ArrayList;
import java.util.List;

/** Rows in columns as wide as they need. */
final class Table {
    private Table() {}

    /** @param rows at least one, all of the same length */
    static List<String> lines(List<String[]> rows) {
        int columns = rows.get(0).length;
        int[] widths = new int[columns];
        for (String[] row : rows) {
            for (int column = 0; column < columns; column++) {
                widths[column] = Math.max(widths[column], row[column].length());
            }
        }
        List<String> out = new ArrayList<>();
        for (String[] row : rows) {
            StringBuilder line = new StringBuilder();
            for (int column = 0; column < columns; column++) {
                line.append(row[column]).append(" ".repeat(widths[column] - row[column].length() + 2));
            }
            out.add(line.toString().stripTrailing());
        }
        return out;
    }
}
