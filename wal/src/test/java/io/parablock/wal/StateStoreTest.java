package io.parablock.wal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StateStoreTest {
    @TempDir
    Path dir;

    @Test
    void shouldKeepEachStateInMemoryAndInFiles() {
        for (StateStore s : new StateStore[] {new MemoryStateStore(), FileStateStore.open(dir)}) {
            assertThat(s.loadMeta()).isNull();
            assertThat(s.loadSyncRecord()).isNull();
            assertThat(s.loadCheckpoint()).isNull();
            s.saveMeta(new byte[] {1});
            s.saveMeta(new byte[] {1, 2});
            s.saveSyncRecord(new byte[] {3});
            s.saveCheckpoint(new byte[0]);
            assertThat(s.loadMeta()).containsExactly(1, 2);
            assertThat(s.loadSyncRecord()).containsExactly(3);
            assertThat(s.loadCheckpoint()).isEmpty();
            s.close();
        }
        assertThat(FileStateStore.open(dir).loadMeta()).containsExactly(1, 2);
    }

    private void damage(String name) throws IOException {
        byte[] bytes = Files.readAllBytes(dir.resolve(name));
        bytes[bytes.length - 1] ^= 1;
        Files.write(dir.resolve(name), bytes);
    }

    @Test
    void shouldReadMetaFromEitherCopyAndRefuseWhenBothAreGone() throws IOException {
        FileStateStore.open(dir).saveMeta(new byte[] {9});
        damage("meta.0");
        assertThat(FileStateStore.open(dir).loadMeta()).containsExactly(9);
        damage("meta.0");
        damage("meta.1");
        assertThatThrownBy(() -> FileStateStore.open(dir).loadMeta()).isInstanceOf(StateLostException.class);
    }

    /** A process killed between the copies: what it answers for next must not hang on one of them. */
    @Test
    void shouldMakeBothCopiesOfMetaTheSameWhenItIsRead() throws IOException {
        FileStateStore s = FileStateStore.open(dir);
        s.saveMeta(new byte[] {1});
        byte[] old = Files.readAllBytes(dir.resolve("meta.1"));
        s.saveMeta(new byte[] {2});
        Files.write(dir.resolve("meta.1"), old);
        assertThat(FileStateStore.open(dir).loadMeta()).containsExactly(2);
        damage("meta.0");
        assertThat(FileStateStore.open(dir).loadMeta()).containsExactly(2);
    }

    @Test
    void shouldRefuseADamagedSyncRecordAndANewerFormat() throws IOException {
        FileStateStore s = FileStateStore.open(dir);
        s.saveSyncRecord(new byte[] {9});
        damage("syncrec");
        assertThatThrownBy(s::loadSyncRecord).isInstanceOf(StateLostException.class);
        s.saveCheckpoint(new byte[] {9});
        byte[] bytes = Files.readAllBytes(dir.resolve("ckpt"));
        bytes[4] = 2;
        Files.write(dir.resolve("ckpt"), bytes);
        assertThatThrownBy(s::loadCheckpoint).hasMessageContaining("newer version");
    }
}
