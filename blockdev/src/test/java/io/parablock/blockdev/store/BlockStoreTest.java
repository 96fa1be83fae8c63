package io.parablock.blockdev.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The contract over each block store of this module. */
class BlockStoreTest {
    @Nested
    class Memory extends BlockStoreContract {
        @Override
        protected BlockStore open() {
            return new MemoryBlockStore(SIZE);
        }
    }

    @Nested
    class File extends BlockStoreContract {
        @TempDir
        Path dir;

        @Override
        protected BlockStore open() {
            return FileBlockStore.open(dir.resolve("chunk"), SIZE, new SumsMemory(memoryBytes()));
        }

        /** For checksums; it holds all of them. */
        long memoryBytes() {
            return 1 << 20;
        }

        @Test
        void shouldKeepItsBlocksOverAReopenAndRefuseToShrink() {
            store.write(4096, ByteBuffer.wrap(new byte[512]).put(0, (byte) 9));
            store.close();
            store = open();
            assertThat(read(4096, 512)[0]).isEqualTo((byte) 9);
            assertThatThrownBy(() -> FileBlockStore.open(dir.resolve("chunk"), SIZE / 2))
                    .isInstanceOf(BlockStoreException.class);
        }
    }

    @Nested
    class FileThatWritesChecksumsAtOnce extends File {
        @Override
        long memoryBytes() {
            return 0;
        }
    }

    @Nested
    class FileWithMemoryForOnePageOfChecksums extends File {
        @Override
        long memoryBytes() {
            return BlockSumsDescriptor.PAGE_BYTES;
        }
    }

    @Nested
    class FileWithMemoryForTwoPagesOfChecksums extends File {
        @Override
        long memoryBytes() {
            return 2L * BlockSumsDescriptor.PAGE_BYTES;
        }
    }
}
