package io.parablock.main;

import static org.assertj.core.api.Assertions.assertThat;

import io.parablock.events.Event;
import io.parablock.events.EventKind;
import io.parablock.events.EventLog;
import java.util.List;
import org.junit.jupiter.api.Test;

class LeadershipEventsTest {
    private static final long MS = 1_000_000;

    private final EventLog events = new EventLog(64);
    private long nowNs = 1;
    private final LeadershipEvents node1 = new LeadershipEvents(7, 1, events, () -> nowNs);

    private List<String> texts() {
        return events.after(0, 64).stream().map(Event::line).toList();
    }

    @Test
    void shouldSayHowLongThereWasNoLeader() {
        nowNs += 300 * MS;
        node1.onLeader(2, false, 4);
        nowNs += 5_000 * MS;
        node1.onLeader(0, false, 4);
        nowNs += 200 * MS;
        node1.onLeader(1, false, 5);
        nowNs += 12 * MS;
        node1.onLeader(1, true, 5);
        assertThat(texts())
                .containsExactly(
                        "group 7: leader 2, term 4, after 300 ms without one",
                        "group 7: leader unknown, term 4; it was node 2",
                        "group 7: leader 1 (this node), term 5, it collects what the others hold",
                        "group 7: leader 1 (this node), term 5, after 212 ms without one");
        assertThat(events.after(3, 1).get(0).fields())
                .containsEntry("leader", 1)
                .containsEntry("term", 5L)
                .containsEntry("leaderless_ms", 212L);
    }

    @Test
    void shouldSayWhyThisNodeLeadsNoMore() {
        node1.onLeader(1, true, 5);
        node1.onSteppingDown("no quorum answered", 5);
        node1.onLeader(0, false, 5);
        node1.onLeader(1, true, 6);
        node1.onHandover(3);
        node1.onLeader(3, false, 7);
        node1.onLeader(1, true, 8);
        node1.onHandover(3);
        node1.onHandover(0);
        node1.onLeader(2, false, 9);
        assertThat(events.after(0, 64))
                .filteredOn(e -> e.kind() == EventKind.LEADERSHIP_LOST)
                .extracting(e -> e.fields().get("reason"))
                .containsExactly(
                        "no quorum answered", "it was handed over to node 3", "another node has a higher term");
    }

    @Test
    void shouldLeaveOutTermsWhereThereAreNone() {
        LeadershipEvents gateway = new LeadershipEvents(7, 0, events, () -> nowNs);
        gateway.onLeader(3, false, 0);
        gateway.onLeader(0, false, 0);
        assertThat(texts()).containsExactly("group 7: leader 3", "group 7: leader unknown; it was node 3");
        assertThat(events.after(1, 1).get(0).fields()).containsOnlyKeys("was");
    }
}
