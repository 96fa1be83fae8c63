package io.parablock.events;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class EventLogTest {
    private Instant now = Instant.parse("2026-11-22T10:00:00Z");
    private final EventLog events = new EventLog(3, () -> now);

    private void tell(String text) {
        events.tell(EventKind.REPLICA_NOTE, 1, text);
        now = now.plusSeconds(1);
    }

    private static List<String> texts(List<Event> events) {
        return events.stream().map(Event::text).toList();
    }

    @Test
    void shouldKeepTheNewest() {
        for (int i = 1; i <= 5; i++) {
            tell("event " + i);
        }
        assertThat(texts(events.after(0, 10))).containsExactly("event 3", "event 4", "event 5");
        assertThat(texts(events.after(4, 10))).containsExactly("event 5");
        assertThat(texts(events.after(0, 2))).containsExactly("event 4", "event 5");
        assertThat(texts(events.after(0, 0))).isEmpty();
        assertThat(texts(events.after(5, 10))).isEmpty();
        assertThat(texts(events.since(Instant.parse("2026-11-22T10:00:03Z"), 10)))
                .containsExactly("event 4", "event 5");
        assertThat(events.after(0, 1).get(0).number()).isEqualTo(5);
    }

    @Test
    void shouldTakeTheFieldsOfItsKindOnly() {
        events.tell(EventKind.PEER_LOST, 0, "lost", 2, null);
        assertThat(events.after(0, 1).get(0).fields()).isEqualTo(Map.of("peer", 2));
        assertThatThrownBy(() -> events.tell(EventKind.PEER_LOST, 0, "lost", 2))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> events.tell(EventKind.PEER_LOST, 0, "lost", Map.of("to", 2)))
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(events.after(0, 10)).hasSize(1);
    }

    @Test
    void shouldTellSeldomWhatOthersMakeHappenOften() {
        for (int i = 0; i < 100; i++) {
            events.tellSeldom(EventKind.PEER_REFUSED, "a", 0, "refused", "a", "why");
        }
        events.tellSeldom(EventKind.PEER_REFUSED, "b", 0, "refused", "b", "why");
        now = now.plus(Duration.ofMillis(EventLog.SELDOM_MS));
        events.tellSeldom(EventKind.PEER_REFUSED, "a", 0, "refused", "a", "why");
        assertThat(texts(events.after(0, 10)))
                .containsExactly("refused", "refused", "refused; 99 times more since the last event about it");
    }

    @Test
    void shouldRememberNoMoreThanSoManySubjects() {
        EventLog large = new EventLog(10 * EventLog.SUBJECTS_MAX, () -> now);
        for (int i = 0; i < 5 * EventLog.SUBJECTS_MAX; i++) {
            large.tellSeldom(EventKind.PEER_REFUSED, "s" + i, 0, "refused", "a", "why");
        }
        assertThat(large.after(0, Integer.MAX_VALUE)).hasSize(EventLog.SUBJECTS_MAX);
        now = now.plus(Duration.ofMillis(EventLog.SELDOM_MS));
        large.tellSeldom(EventKind.PEER_REFUSED, "later", 0, "refused", "a", "why");
        assertThat(large.after(0, Integer.MAX_VALUE)).hasSize(EventLog.SUBJECTS_MAX + 1);
    }

    @Test
    void shouldNumberEventsOfAllThreadsOnce() throws Exception {
        EventLog large = new EventLog(2_000);
        ExecutorService pool = Executors.newFixedThreadPool(4);
        for (int thread = 0; thread < 4; thread++) {
            pool.execute(() -> {
                for (int i = 0; i < 200; i++) {
                    large.tell(EventKind.REPLICA_NOTE, 0, "note");
                }
            });
        }
        pool.shutdown();
        assertThat(pool.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
        List<Event> all = large.after(0, 2_000);
        assertThat(all).hasSize(800).isSortedAccordingTo((a, b) -> Long.compare(a.number(), b.number()));
        assertThat(all).extracting(Event::number).doesNotHaveDuplicates();
    }

    @Test
    void shouldHaveOneIdForEachKind() {
        Set<String> ids = new HashSet<>();
        for (EventKind kind : EventKind.values()) {
            assertThat(ids.add(kind.id())).as(kind.id() + " is given twice").isTrue();
            assertThat(kind.id()).matches("PB-\\d{4}");
            assertThat(kind.word()).matches("[a-z]+(_[a-z]+)*");
            assertThat(kind.fields()).doesNotHaveDuplicates().allMatch(f -> f.matches("[a-z_]+"));
            assertThat(kind.meaning()).endsWith(".");
            assertThat(kind.action()).endsWith(".");
        }
        assertThat(Arrays.stream(EventKind.values()).map(EventKind::id))
                .as("in the order of the page")
                .isSorted();
    }
}
