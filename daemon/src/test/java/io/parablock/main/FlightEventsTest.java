package io.parablock.main;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.parablock.events.EventLog;
import io.parablock.raft.log.Entry;
import io.parablock.raft.log.EntryKind;
import io.parablock.replica.ApplyStage;
import io.parablock.replica.InlineWalStage;
import io.parablock.replica.WalStage;
import io.parablock.wal.MemoryWal;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a recording has of them. */
class FlightEventsTest {
    private static final long GROUP_2 = 2L << 48;

    @TempDir
    Path folder;

    private static Entry entry(long slot) {
        return new Entry(slot, 1, EntryKind.NOOP, 0, 0, 0, 0, 0, 0, 0, new long[0]);
    }

    /** Passes everything on at once. */
    private static final class Direct implements ApplyStage {
        private final AtomicReference<Listener> listener = new AtomicReference<>();

        @Override
        public void listener(Listener l) {
            listener.set(l);
        }

        @Override
        public void apply(Entry entry, @Nullable ByteBuf payload) {
            listener.get().onApplied(entry);
        }

        @Override
        public boolean endOfBatch() {
            return false;
        }

        @Override
        public void close() {}
    }

    private static void work() {
        WalLatency latency = new WalLatency(token -> {}, 2, System::nanoTime);
        WalStage stage = latency.timed(2, new InlineWalStage(new MemoryWal(token -> {})));
        stage.append(2, entry(41), null, GROUP_2 + 1);
        latency.onDurable(GROUP_2 + 1);
        TimedApply apply = new TimedApply(2, new Direct());
        apply.listener(new ApplyStage.Listener() {
            @Override
            public void onApplied(Entry entry) {}

            @Override
            public void onApplyFailed(Entry entry, Throwable cause) {}
        });
        apply.apply(entry(42), null);
        LeadershipEvents leaders = new LeadershipEvents(2, 1, new EventLog(16), System::nanoTime);
        leaders.onLeader(3, false, 7);
    }

    private List<RecordedEvent> recorded(String name, boolean writes) throws Exception {
        Path file = folder.resolve(name + ".jfr");
        try (Recording recording = new Recording()) {
            if (writes) {
                recording.enable("parablock.LogWrite");
                recording.enable("parablock.Apply");
            }
            recording.start();
            work();
            recording.stop();
            recording.dump(file);
        }
        return RecordingFile.readAllEvents(file).stream()
                .filter(e -> e.getEventType().getName().startsWith("parablock."))
                .toList();
    }

    private static List<String> names(List<RecordedEvent> events) {
        return events.stream().map(e -> e.getEventType().getName()).sorted().toList();
    }

    @Test
    void shouldBeInARecordingThatAsksForThem() throws Exception {
        List<RecordedEvent> all = recorded("writes", true);
        assertThat(names(all)).containsExactly("parablock.Apply", "parablock.Election", "parablock.LogWrite");
        for (RecordedEvent e : all) {
            assertThat(e.getInt("group")).isEqualTo(2);
            switch (e.getEventType().getName()) {
                case "parablock.Election" -> {
                    assertThat(e.getInt("leader")).isEqualTo(3);
                    assertThat(e.getLong("term")).isEqualTo(7);
                }
                case "parablock.LogWrite" -> assertThat(e.getLong("slot")).isEqualTo(41);
                default -> assertThat(e.getLong("slot")).isEqualTo(42);
            }
        }
    }

    @Test
    void shouldHaveElectionsOnlyUnlessAskedFor() throws Exception {
        assertThat(names(recorded("rare", false))).containsExactly("parablock.Election");
    }
}
