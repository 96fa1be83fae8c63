package io.parablock.main;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.embedded.EmbeddedChannel;
import io.parablock.config.ConfigLoader;
import io.parablock.events.EventLog;
import io.parablock.wal.WalFailedException;
import io.parablock.wal.WalListener;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** On virtual time. */
class SlowLogTest {
    private static final long MS = 1_000_000;
    private static final long DELAY_MS = 20;
    private static final int RECORDS = 2_000;

    private long nowNs = 3;
    private final List<Long> heard = new ArrayList<>();
    private final List<WalFailedException> failures = new ArrayList<>();
    private final EmbeddedChannel timer = new EmbeddedChannel();
    private int told;

    private final WalListener listener = new WalListener() {
        @Override
        public void onDurable(long token) {
            heard.add(token);
        }

        @Override
        public void onFailed(WalFailedException failure) {
            failures.add(failure);
        }
    };

    @BeforeEach
    void stopTime() {
        timer.freezeTime();
    }

    private SlowLog slow(double probability, boolean outOfOrder) {
        SlowLog slow = new SlowLog(listener, probability, DELAY_MS * MS, 1, () -> nowNs);
        slow.start(outOfOrder, timer.eventLoop(), () -> told++);
        return slow;
    }

    private void pass(long ms) {
        nowNs += ms * MS;
        timer.advanceTimeBy(ms, TimeUnit.MILLISECONDS);
        timer.runPendingTasks();
        timer.runScheduledPendingTasks();
    }

    @Test
    void shouldLetOthersPassOnlyWhereTheEngineDoes() {
        // One record each millisecond.
        SlowLog slow = slow(0.05, true);
        List<Long> onTime = new ArrayList<>();
        for (long token = 0; token < RECORDS; token++) {
            slow.onDurable(token);
            if (!heard.isEmpty() && heard.get(heard.size() - 1) == token) {
                onTime.add(token);
            }
            pass(1);
        }
        pass(DELAY_MS);
        assertThat(RECORDS - onTime.size()).as("one in twenty is late").isBetween(50, 150);
        assertThat(heard)
                .hasSize(RECORDS)
                .containsAll(LongStream.range(0, RECORDS).boxed().toList());
        for (int i = 0; i < RECORDS; i++) {
            long token = heard.get(i);
            long by = onTime.contains(token) ? 0 : DELAY_MS;
            // Behind it there is only what came by the time at which it was told.
            List<Long> before = heard.subList(0, i);
            assertThat(before).allMatch(earlier -> earlier < token + by + 1);
        }
    }

    @Test
    void shouldKeepTheOrderWhereTheEngineDoes() {
        SlowLog slow = slow(0.05, false);
        boolean held = false;
        for (long token = 0; token < RECORDS; token++) {
            slow.onDurable(token);
            held |= heard.size() + 3 < token;
            pass(1);
        }
        pass(DELAY_MS);
        assertThat(held).isTrue();
        assertThat(heard).hasSize(RECORDS).isSorted();
        assertThat(told).isPositive();
    }

    @Test
    void shouldBeLateByTheDelayAndNotBefore() {
        SlowLog slow = slow(1, true);
        slow.onDurable(7);
        pass(DELAY_MS / 2);
        slow.onDurable(8);
        pass(DELAY_MS / 2 - 1);
        assertThat(heard).isEmpty();
        pass(1);
        assertThat(heard).containsExactly(7L);
        pass(DELAY_MS / 2);
        assertThat(heard).containsExactly(7L, 8L);
        assertThat(told).isEqualTo(2);
    }

    @Test
    void shouldPassFailuresAndWhatComesBeforeTheStart() {
        SlowLog slow = new SlowLog(listener, 1, DELAY_MS * MS, 1, () -> nowNs);
        slow.onDurable(7);
        assertThat(heard).containsExactly(7L);
        slow.start(false, timer.eventLoop(), () -> told++);
        slow.onDurable(8);
        slow.onFailed(new WalFailedException("the disk is gone"));
        assertThat(failures).hasSize(1);
        assertThat(heard).containsExactly(7L);
    }

    @Test
    void shouldNotBeThereUnlessItIsSwitchedOn() {
        EventLog events = new EventLog(16);
        String minimal = """
                cluster.id = test
                node.id = 1
                node.data_dir = "/data"
                peers = [ { id = 1, address = "127.0.0.1:1" } ]
                volumes = [ { name = disk, size = 8MiB } ]
                """;
        assertThat(SlowLog.of(ConfigLoader.parse(minimal), listener, events)).isNull();
        assertThat(SlowLog.of(ConfigLoader.parse(minimal + "impairment.wal_delay = 20ms"), listener, events))
                .isNull();
        String on = "impairment { wal_delay = 20ms, wal_delay_probability = 0.01 }";
        assertThat(SlowLog.of(ConfigLoader.parse(minimal + on), listener, events))
                .isNotNull();
    }
}
