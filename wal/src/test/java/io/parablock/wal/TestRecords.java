package io.parablock.wal;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;

/** Records whose payload follows from group and slot, so that a test can check what it reads without keeping it. */
public final class TestRecords {
    private static final RecordChecksum CHECKSUM = new RecordChecksum();

    private TestRecords() {}

    public static ByteBuffer payload(int groupId, long slot, int length) {
        byte[] bytes = new byte[length];
        new Random(groupId * 1_000_003L + slot).nextBytes(bytes);
        return ByteBuffer.wrap(bytes);
    }

    public static WalRecord record(int groupId, long slot, int length, long... dep) {
        int crc;
        synchronized (CHECKSUM) {
            crc = CHECKSUM.ofPayload(payload(groupId, slot, length));
        }
        return new WalRecord(groupId, slot, 7, (byte) 0, slot * 4096, length, 11, slot + 1, slot / 2, crc, length, dep);
    }

    public static long append(Wal wal, int groupId, long slot, int length, long... dep) {
        return wal.append(record(groupId, slot, length, dep), payload(groupId, slot, length), slot);
    }

    /** The slots below a number, but for some. */
    public static List<Long> slotsWithout(int count, long... missing) {
        return LongStream.range(0, count)
                .filter(slot -> LongStream.of(missing).noneMatch(each -> each == slot))
                .boxed()
                .toList();
    }

    /** One record or verdict that a visitor saw. */
    public record Seen(long position, WalRecord record, DamagedRecord damaged) {}

    /** Remembers what it sees and checks each payload. */
    public static final class Recorder implements WalVisitor {
        public final List<Seen> seen = new ArrayList<>();

        @Override
        public void onRecord(long position, WalRecord record, ByteBuffer payload) {
            assertThat(payload).isEqualTo(payload(record.groupId(), record.slot(), record.payloadLength()));
            seen.add(new Seen(position, record, null));
        }

        @Override
        public void onDamaged(long position, DamagedRecord what) {
            seen.add(new Seen(position, null, what));
        }

        public List<Long> slots(int groupId) {
            return seen.stream()
                    .filter(each -> each.record != null && each.record.groupId() == groupId)
                    .map(each -> each.record.slot())
                    .toList();
        }

        public List<DamagedRecord> damaged() {
            return seen.stream()
                    .filter(each -> each.damaged != null)
                    .map(Seen::damaged)
                    .toList();
        }
    }

    public static Recorder scan(Wal wal) {
        Recorder recorder = new Recorder();
        wal.scan(recorder);
        return recorder;
    }
}
