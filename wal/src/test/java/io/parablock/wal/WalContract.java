package io.parablock.wal;

import static io.parablock.wal.TestRecords.append;
import static io.parablock.wal.TestRecords.payload;
import static io.parablock.wal.TestRecords.record;
import static io.parablock.wal.TestRecords.scan;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.parablock.wal.TestRecords.Recorder;
import io.parablock.wal.TestRecords.Seen;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What every engine of the log has to do. */
public abstract class WalContract {
    /** What {@link #open} is to give its segments. */
    protected static final int SEGMENT_BYTES = 256 << 10;

    protected final List<Long> durable = new ArrayList<>();
    protected Wal wal;

    /** Opens a log with small segments over the medium of this test: the first time it is empty. */
    protected abstract Wal open(WalListener listener);

    protected void reopen() {
        if (wal != null) {
            wal.close();
        }
        wal = open(durable::add);
    }

    @AfterEach
    void close() {
        if (wal != null) {
            wal.close();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 511, 512, 4096, 1 << 20})
    void shouldReadBackWhatWasAppended(int length) {
        reopen();
        long position = append(wal, 1, 5, length, 0x8000_0000_0000_0001L, 3);
        wal.submit();
        Recorder recorder = new Recorder();
        wal.read(position, recorder);
        assertThat(position).isNotNegative();
        assertThat(recorder.seen)
                .containsExactly(new Seen(position, record(1, 5, length, 0x8000_0000_0000_0001L, 3), null));
    }

    /** Segments are smaller than the largest record: each size wraps over several. */
    @ParameterizedTest
    @ValueSource(ints = {512, 4096, 1 << 20})
    void shouldWrapOverSegmentsWithRecordsOfOneSize(int length) {
        reopen();
        int perGroup = length == 1 << 20 ? 4 : 2 * SEGMENT_BYTES / length;
        Map<Long, Long> groupAndSlotByPosition = new HashMap<>();
        for (long slot = 0; slot < perGroup; slot++) {
            for (int group = 1; group <= 3; group++) {
                groupAndSlotByPosition.put(append(wal, group, slot, length), slot * 4 + group);
            }
            wal.submit();
        }
        assertThat(durable).hasSize(3 * perGroup);
        groupAndSlotByPosition.keySet().forEach(position -> wal.read(position, new Recorder()));
        reopen();
        Recorder recorder = scan(wal);
        assertThat(recorder.damaged()).isEmpty();
        Map<Long, Long> found = new HashMap<>();
        recorder.seen.forEach(each -> found.put(
                each.position(), each.record().slot() * 4 + each.record().groupId()));
        assertThat(found).isEqualTo(groupAndSlotByPosition);
    }

    /** One group that lags keeps its own records, and nobody else's truncation is taken for its. */
    @Test
    void shouldTruncateEachGroupForItself() {
        reopen();
        for (long slot = 0; slot < 300; slot++) {
            append(wal, (int) (1 + slot % 3), slot, 4096);
        }
        wal.submit();
        wal.force();
        wal.truncate(1, 299);
        wal.truncate(2, 299);
        long before = wal.sizeBytes();
        wal.truncate(3, 149);
        assertThat(wal.sizeBytes()).isLessThan(before);
        reopen();
        Recorder recorder = scan(wal);
        assertThat(recorder.damaged()).isEmpty();
        assertThat(recorder.slots(3))
                .containsAll(LongStream.range(150, 300)
                        .filter(slot -> slot % 3 == 2)
                        .boxed()
                        .toList());
    }

    @Test
    void shouldTakePayloadFromDirectBufferAndLeaveItAlone() {
        reopen();
        ByteBuffer direct = ByteBuffer.allocateDirect(8192).position(100);
        direct.put(payload(1, 1, 4096)).flip().position(100);
        long position = wal.append(record(1, 1, 4096), direct, 1);
        assertThat(direct.position()).isEqualTo(100);
        wal.submit();
        Recorder recorder = new Recorder();
        wal.read(position, recorder);
        assertThat(recorder.slots(1)).containsExactly(1L);
    }

    @Test
    void shouldCarryLargestDep() {
        reopen();
        long[] dep = new long[WalRecord.DEP_WORDS_MAX];
        Arrays.setAll(dep, i -> -i);
        long position = append(wal, 1, 1, 512, dep);
        wal.submit();
        Recorder recorder = new Recorder();
        wal.read(position, recorder);
        assertThat(recorder.seen.get(0).record().dep()).isEqualTo(dep);
    }

    @Test
    void shouldReportTokensOnlyAfterSubmit() {
        reopen();
        append(wal, 1, 10, 512);
        append(wal, 1, 11, 512);
        assertThat(durable).isEmpty();
        wal.submit();
        assertThat(durable).containsExactlyInAnyOrder(10L, 11L);
        wal.submit();
        wal.submit();
        assertThat(durable).hasSize(2);
    }

    @Test
    void shouldHandOverFromTheThreadThatOpenedToTheOneThatWrites() throws Exception {
        reopen();
        append(wal, 1, 10, 512);
        wal.submit();
        AtomicReference<Throwable> failure = new AtomicReference<>();
        Thread writer = new Thread(() -> {
            append(wal, 1, 11, 512);
            wal.submit();
        });
        writer.setUncaughtExceptionHandler((thread, cause) -> failure.set(cause));
        writer.start();
        writer.join();
        assertThat(failure.get()).isNull();
        assertThat(durable).containsExactly(10L, 11L);
    }

    @Test
    void shouldLetListenerAppendAndSubmit() {
        Wal[] self = new Wal[1];
        List<Long> heard = new ArrayList<>();
        self[0] = open(token -> {
            heard.add(token);
            if (token < 5) {
                append(self[0], 1, token + 1, 512);
                self[0].submit();
            }
        });
        wal = self[0];
        append(wal, 1, 1, 512);
        wal.submit();
        assertThat(heard).containsExactly(1L, 2L, 3L, 4L, 5L);
    }

