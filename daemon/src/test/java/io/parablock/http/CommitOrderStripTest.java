package io.parablock.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CommitOrderStripTest {
    @ParameterizedTest
    @CsvSource({"0,0", "1,1", "2,2", "3,2", "4,3", "7,3", "8,4", "255,8", "256,9", "511,9", "512,10", "1000000,10"})
    void shouldDoubleFromRowToRow(int passed, int row) {
        assertThat(CommitOrderStrip.row(passed)).isEqualTo(row);
    }

    @Test
    void shouldCountEachCommitOnce() {
        int[] passed = new int[4_096];
        for (int i = 0; i < passed.length; i++) {
            passed[i] = i % 4 == 0 ? i % 600 : 0;
        }
        ObjectNode strip = CommitOrderStrip.of(passed);
        assertThat(strip.get("columns")).hasSize(CommitOrderStrip.COLUMNS_MAX);
        int counted = 0;
        for (JsonNode column : strip.get("columns")) {
            assertThat(column).hasSize(CommitOrderStrip.ROWS);
            for (JsonNode n : column) {
                counted += n.asInt();
            }
        }
        assertThat(counted).isEqualTo(4_096);
        assertThat(strip.get("farthest").asInt()).isEqualTo(596);
        assertThat(strip.get("overtook").asInt()).isEqualTo(1_024 - 7);
        assertThat(strip.get("per_column").asInt()).isEqualTo(32);
    }

    @Test
    void shouldTakeFewCommits() {
        assertThat(CommitOrderStrip.of(new int[] {0, 5, 0})).hasToString("""
                {"commits":3,"overtook":1,"farthest":5,"per_column":1,"columns":[\
                [1,0,0,0,0,0,0,0,0,0,0],[0,0,0,1,0,0,0,0,0,0,0],[1,0,0,0,0,0,0,0,0,0,0]]}""");
        assertThat(CommitOrderStrip.of(new int[200]).get("columns")).hasSize(100);
    }
}
