package io.parablock.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import org.junit.jupiter.api.Test;

class EventQueueTest {
    private static final int STEPS = 20_000;

    private record Expected(long timeNs, long sequence) {}

    @Test
    void shouldGiveEventsByTimeAndThenInTheOrderOfTheirAdding() {
        Seeded random = Seeded.of(1, "queue");
        EventQueue queue = new EventQueue();
        PriorityQueue<Expected> expected =
                new PriorityQueue<>(Comparator.comparingLong(Expected::timeNs).thenComparingLong(Expected::sequence));
        List<Long> ran = new ArrayList<>();
        List<Long> wanted = new ArrayList<>();
        for (long i = 0; i < STEPS; i++) {
            // Few times, so that many are alike; long stretches that only fill, or only empty.
            boolean add = expected.isEmpty() || random.perMille(i / 1000 % 2 == 0 ? 800 : 300);
            if (add) {
                long sequence = i;
                long timeNs = random.below(50);
                queue.add(timeNs, () -> ran.add(sequence));
                expected.add(new Expected(timeNs, sequence));
            } else {
                Expected next = expected.remove();
                assertThat(queue.firstNs()).isEqualTo(next.timeNs);
                wanted.add(next.sequence);
                queue.remove().run();
            }
        }
        while (!expected.isEmpty()) {
            wanted.add(expected.remove().sequence);
            queue.remove().run();
        }
        assertThat(queue.isEmpty()).isTrue();
        assertThat(ran).isEqualTo(wanted);
    }
}
