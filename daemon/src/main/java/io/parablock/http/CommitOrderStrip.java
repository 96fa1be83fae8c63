package io.parablock.http;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * How far the last writes overtook each other, for a picture: columns of successive commits, and in each column how many of them
 * passed 0, 1, 2-3, 4-7, ... lower slots that were still uncommitted.
 */
final class CommitOrderStrip {
    /** Named limits of the picture; the last row has all from 512 on. */
    static final int COLUMNS_MAX = 128;

    static final int ROWS = 11;

    private CommitOrderStrip() {}

    /** @param passed per commit, oldest first, how many lower slots it passed */
    static ObjectNode of(int[] passed) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        int perColumn = Math.max(1, (passed.length + COLUMNS_MAX - 1) / COLUMNS_MAX);
        int overtook = 0;
        int farthest = 0;
        ArrayNode columns = JsonNodeFactory.instance.arrayNode();
        for (int from = 0; from < passed.length; from += perColumn) {
            int[] rows = new int[ROWS];
            for (int i = from; i < Math.min(from + perColumn, passed.length); i++) {
                overtook += passed[i] > 0 ? 1 : 0;
                farthest = Math.max(farthest, passed[i]);
                rows[row(passed[i])]++;
            }
            ArrayNode column = columns.addArray();
            for (int n : rows) {
                column.add(n);
            }
        }
        json.put("commits", passed.length);
        json.put("overtook", overtook);
        json.put("farthest", farthest);
        json.put("per_column", perColumn);
        json.set("columns", columns);
        return json;
    }

    static int row(int passed) {
        return passed <= 0 ? 0 : Math.min(ROWS - 1, Integer.SIZE - Integer.numberOfLeadingZeros(passed));
    }
}
