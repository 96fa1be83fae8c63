package io.parablock.catalogue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.parablock.blockdev.store.BlockStoreException;
import io.parablock.catalogue.Catalogue.Rules;
import io.parablock.raft.InstallConfig;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CatalogueStoreTest {
    private static final Rules RULES = new Rules(100, Set.of());

    @TempDir
    private Path dir;

    private static Catalogue with(Catalogue before, String name) throws RefusedChangeException {
        return before.create("change " + name, name, 4096, 1 << 20, RULES);
    }

    private static void write(CatalogueStore store, Catalogue proposed) {
        store.write(0, ByteBuffer.wrap(proposed.encode()));
    }

    private static byte[] image(CatalogueStore store) {
        byte[] out = new byte[CatalogueStore.SIZE_BYTES];
        store.read(0, ByteBuffer.wrap(out));
        return out;
    }

    @Test
    void shouldTakeTheFirstOfTwoNextVersions() throws Exception {
        CatalogueStore store = CatalogueStore.open(dir);
        AtomicInteger taken = new AtomicInteger();
        store.onTaken(taken::incrementAndGet);
        Catalogue mine = with(Catalogue.EMPTY, "mine");
        write(store, mine);
        write(store, with(Catalogue.EMPTY, "theirs"));
        assertThat(store.catalogue()).isEqualTo(mine);
        assertThat(taken).hasValue(1);
    }

    @Test
    void shouldTakeNoVersionBeforeItsTurn() throws Exception {
        CatalogueStore store = CatalogueStore.open(dir);
        Catalogue one = with(Catalogue.EMPTY, "a");
        write(store, with(one, "b"));
        assertThat(store.catalogue()).isEqualTo(Catalogue.EMPTY);
    }

    @Test
    void shouldTakeOnlyWholeRecordsAtTheirPlace() throws Exception {
        CatalogueStore store = CatalogueStore.open(dir);
        byte[] damaged = with(Catalogue.EMPTY, "a").encode();
        damaged[30] ^= 1;
        store.write(0, ByteBuffer.wrap(damaged));
        store.write(0, ByteBuffer.wrap(new byte[4096]));
        store.write(4096, ByteBuffer.wrap(with(Catalogue.EMPTY, "a").encode()));
        store.zero(0, 4096);
        assertThat(image(store)).containsOnly(0);
    }

    /** Every log, applied to every store that is behind it, at it or ahead of it, ends in the same record. */
    @Test
    void shouldEndTheSameWhereverAReplayBegins() throws Exception {
        List<Catalogue> log = new ArrayList<>();
        List<Catalogue> won = new ArrayList<>(List.of(Catalogue.EMPTY));
        for (int i = 0; i < 5; i++) {
            Catalogue before = won.get(i);
            log.add(with(before, "winner" + i));
            won.add(log.get(log.size() - 1));
            log.add(with(before, "loser" + i));
            // Somebody who read an old version and was late.
            log.add(with(won.get(i / 2), "late" + i));
        }
        for (Catalogue at : won) {
            Path where = Files.createDirectories(dir.resolve("at" + at.version()));
            CatalogueStore before = CatalogueStore.open(where);
            for (Catalogue v : won.subList(1, (int) at.version() + 1)) {
                write(before, v);
            }
            before.fsync();
            before.close();
            // From the beginning of the log up to the slot behind that of this version.
            for (int from = 0; from <= Math.max(0, 3 * at.version() - 2); from++) {
                CatalogueStore store = CatalogueStore.open(where);
                log.subList(from, log.size()).forEach(c -> write(store, c));
                assertThat(store.catalogue())
                        .as("%s from %s", at.version(), from)
                        .isEqualTo(won.get(5));
                store.close();
            }
        }
    }

    @Test
    void shouldBeTheRecordOfTheLastCheckpointAfterACrash() throws Exception {
        CatalogueStore store = CatalogueStore.open(dir);
        Catalogue one = with(Catalogue.EMPTY, "a");
        write(store, one);
        store.fsync();
        write(store, with(one, "b"));
        // No fsync, no close.
        assertThat(CatalogueStore.open(dir).catalogue()).isEqualTo(one);
    }

    @Test
    void shouldTakeAnInstallAsItIsAlsoOneThatIsOlder() throws Exception {
        assertThat(CatalogueStore.SIZE_BYTES).as("one piece brings all of it").isEqualTo(InstallConfig.PIECE_BYTES_MAX);
        CatalogueStore source = CatalogueStore.open(Files.createDirectories(dir.resolve("source")));
        Catalogue one = with(Catalogue.EMPTY, "a");
        Catalogue two = with(one, "b");
        write(source, one);
        byte[] older = image(source);
        write(source, two);
        byte[] newer = image(source);

        CatalogueStore store = CatalogueStore.open(Files.createDirectories(dir.resolve("target")));
        store.write(0, ByteBuffer.wrap(newer));
        assertThat(store.catalogue()).isEqualTo(two);
        store.write(0, ByteBuffer.wrap(older));
        assertThat(store.catalogue()).isEqualTo(one);
        write(store, two);
        assertThat(store.catalogue()).isEqualTo(two);
        store.zero(0, CatalogueStore.SIZE_BYTES);
        assertThat(store.catalogue()).isEqualTo(Catalogue.EMPTY);
    }

    @Test
    void shouldSurviveTheLossOfOneCopyAndRefuseThatOfBoth() throws Exception {
        CatalogueStore store = CatalogueStore.open(dir);
        Catalogue one = with(Catalogue.EMPTY, "a");
        write(store, one);
        store.fsync();
        spoil(dir.resolve("catalogue.1"));
        assertThat(CatalogueStore.open(dir).catalogue()).isEqualTo(one);
        spoil(dir.resolve("catalogue.0"));
        assertThat(CatalogueStore.open(dir).catalogue()).as("was written again").isEqualTo(one);
        spoil(dir.resolve("catalogue.0"));
        spoil(dir.resolve("catalogue.1"));
        assertThatThrownBy(() -> CatalogueStore.open(dir))
                .isInstanceOf(BlockStoreException.class)
                .hasMessageContaining("unreadable in both copies");
    }

    private static void spoil(Path file) throws Exception {
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length - 1] ^= 1;
        Files.write(file, bytes);
    }
}
