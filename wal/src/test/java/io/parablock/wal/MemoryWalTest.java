package io.parablock.wal;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class MemoryWalTest extends WalContract {
    @Override
    Wal open() {
        return new MemoryWal(durable::add);
    }

    @Override
    Wal reopen() {
        return ((MemoryWal) wal).crash(durable::add);
    }

    @Test
    void shouldLoseWhatWasNotDurable() {
        append(1, 1, 512);
        wal.submit();
        append(1, 2, 512);
        assertThat(scanAll(reopen())).hasSize(1);
    }
}
