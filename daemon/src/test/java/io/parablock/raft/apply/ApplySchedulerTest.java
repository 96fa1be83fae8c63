package io.parablock.raft.apply;

import static org.assertj.core.api.Assertions.assertThat;

import io.parablock.lookbehind.SlotSet;
import io.parablock.raft.log.Entry;
import io.parablock.raft.log.EntryKind;
import io.parablock.raft.log.RaftLog;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** A node that starts has a whole log to apply: how much of it is on its way at once. */
class ApplySchedulerTest {
    private static final int SPAN = 4;
    private static final long BYTES_MAX = 10_000;

    private final RaftLog log = new RaftLog(0, 0);
    private final SlotSet committed = new SlotSet(256);
    private final ApplyScheduler scheduler = new ApplyScheduler(SPAN, false, true, BYTES_MAX, log, committed, 0);
    private final List<Entry> out = new ArrayList<>();
    private long last;

    private void write(int payloadLength) {
        last++;
        log.putDurable(new Entry(
                last, 1, EntryKind.WRITE, last << 20, payloadLength, 9, last, 0, 77, payloadLength, new long[0]));
    }

    private void commit() {
        long from = committed.watermark();
        committed.advanceTo(last);
        scheduler.onCommitted(from, last, out);
    }

    private List<Long> issued() {
        List<Long> slots = out.stream().map(Entry::slot).toList();
        out.clear();
        return slots;
    }

    private List<Long> issuedAfterApplied(long slot) {
        scheduler.onApplied(slot, out);
        return issued();
    }

    @Test
    void shouldIssueNoMorePayloadThanMayWait() {
        for (int i = 0; i < 4; i++) {
            write(4096);
        }
        commit();
        assertThat(issued()).containsExactly(1L, 2L);
        assertThat(issuedAfterApplied(2)).containsExactly(3L);
        assertThat(issuedAfterApplied(1)).containsExactly(4L);
    }

    @Test
    void shouldLetNoSmallerOneTakeTheRoomThatAnotherWaitsFor() {
        write(4096);
        write(8192);
        write(512);
        commit();
        assertThat(issued()).containsExactly(1L);
        write(512);
        commit();
        assertThat(issued()).isEmpty();
        assertThat(issuedAfterApplied(1)).containsExactly(2L, 3L, 4L);
    }

    @Test
    void shouldIssueOneThatIsLargerThanTheRoom() {
        write(20_000);
        write(512);
        commit();
        assertThat(issued()).containsExactly(1L);
        assertThat(issuedAfterApplied(1)).containsExactly(2L);
    }

    @Test
    void shouldGiveTheRoomBackOfWhatWasTakenBack() {
        for (int i = 0; i < 3; i++) {
            write(4096);
        }
        commit();
        List<Entry> taken = List.copyOf(out);
        assertThat(issued()).containsExactly(1L, 2L);
        scheduler.takeBack(taken, out);
        assertThat(issued()).containsExactly(1L, 2L);
        assertThat(issuedAfterApplied(1)).containsExactly(3L);
    }

    @Test
    void shouldIssueOneForEachThatIsAppliedOfALongBacklog() {
        for (int i = 0; i < 100; i++) {
            write(16);
        }
        commit();
        assertThat(issued()).hasSize(4 * SPAN);
        assertThat(issuedAfterApplied(2)).as("slot 1 is not applied").isEmpty();
        assertThat(issuedAfterApplied(1)).containsExactly(4L * SPAN + 1, 4L * SPAN + 2);
        for (long slot = 3; slot <= last; slot++) {
            List<Long> next = issuedAfterApplied(slot);
            if (slot + 4 * SPAN <= last) {
                assertThat(next).containsExactly(slot + 4 * SPAN);
            }
        }
        assertThat(scheduler.appliedPrefix()).isEqualTo(last);
        assertThat(scheduler.isIdle()).isTrue();
    }

    /** What only became durable meanwhile waits its turn, too. */
    @Test
    void shouldIssueLaterWhatBecameDurableBeyondTheRoom() {
        for (int i = 0; i < 4 * SPAN + 2; i++) {
            write(16);
        }
        long late = 4L * SPAN + 1;
        Entry e = Objects.requireNonNull(log.get(late));
        log.markUnknown(late, 0);
        commit();
        assertThat(issued()).hasSize(4 * SPAN);
        log.putDurable(e);
        scheduler.onDurable(late, out);
        assertThat(issued()).isEmpty();
        assertThat(issuedAfterApplied(1)).containsExactly(late);
        assertThat(issuedAfterApplied(2)).containsExactly(late + 1);
    }
}
