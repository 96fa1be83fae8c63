package io.parablock.blockdev.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What every block store promises. */
public abstract class BlockStoreContract {
    protected static final long SIZE = 8 << 20;
    protected BlockStore store;

    protected abstract BlockStore open();

    @BeforeEach
    void openIt() {
        store = open();
    }

    @AfterEach
    void closeIt() {
        store.close();
    }

    protected byte[] read(long offset, int length) {
        ByteBuffer b = ByteBuffer.allocate(length);
        store.read(offset, b);
        return b.array();
    }

    @Test
    void shouldMatchAByteArrayUnderRandomOperations() {
        byte[] model = new byte[(int) SIZE];
        Random random = new Random(7);
        for (int i = 0; i < 500; i++) {
            int offset = random.nextInt((int) SIZE / 512) * 512;
            int length = Math.min((1 + random.nextInt(64)) * 512, (int) SIZE - offset);
            byte[] bytes = new byte[length];
            switch (random.nextInt(3)) {
                case 0 -> {
                    random.nextBytes(bytes);
                    store.write(offset, ByteBuffer.wrap(bytes));
                }
                case 1 -> store.zero(offset, length);
                default -> store.trim(offset, length);
            }
            System.arraycopy(bytes, 0, model, offset, length);
        }
        store.fsync();
        assertThat(read(0, (int) SIZE)).isEqualTo(model);
        assertThat(store.verify(0, SIZE)).isEmpty();
        assertThat(store.isAdopting()).isFalse();
    }

    @Test
    void shouldReleaseSpaceOfTrimmedAndZeroedRanges() {
        store.write(0, ByteBuffer.allocate(4 << 20).put(0, new byte[] {1}));
        store.fsync();
        long full = store.allocatedBytes();
        store.trim(0, 2 << 20);
        store.zero(2 << 20, 1 << 20);
        store.fsync();
        assertThat(store.allocatedBytes()).isLessThanOrEqualTo(full - (3 << 20));
    }

    @Test
    void shouldRefuseRangesOutsideAndPartialSectors() {
        for (long[] bad : new long[][] {{SIZE, 512}, {SIZE - 512, 1024}, {-512, 512}, {100, 512}, {0, 100}}) {
            assertThatThrownBy(() -> store.write(bad[0], ByteBuffer.allocate((int) bad[1])))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> store.zero(bad[0], bad[1])).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> store.verify(bad[0], bad[1])).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> store.read(bad[0], ByteBuffer.allocate((int) bad[1])))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }
}
