package io.parablock.main;

import static org.assertj.core.api.Assertions.assertThat;

import io.parablock.events.Event;
import io.parablock.events.EventLog;
import java.net.InetSocketAddress;
import org.junit.jupiter.api.Test;

class LinkEventsTest {
    private final EventLog events = new EventLog(64);
    private final LinkEvents links = new LinkEvents(events);

    @Test
    void shouldSayWhyAConnectionWasLost() {
        links.onComplaint(2, "", "Connection refused");
        links.onConnected(2, true);
        links.onComplaint(2, "", "Connection reset");
        links.onConnected(2, false);
        links.onConnected(2, true);
        links.onConnected(2, false);
        assertThat(events.after(0, 64))
                .extracting(Event::text)
                .containsExactly(
                        "node 2 is not connected: Connection refused",
                        "node 2 is connected",
                        "node 2 is not connected any more: Connection reset",
                        "node 2 is connected",
                        "node 2 is not connected any more: the connection was closed");
    }

    @Test
    void shouldNotTellOfEachAttemptOfAStranger() {
        for (int port = 1; port < 500; port++) {
            links.onRefused(new InetSocketAddress("127.0.0.1", port), "of another cluster");
        }
        links.onRefused(new InetSocketAddress("127.0.0.1", 1), "has a new disk");
        assertThat(events.after(0, 64))
                .extracting(e -> e.fields().get("reason"))
                .containsExactly("of another cluster", "has a new disk");
    }
}
