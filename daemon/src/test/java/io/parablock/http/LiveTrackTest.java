package io.parablock.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class LiveTrackTest {
    @Test
    void shouldGiveRowsSinceAMoment() {
        LiveTrack track = new LiveTrack(1_000, 4);
        assertThat(track.json(-1)).hasToString("{\"period_ms\":1000,\"at\":[],\"columns\":{}}");
        track.add(1_000, Map.of("holes", 3.0));
        track.add(2_000, Map.of("rate", 12.3456));
        assertThat(track.json(-1).get("columns"))
                .hasToString("{\"holes\":[3,null],\"rate\":[null,12.35]}")
                .isEqualTo(track.json(999).get("columns"));
        // A column without a figure in these rows is left out.
        assertThat(track.json(1_000)).hasToString("{\"period_ms\":1000,\"at\":[2000],\"columns\":{\"rate\":[12.35]}}");
        assertThat(track.json(2_000).get("at")).isEmpty();
    }

    @Test
    void shouldKeepTheLastRowsOnly() {
        LiveTrack track = new LiveTrack(1_000, 4);
        for (int i = 1; i <= 11; i++) {
            track.add(i * 1_000L, i % 2 == 0 ? Map.of("n", (double) i) : Map.of());
        }
        assertThat(track.json(-1)).hasToString("""
                {"period_ms":1000,"at":[8000,9000,10000,11000],"columns":{"n":[8,null,10,null]}}""");
        assertThat(track.json(9_000).get("at")).hasToString("[10000,11000]");
    }

    @Test
    void shouldBoundItsColumns() {
        LiveTrack track = new LiveTrack(1_000, 2);
        Map<String, Double> row = new HashMap<>();
        for (int i = 0; i < LiveTrack.COLUMNS_MAX * 2; i++) {
            row.put("c" + i, 1.0);
        }
        track.add(1, row);
        assertThat(track.json(-1).get("columns")).hasSize(LiveTrack.COLUMNS_MAX);
    }

    @Test
    void shouldWriteWhatIsNoNumberAsNull() {
        LiveTrack track = new LiveTrack(1_000, 2);
        track.add(1, Map.of("a", 1.0, "b", Double.POSITIVE_INFINITY));
        track.add(2, Map.of("a", Double.NaN, "b", 1234.56));
        assertThat(track.json(-1).get("columns").get("a")).hasToString("[1,null]");
        assertThat(track.json(-1).get("columns").get("b")).hasToString("[null,1235]");
    }
}
