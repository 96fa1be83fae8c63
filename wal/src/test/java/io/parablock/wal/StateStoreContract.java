package io.parablock.wal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

/** What every state store has to do. */
public abstract class StateStoreContract {
    /** Opens the store over the medium of this test: the first time it is empty. */
    protected abstract StateStore open() throws Exception;

    /** Makes one part unreadable in all its copies. */
    protected abstract void lose(StateStore.Part part) throws Exception;

    @Test
    void shouldGiveNullForWhatWasNeverSaved() throws Exception {
        try (StateStore store = open()) {
            assertThat(store.loadMeta()).isNull();
            assertThat(store.loadSyncRecord()).isNull();
            assertThat(store.loadCheckpoint()).isNull();
        }
    }

    @Test
    void shouldGiveTheLatestAfterReopen() throws Exception {
        try (StateStore store = open()) {
            for (byte i = 0; i < 5; i++) {
                store.saveMeta(new byte[] {1, i});
                store.saveSyncRecord(new byte[] {2, i});
                store.saveCheckpoint(new byte[100_000 * i]);
            }
        }
        try (StateStore store = open()) {
            assertThat(store.loadMeta()).containsExactly(1, 4);
            assertThat(store.loadSyncRecord()).containsExactly(2, 4);
            assertThat(store.loadCheckpoint()).hasSize(400_000);
            store.saveMeta(new byte[0]);
            assertThat(store.loadMeta()).isEmpty();
        }
    }

    @Test
    void shouldNotShareArraysWithTheCaller() throws Exception {
        try (StateStore store = open()) {
            byte[] meta = {1};
            store.saveMeta(meta);
            meta[0] = 2;
            store.loadMeta()[0] = 3;
            assertThat(store.loadMeta()).containsExactly(1);
        }
    }

    @Test
    void shouldSayWhenStateIsLost() throws Exception {
        try (StateStore store = open()) {
            store.saveMeta(new byte[] {1});
            store.saveSyncRecord(new byte[] {2});
            store.saveCheckpoint(new byte[] {3});
        }
        for (StateStore.Part part : StateStore.Part.values()) {
            lose(part);
        }
        try (StateStore store = open()) {
            assertThatThrownBy(store::loadMeta).isInstanceOf(StateLostException.class);
            assertThatThrownBy(store::loadSyncRecord).isInstanceOf(StateLostException.class);
            assertThatThrownBy(store::loadCheckpoint).isInstanceOf(StateLostException.class);
        }
    }

    @Test
    void shouldTellWhatIsDamagedUntilItIsSavedAgain() throws Exception {
        try (StateStore store = open()) {
            for (StateStore.Part part : StateStore.Part.values()) {
                assertThat(store.damagedCopies(part))
                        .as("never saved: %s", part)
                        .isZero();
            }
            store.saveMeta(new byte[] {1});
            store.saveSyncRecord(new byte[] {2});
            store.saveCheckpoint(new byte[5000]);
            for (StateStore.Part part : StateStore.Part.values()) {
                assertThat(store.damagedCopies(part)).as("saved: %s", part).isZero();
                lose(part);
                assertThat(store.damagedCopies(part)).as("lost: %s", part).isEqualTo(part.copies());
            }
            store.saveMeta(new byte[] {1});
            store.saveSyncRecord(new byte[] {2});
            store.saveCheckpoint(new byte[5000]);
            for (StateStore.Part part : StateStore.Part.values()) {
                assertThat(store.damagedCopies(part))
                        .as("saved again: %s", part)
                        .isZero();
            }
        }
    }
}
