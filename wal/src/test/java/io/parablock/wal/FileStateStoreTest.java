package io.parablock.wal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class FileStateStoreTest extends StateStoreContract {
    @TempDir
    Path parent;

    private Path directory() {
        return parent.resolve("group-1");
    }

    @Override
    protected StateStore open() {
        return FileStateStore.open(directory());
    }

    @Override
    protected void lose(StateStore.Part part) throws IOException {
        List<String> names = switch (part) {
            case META -> List.of("meta.0", "meta.1");
            case SYNC_RECORD -> List.of("syncrec");
            case CHECKPOINT -> List.of("ckpt");
        };
        for (String name : names) {
            flipLastByte(name);
        }
    }

    @Test
    void shouldSurviveDamageToEitherCopyOfMeta() throws IOException {
        try (StateStore store = open()) {
            store.saveMeta(new byte[] {1});
            store.saveMeta(new byte[] {2});
            flipLastByte("meta.0");
            assertThat(store.loadMeta()).containsExactly(2);
            // The load has repaired the copy: the other one may go now.
            Files.delete(directory().resolve("meta.1"));
            assertThat(store.loadMeta()).containsExactly(2);
        }
    }

    private enum FileDamage {
        FLIPPED,
        ZEROED,
        TRUNCATED,
        EMPTY,
        MISSING
    }

    private void damage(String name, FileDamage how) throws IOException {
        Path path = directory().resolve(name);
        byte[] bytes = Files.readAllBytes(path);
        switch (how) {
            case FLIPPED -> flipLastByte(name);
            case ZEROED -> Files.write(path, new byte[bytes.length]);
            case TRUNCATED -> Files.write(path, Arrays.copyOf(bytes, bytes.length - 1));
            case EMPTY -> Files.write(path, new byte[0]);
            case MISSING -> Files.delete(path);
        }
    }

    /** The table of docs/wal-format.md. */
    @ParameterizedTest
    @EnumSource
    void shouldLoadTheNewestMetaFromEitherCopyAndKnowThatBothAreLost(FileDamage how) throws IOException {
        for (List<String> names : List.of(List.of("meta.0"), List.of("meta.1"), List.of("meta.0", "meta.1"))) {
            try (StateStore store = open()) {
                store.saveMeta(new byte[] {1});
                store.saveMeta(new byte[] {2});
            }
            for (String name : names) {
                damage(name, how);
            }
            try (StateStore store = open()) {
                if (names.size() == 1) {
                    assertThat(store.loadMeta()).as("%s %s", names, how).containsExactly(2);
                } else if (how == FileDamage.MISSING) {
                    // Nothing tells that there ever was one: the node's own look at its directory does (NodeDisk).
                    assertThat(store.loadMeta()).isNull();
                } else {
                    assertThatThrownBy(store::loadMeta).isInstanceOf(StateLostException.class);
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void shouldTellEachCopyThatIsNotOnTheDiskAnyMore(FileDamage how) throws IOException {
        try (StateStore store = open()) {
            store.saveMeta(new byte[] {1});
            store.saveSyncRecord(new byte[] {2});
            store.saveCheckpoint(new byte[9000]);
        }
        try (StateStore store = open()) {
            assertThat(store.loadMeta()).containsExactly(1);
            assertThat(store.loadSyncRecord()).containsExactly(2);
            assertThat(store.loadCheckpoint()).hasSize(9000);
            for (StateStore.Part part : StateStore.Part.values()) {
                assertThat(store.damagedCopies(part)).isZero();
            }
            damage("meta.1", how);
            assertThat(store.damagedCopies(StateStore.Part.META)).isEqualTo(1);
            damage("meta.0", how);
            assertThat(store.damagedCopies(StateStore.Part.META)).isEqualTo(2);
            damage("syncrec", how);
            assertThat(store.damagedCopies(StateStore.Part.SYNC_RECORD)).isEqualTo(1);
            damage("ckpt", how);
            assertThat(store.damagedCopies(StateStore.Part.CHECKPOINT)).isEqualTo(1);
        }
    }

    /** The disk said that it had written, and has what was there before. */
    @Test
    void shouldTellACopyThatIsOlderThanItsLastSave() throws IOException {
        try (StateStore store = open()) {
            store.saveMeta(new byte[] {1});
            store.saveCheckpoint(new byte[] {1});
            byte[] meta = Files.readAllBytes(directory().resolve("meta.0"));
            byte[] checkpoint = Files.readAllBytes(directory().resolve("ckpt"));
            store.saveMeta(new byte[] {2});
            store.saveCheckpoint(new byte[] {2});
            Files.write(directory().resolve("meta.0"), meta);
            Files.write(directory().resolve("ckpt"), checkpoint);
            assertThat(store.damagedCopies(StateStore.Part.META)).isEqualTo(1);
            assertThat(store.damagedCopies(StateStore.Part.CHECKPOINT)).isEqualTo(1);
        }
    }

    /** A reader beside the writer: what is replaced as a whole is never half there. */
    @Test
    void shouldNotTakeASaveUnderWayForDamage() throws Exception {
        AtomicInteger found = new AtomicInteger();
        AtomicInteger looks = new AtomicInteger();
        AtomicBoolean stop = new AtomicBoolean();
        try (StateStore store = open()) {
            store.saveMeta(new byte[] {0});
            store.saveSyncRecord(new byte[] {0});
            Thread reader = new Thread(() -> {
                while (!stop.get()) {
                    found.addAndGet(store.damagedCopies(StateStore.Part.META));
                    found.addAndGet(store.damagedCopies(StateStore.Part.SYNC_RECORD));
                    looks.incrementAndGet();
                }
            });
            reader.start();
            for (int i = 1; i < 100 || looks.get() < 20; i++) {
                store.saveMeta(new byte[] {(byte) i});
                store.saveSyncRecord(new byte[] {(byte) i});
            }
            stop.set(true);
            reader.join();
        }
        assertThat(found).hasValue(0);
    }

    @Test
    void shouldSaveMetaOverCopiesThatRottedSinceTheLoad() throws IOException {
        try (StateStore store = open()) {
            store.saveMeta(new byte[] {1});
        }
        try (StateStore store = open()) {
            assertThat(store.loadMeta()).containsExactly(1);
            flipLastByte("meta.0");
            flipLastByte("meta.1");
            store.saveMeta(new byte[] {2});
        }
        try (StateStore store = open()) {
            assertThat(store.loadMeta()).containsExactly(2);
        }
    }

    @Test
    void shouldFinishHalfSaveOnLoad() throws IOException {
        try (StateStore store = open()) {
            store.saveMeta(new byte[] {1});
            byte[] older = Files.readAllBytes(directory().resolve("meta.1"));
            store.saveMeta(new byte[] {2});
            Files.write(directory().resolve("meta.1"), older);
            assertThat(store.loadMeta()).containsExactly(2);
            flipLastByte("meta.0");
            assertThat(store.loadMeta()).containsExactly(2);
        }
    }

    @Test
    void shouldIgnoreLeftOverTemporaryFile() throws IOException {
        try (StateStore store = open()) {
            store.saveCheckpoint(new byte[] {1});
            Files.write(directory().resolve("ckpt.tmp"), new byte[] {9, 9});
            assertThat(store.loadCheckpoint()).containsExactly(1);
            store.saveCheckpoint(new byte[] {2});
            assertThat(store.loadCheckpoint()).containsExactly(2);
        }
    }

    @Test
    void shouldRefuseNewerVersionInOneLine() throws IOException {
        try (StateStore store = open()) {
            store.saveMeta(new byte[] {1});
            for (String name : List.of("meta.0", "meta.1")) {
                Path path = directory().resolve(name);
                ByteBuffer file = ByteBuffer.wrap(Files.readAllBytes(path)).order(ByteOrder.LITTLE_ENDIAN);
                file.putShort(4, (short) (MetaDescriptor.VERSION + 1));
                CRC32C crc = new CRC32C();
                crc.update(file.array(), 0, AtomicFile.CRC_OFFSET);
                crc.update(file.array(), AtomicFile.HEADER_LENGTH, file.limit() - AtomicFile.HEADER_LENGTH);
                file.putInt(AtomicFile.CRC_OFFSET, (int) crc.getValue());
                Files.write(path, file.array());
            }
            assertThatThrownBy(store::loadMeta)
                    .isInstanceOf(UnsupportedFormatException.class)
                    .hasMessageContaining("format version 3; this program reads up to 2")
                    .hasMessageNotContaining("\n");
        }
    }

    @Test
    void shouldStayFailedAfterFailedWrite() throws IOException {
        try (StateStore store = open()) {
            Files.delete(directory());
            assertThatThrownBy(() -> store.saveCheckpoint(new byte[] {1})).isInstanceOf(WalFailedException.class);
            Files.createDirectory(directory());
            assertThatThrownBy(() -> store.saveCheckpoint(new byte[] {1})).isInstanceOf(WalFailedException.class);
        }
    }

    private void flipLastByte(String name) throws IOException {
        Path path = directory().resolve(name);
        byte[] bytes = Files.readAllBytes(path);
        bytes[bytes.length - 1] ^= 1;
        Files.write(path, bytes);
    }
}
