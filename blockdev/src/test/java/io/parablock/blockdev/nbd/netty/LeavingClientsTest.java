package io.parablock.blockdev.nbd.netty;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.Channel;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The pace without sockets. */
class LeavingClientsTest {
    private final EmbeddedChannel loop = new EmbeddedChannel();
    private final AtomicInteger leaving = new AtomicInteger();
    private final LeavingClients clients = new LeavingClients(loop.eventLoop(), leaving);
    private final List<EmbeddedChannel> connections = new ArrayList<>();

    @BeforeEach
    void freeze() {
        loop.freezeTime();
    }

    private void leave(int count) {
        for (int i = 0; i < count; i++) {
            EmbeddedChannel connection = new EmbeddedChannel();
            connections.add(connection);
            clients.end(connection);
        }
    }

    private void pass(long ms) {
        loop.advanceTimeBy(ms, TimeUnit.MILLISECONDS);
        loop.runPendingTasks();
    }

    private int open() {
        return (int) connections.stream().filter(Channel::isOpen).count();
    }

    @Test
    void shouldEndAFewAtOnceAndTheOthersInTheirTurns() {
        int count = 1_500;
        leave(count);
        int left = count - LeavingClients.AT_ONCE_MAX;
        while (left > 0) {
            assertThat(open()).isEqualTo(left);
            assertThat(leaving).hasValue(left);
            assertThat(connections.get(count - left).isOpen())
                    .as("the first of those who wait")
                    .isTrue();
            pass(LeavingClients.PAUSE_MS);
            left = Math.max(0, left - LeavingClients.AT_ONCE_MAX);
        }
        assertThat(open()).isZero();
        assertThat(leaving).hasValue(0);
    }

    @Test
    void shouldEndThoseWhoComeOneAtATimeAtOnce() {
        for (int i = 0; i < 100; i++) {
            leave(1);
            assertThat(open()).isZero();
            pass(LeavingClients.PAUSE_MS);
        }
    }

    @Test
    void shouldLetNobodyOvertake() {
        leave(LeavingClients.AT_ONCE_MAX + 1);
        pass(LeavingClients.PAUSE_MS / 2);
        leave(LeavingClients.AT_ONCE_MAX);
        assertThat(open()).isEqualTo(LeavingClients.AT_ONCE_MAX + 1);
        pass(LeavingClients.PAUSE_MS);
        assertThat(connections.get(connections.size() - 1).isOpen()).isTrue();
        assertThat(open()).isEqualTo(1);
        pass(LeavingClients.PAUSE_MS);
        assertThat(open()).isZero();
    }

    @Test
    void shouldPassOverThoseThatHaveEndedMeanwhile() {
        leave(3 * LeavingClients.AT_ONCE_MAX);
        for (EmbeddedChannel gone : connections.subList(LeavingClients.AT_ONCE_MAX, 2 * LeavingClients.AT_ONCE_MAX)) {
            assertThat(gone.close().isSuccess()).isTrue();
        }
        assertThat(leaving).hasValue(LeavingClients.AT_ONCE_MAX);
        pass(LeavingClients.PAUSE_MS);
        assertThat(open()).isZero();
        assertThat(leaving).hasValue(0);
    }
}
