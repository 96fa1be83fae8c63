package io.parablock.blockdev.nbd.netty;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.Channel;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** The pace without sockets: the accepted connections are put into a listener's pipeline as they come. */
class AcceptPaceTest {
    private static final int PER_SECOND = 100;
    private static final long INTERVAL_MS = 10;

    private long nowNs;
    private int room = Integer.MAX_VALUE;
    private final AcceptPace pace = new AcceptPace(PER_SECOND, connection -> room-- > 0, () -> nowNs);
    private final EmbeddedChannel listener = new EmbeddedChannel(pace);
    private final List<EmbeddedChannel> accepted = new ArrayList<>();

    private void accept(int count) {
        listener.freezeTime();
        for (int i = 0; i < count; i++) {
            EmbeddedChannel connection = new EmbeddedChannel();
            accepted.add(connection);
            listener.writeInbound(connection);
        }
    }

    private void pass(long ms) {
        nowNs += TimeUnit.MILLISECONDS.toNanos(ms);
        listener.advanceTimeBy(ms, TimeUnit.MILLISECONDS);
        listener.runPendingTasks();
    }

    /** How many have come in since the last call, in their order. */
    private int letIn() {
        int count = 0;
        for (Object each = listener.readInbound(); each != null; each = listener.readInbound()) {
            assertThat(each).isSameAs(accepted.remove(0));
            count++;
        }
        return count;
    }

    @Test
    void shouldLetAFewInAtOnceAndTheOthersAtThePace() {
        accept(40);
        assertThat(letIn()).isEqualTo(AcceptPace.AT_ONCE_MAX);
        for (int i = 0; i < 20; i++) {
            pass(INTERVAL_MS);
            assertThat(letIn()).isEqualTo(1);
        }
        assertThat(pace.waiting()).isEqualTo(12);
        pass(20 * INTERVAL_MS);
        assertThat(letIn()).as("as many turns as there are").isBetween(1, AcceptPace.AT_ONCE_MAX);
    }

    @Test
    void shouldChangeThePaceForThoseWhoWait() {
        accept(40);
        assertThat(letIn()).isEqualTo(AcceptPace.AT_ONCE_MAX);
        pace.changeTo(2 * PER_SECOND);
        pass(INTERVAL_MS);
        assertThat(letIn()).isEqualTo(1);
        for (int i = 0; i < 10; i++) {
            pass(INTERVAL_MS / 2);
            assertThat(letIn()).isEqualTo(1);
        }
        pace.changeTo(0);
        pass(INTERVAL_MS);
        assertThat(letIn()).as("all that fit into one turn").isEqualTo(AcceptPace.AT_ONCE_MAX);
    }

    @Test
    void shouldLetNobodyOvertake() {
        accept(20);
        pass(INTERVAL_MS / 2);
        accept(1);
        for (int i = 0; i < 20; i++) {
            pass(INTERVAL_MS);
        }
        assertThat(letIn()).isEqualTo(21);
    }

    @Test
    void shouldLeaveACrowdInTheBacklog() {
        accept(AcceptPace.WAITING_MAX + AcceptPace.AT_ONCE_MAX - 1);
        assertThat(listener.config().isAutoRead()).isTrue();
        accept(1);
        assertThat(listener.config().isAutoRead()).isFalse();
        while (pace.waiting() > AcceptPace.WAITING_MAX / 2) {
            assertThat(listener.config().isAutoRead()).isFalse();
            pass(INTERVAL_MS);
        }
        assertThat(listener.config().isAutoRead()).isTrue();
    }

    @Test
    void shouldCloseWhoIsNotTaken() {
        room = 3;
        accept(20);
        pass(INTERVAL_MS);
        assertThat(letIn()).isEqualTo(3);
        assertThat(accepted.stream().filter(Channel::isOpen)).hasSize(20 - AcceptPace.AT_ONCE_MAX - 1);
    }

    @Test
    void shouldCloseWhoStillWaitsWithTheListener() {
        accept(20);
        assertThat(letIn()).isEqualTo(AcceptPace.AT_ONCE_MAX);
        listener.close();
        assertThat(accepted).hasSize(20 - AcceptPace.AT_ONCE_MAX).noneMatch(Channel::isOpen);
        pass(1_000);
        assertThat(letIn()).isZero();
    }

    @Test
    void shouldHoldNobodyUpWithoutAPace() {
        EmbeddedChannel open = new EmbeddedChannel(new AcceptPace(0, connection -> true, () -> 0));
        for (int i = 0; i < 1_000; i++) {
            open.writeInbound(new EmbeddedChannel());
            Object in = open.readInbound();
            assertThat(in).isNotNull();
        }
    }
}
