package io.parablock.wal;

import static io.parablock.wal.TestRecords.append;
import static io.parablock.wal.TestRecords.scan;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.parablock.wal.MemoryWal.Completion;
import org.junit.jupiter.api.Test;

class MemoryWalTest extends WalContract {
    private MemoryWal latest;

    @Override
    protected Wal open(WalListener listener) {
        latest = latest == null ? new MemoryWal(listener) : latest.restart(listener);
        return latest;
    }

    @Test
    void shouldLoseWhatWasNotDurableInCrash() {
        MemoryWal before = new MemoryWal(durable::add, Durability.FSYNC, Completion.MANUAL);
        for (long slot = 0; slot < 4; slot++) {
            append(before, 1, slot, 512);
        }
        before.submit();
        append(before, 1, 4, 512);
        before.complete(3);
        before.complete(1);
        assertThat(durable).containsExactly(3L, 1L);
        assertThat(scan(before.crash(durable::add)).slots(1)).containsExactly(1L, 3L);
        assertThatThrownBy(before::submit).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void shouldLoseMappedRecordsInCrashButNotInRestart() {
        MemoryWal first = new MemoryWal(durable::add, Durability.MAPPED, Completion.ON_SUBMIT);
        append(first, 1, 0, 512);
        first.submit();
        first.force();
        append(first, 1, 1, 512);
        first.submit();
        assertThat(durable).containsExactly(0L, 1L);
        MemoryWal second = first.restart(durable::add);
        assertThat(scan(second).slots(1)).containsExactly(0L, 1L);
        assertThat(scan(second.crash(durable::add)).slots(1)).containsExactly(0L);
    }

    @Test
    void shouldReportDamage() {
        MemoryWal memory = new MemoryWal(durable::add);
        long payload = append(memory, 1, 1, 512);
        long header = append(memory, 1, 2, 512);
        append(memory, 1, 3, 512);
        memory.submit();
        memory.damagePayload(payload);
        memory.damageHeader(header);
        assertThat(scan(memory).damaged())
                .containsExactly(
                        new DamagedRecord(true, 1, 1, 7, true, 1, "payload CRC"),
                        DamagedRecord.unidentified(1, true, "header CRC"));
        assertThatThrownBy(() -> memory.read(payload, (p, r, b) -> {})).isInstanceOf(WalCorruptException.class);
    }

    @Test
    void shouldFailForGood() {
        MemoryWal memory = new MemoryWal(durable::add);
        memory.fail("disk gone");
        assertThatThrownBy(() -> append(memory, 1, 1, 512)).isInstanceOf(WalFailedException.class);
        assertThatThrownBy(memory::force).isInstanceOf(WalFailedException.class);
    }
}
