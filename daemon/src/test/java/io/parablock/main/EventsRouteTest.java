package io.parablock.main;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.parablock.events.EventKind;
import io.parablock.events.EventLog;
import io.parablock.http.Answer;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EventsRouteTest {
    private Instant now = Instant.parse("2026-11-22T10:00:00Z");
    private final EventLog events = new EventLog(10, () -> now);
    private final EventsRoute route = new EventsRoute(events);

    @BeforeEach
    void tell() {
        for (int peer = 1; peer <= 3; peer++) {
            events.tell(EventKind.PEER_LOST, 0, "node " + peer + " is lost", peer, "a \"reason\"");
            now = now.plusSeconds(1);
        }
    }

    private JsonNode page(Map<String, String> query) throws Exception {
        Answer answer = route.answer(query);
        assertThat(answer.code()).isEqualTo(200);
        return new ObjectMapper().readTree(answer.body());
    }

    @Test
    void shouldShowEverythingOfAnEvent() throws Exception {
        JsonNode page = page(Map.of());
        assertThat(page.path("process").asText())
                .startsWith(ProcessHandle.current().pid() + "@");
        assertThat(page.path("events")).hasSize(3);
        assertThat(page.path("events").get(0))
                .hasToString(
                        "{\"number\":1,\"at\":\"2026-11-22T10:00:00Z\",\"id\":\"PB-1204\",\"kind\":\"peer_lost\",\"group\":0,"
                                + "\"level\":\"warn\",\"text\":\"node 1 is lost\",\"fields\":{\"peer\":1,\"reason\":\"a"
                                + " \\\"reason\\\"\"}}");
    }

    @ParameterizedTest
    @CsvSource({
        "since, 2, 3..3",
        "since, 0, 1..3",
        "since, 2026-11-22T10:00:01Z, 2..3",
        "limit, 2, 2..3",
        "limit, 0, none",
        "since, 3, none",
    })
    void shouldShowAPart(String name, String value, String numbers) throws Exception {
        JsonNode shown = page(Map.of(name, value)).path("events");
        String range = shown.isEmpty()
                ? "none"
                : shown.get(0).path("number") + ".."
                        + shown.get(shown.size() - 1).path("number");
        assertThat(range).isEqualTo(numbers);
    }

    @ParameterizedTest
    @CsvSource({
        "since, yesterday, since must be",
        "since, -1, since must be",
        "since, 99999999999999999999, since must be",
        "limit, all, limit must be",
        "limit, -1, limit must be",
        "limit, 9999999999, limit must be",
        "limits, 3, unknown parameter limits",
    })
    void shouldSayWhatIsWrong(String name, String value, String error) {
        Answer answer = route.answer(Map.of(name, value));
        assertThat(answer.code()).isEqualTo(400);
        assertThat(answer.body()).startsWith("{\"error\":\"" + error).doesNotContain("Exception");
    }
}