    @Test
    void shouldScanEverythingInOrderAfterReopen() {
        reopen();
        Random random = new Random(1);
        List<Long> positions = new ArrayList<>();
        for (long slot = 0; slot < 200; slot++) {
            positions.add(append(wal, (int) (slot % 3), slot, random.nextInt(20_000)));
            if (slot % 7 == 0) {
                wal.submit();
            }
        }
        wal.submit();
        reopen();
        Recorder recorder = scan(wal);
        assertThat(positions).isSorted().doesNotHaveDuplicates();
        assertThat(recorder.damaged()).isEmpty();
        assertThat(recorder.seen.stream().map(Seen::position).toList()).isEqualTo(positions);
        assertThat(recorder.slots(2))
                .isEqualTo(
                        LongStream.range(0, 200).filter(s -> s % 3 == 2).boxed().toList());
        recorder.seen.forEach(each -> wal.read(each.position(), new Recorder()));
    }

    @Test
    void shouldAppendAfterReopenAndKeepOrder() {
        reopen();
        long last = -1;
        for (int run = 0; run < 3; run++) {
            scan(wal);
            for (int i = 0; i < 5; i++) {
                long position = append(wal, 1, run * 5L + i, 4096);
                assertThat(position).isGreaterThan(last);
                last = position;
            }
            wal.submit();
            reopen();
        }
        assertThat(scan(wal).slots(1)).isEqualTo(LongStream.range(0, 15).boxed().toList());
    }

    @Test
    void shouldGiveNothingFromEmptyLog() {
        reopen();
        assertThat(scan(wal).seen).isEmpty();
        reopen();
        assertThat(scan(wal).seen).isEmpty();
    }

    @Test
    void shouldKeepEveryRecordThatIsStillNeeded() {
        reopen();
        Random random = new Random(2);
        Map<Integer, Long> truncated = new HashMap<>();
        for (long slot = 0; slot < 600; slot++) {
            append(wal, (int) (slot % 2), slot, random.nextInt(8192));
            if (slot % 10 == 9) {
                wal.submit();
            }
            if (slot % 50 == 49) {
                int group = random.nextInt(2);
                truncated.put(group, slot - 20);
                wal.truncate(group, slot - 20);
            }
            if (slot % 200 == 199) {
                reopen();
                Recorder recorder = scan(wal);
                assertThat(recorder.damaged()).isEmpty();
                long end = slot;
                for (int group = 0; group < 2; group++) {
                    int g = group;
                    assertThat(recorder.slots(g))
                            .containsAll(LongStream.rangeClosed(truncated.getOrDefault(g, -1L) + 1, end)
                                    .filter(s -> s % 2 == g)
                                    .boxed()
                                    .toList());
                }
            }
        }
    }

    @Test
    void shouldShrinkOnceAllGroupsHaveTruncated() {
        reopen();
        long first = append(wal, 1, 0, 4096);
        for (long slot = 1; slot < 300; slot++) {
            append(wal, (int) (1 + slot % 2), slot, 4096);
        }
        wal.submit();
        wal.force();
        long before = wal.sizeBytes();
        wal.truncate(1, 299);
        wal.truncate(2, 299);
        assertThat(wal.sizeBytes()).isLessThan(before / 2);
        assertThatThrownBy(() -> wal.read(first, new Recorder())).isInstanceOf(WalCorruptException.class);
        append(wal, 1, 300, 4096);
        wal.submit();
        reopen();
        assertThat(scan(wal).slots(1)).contains(300L);
    }

    @Test
    void shouldTruncateWhatEarlierRunsWroteAfterScan() {
        reopen();
        for (long slot = 0; slot < 200; slot++) {
            append(wal, 1, slot, 4096);
        }
        wal.submit();
        reopen();
        scan(wal);
        long before = wal.sizeBytes();
        wal.truncate(1, 199);
        assertThat(wal.sizeBytes()).isLessThan(before);
        reopen();
        assertThat(scan(wal).damaged()).isEmpty();
    }

    @Test
    void shouldRefusePayloadThatDoesNotMatchRecord() {
        reopen();
        assertThatThrownBy(() -> wal.append(record(1, 1, 512), payload(1, 1, 511), 1))
                .isInstanceOf(IllegalArgumentException.class);
        append(wal, 1, 2, 512);
        wal.submit();
        assertThat(durable).containsExactly(2L);
    }

    @Test
    void shouldRefuseUseAfterClose() {
        reopen();
        wal.close();
        assertThatThrownBy(() -> append(wal, 1, 1, 512)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> wal.submit()).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void shouldReadOnOtherThreadWhileWriting() throws Exception {
        reopen();
        int count = 2000;
        AtomicLongArray positions = new AtomicLongArray(count);
        ExecutorService reader = Executors.newSingleThreadExecutor();
        try {
            Future<Integer> done = reader.submit(() -> {
                int read = 0;
                while (read < count) {
                    long position = positions.get(read);
                    if (position != 0) {
                        Recorder recorder = new Recorder();
                        wal.read(position - 1, recorder);
                        assertThat(recorder.slots(1)).containsExactly((long) read);
                        read++;
                    } else {
                        Thread.onSpinWait();
                    }
                }
                return read;
            });
            for (int slot = 0; slot < count; slot++) {
                positions.set(slot, append(wal, 1, slot, slot % 3000) + 1);
            }
            wal.submit();
            assertThat(done.get()).isEqualTo(count);
        } finally {
            reader.shutdownNow();
        }
    }
}
