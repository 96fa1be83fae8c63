package io.parablock.wal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What every engine of {@link Wal} promises. */
abstract class WalContract {
    protected final List<Long> durable = new ArrayList<>();
    protected Wal wal;

    /** A log with tiny segments. */
    abstract Wal open();

    /** The log after its process has died and come back. */
    abstract Wal reopen();

    @BeforeEach
    void openIt() {
        wal = open();
        wal.scan((p, r, b) -> {});
    }

    @AfterEach
    void closeIt() {
        wal.close();
    }

    static WalRecord record(int group, long slot, byte[] payload) {
        int crc = payload.length == 0 ? 0 : RecordDescriptor.crcOf(ByteBuffer.wrap(payload));
        long[] dep = slot % 3 == 0 ? new long[] {slot, ~slot} : new long[0];
        return new WalRecord(
                group, slot, 7, (byte) 0, slot * 512, payload.length, 3, slot, 1, crc, payload.length, dep);
    }

    static byte[] payload(long seed, int length) {
        byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    protected long append(int group, long slot, int length) {
        byte[] payload = payload(slot, length);
        return wal.append(record(group, slot, payload), ByteBuffer.wrap(payload), slot);
    }

    protected record Seen(int group, long slot, long position) {}

    protected List<Seen> scanAll(Wal from) {
        List<Seen> seen = new ArrayList<>();
        from.scan((position, r, b) -> {
            byte[] bytes = new byte[b.remaining()];
            b.get(bytes);
            assertThat(bytes).isEqualTo(payload(r.slot(), r.payloadLength()));
            assertThat(r).usingRecursiveComparison().isEqualTo(record(r.groupId(), r.slot(), bytes));
            seen.add(new Seen(r.groupId(), r.slot(), position));
        });
        return seen;
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 512, 4096, 1 << 20})
    void shouldReadBackWhatWasAppended(int length) {
        long position = append(1, 1, length);
        long second = append(1, 2, length);
        wal.submit();
        assertThat(durable).containsExactly(1L, 2L);
        assertThat(second).isGreaterThan(position);
        List<Long> slots = new ArrayList<>();
        wal.read(position, (p, r, b) -> {
            slots.add(r.slot());
            assertThat(b.remaining()).isEqualTo(length);
        });
        assertThat(slots).containsExactly(1L);
    }

    @Test
    void shouldReportNothingDurableBeforeSubmit() {
        append(1, 1, 512);
        assertThat(durable).isEmpty();
        wal.submit();
        wal.submit();
        assertThat(durable).containsExactly(1L);
    }

    @Test
    void shouldKeepEverythingOverSegmentsAndReopens() {
        for (int round = 0; round < 3; round++) {
            for (int i = 1; i <= 400; i++) {
                append(1 + i % 3, round * 400L + i, 4096);
                if (i % 7 == 0) {
                    wal.submit();
                }
            }
            wal.submit();
            wal = reopen();
            List<Seen> seen = scanAll(wal);
            assertThat(seen).hasSize(400 * (round + 1));
            assertThat(seen.stream().map(Seen::slot)).isSorted();
            assertThat(seen.stream().map(Seen::position)).isSorted();
        }
    }

    @Test
    void shouldDropOnlyWhatEveryGroupHasTruncated() {
        for (int i = 1; i <= 1000; i++) {
            append(1 + i % 2, i, 4096);
        }
        wal.submit();
        long full = wal.sizeBytes();
        wal.truncate(1, 900);
        wal.truncate(2, 500);
        assertThat(wal.sizeBytes()).isLessThan(full);
        append(1, 1001, 512);
        wal.submit();
        wal = reopen();
        List<Long> group2 = new ArrayList<>();
        for (Seen s : scanAll(wal)) {
            if (s.group == 2) {
                group2.add(s.slot);
            }
        }
        for (long slot = 501; slot <= 1000; slot += 2) {
            assertThat(group2).contains(slot % 2 == 1 ? slot : slot + 1);
        }
    }

    @Test
    void shouldRefuseAPositionThatNeverWas() {
        long position = append(1, 1, 512);
        wal.submit();
        assertThatThrownBy(() -> wal.read(position + 5, (p, r, b) -> {})).isInstanceOf(WalCorruptException.class);
    }
}
