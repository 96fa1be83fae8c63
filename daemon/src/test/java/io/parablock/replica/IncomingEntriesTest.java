package io.parablock.replica;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.parablock.raft.log.Entry;
import io.parablock.raft.log.EntryKind;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class IncomingEntriesTest {
    private static final int LENGTH_BYTES = 512;

    private static Entry write(long slot) {
        Entry e = new Entry(slot, 1, EntryKind.WRITE, 0, LENGTH_BYTES, 1, slot, 1, 0, LENGTH_BYTES, new long[0]);
        e.payload = Unpooled.buffer().writeZero(LENGTH_BYTES);
        return e;
    }

    private static Entry session(long slot) {
        return new Entry(slot, 1, EntryKind.SESSION, 0, 0, 1, slot, 1, 0, 0, new long[0]);
    }

    private static List<Integer> references(List<Entry> entries) {
        return entries.stream()
                .map(e -> e.payload instanceof ByteBuf buf ? buf.refCnt() : -1)
                .toList();
    }

    @Test
    void shouldKeepWhatWasTakenInAnotherOrder() {
        List<Entry> frame = List.of(write(1), write(2), session(3), write(4));
        // A follower's own objects, with the frame's buffers.
        List<Entry> taken = List.of(frame.get(3), frame.get(1).withDep(new long[1]), frame.get(0));
        IncomingEntries.releaseUnused(frame, taken);
        assertThat(references(frame)).containsExactly(1, 1, -1, 1);
    }

    @Test
    void shouldReleaseExactlyWhatWasNotTakenWhateverTheOrder() {
        Random random = new Random(1);
        for (int round = 0; round < 200; round++) {
            List<Entry> frame = new ArrayList<>();
            List<Entry> taken = new ArrayList<>();
            List<Integer> expected = new ArrayList<>();
            for (int slot = 1; slot <= 6; slot++) {
                Entry e = write(slot);
                boolean isTaken = random.nextBoolean();
                frame.add(e);
                if (isTaken) {
                    taken.add(e);
                }
                expected.add(isTaken ? 1 : 0);
            }
            Collections.shuffle(taken, random);
            IncomingEntries.releaseUnused(frame, taken);
            assertThat(references(frame)).as("round %s", round).isEqualTo(expected);
        }
    }
}
