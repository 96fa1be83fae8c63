package io.parablock.wal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The two copies of META as a start finds them: the table of docs/wal-format.md. */
class MetaCopiesTest {
    private static final int MAGIC = 0x4154_454D;

    @TempDir
    private Path directory;

    private List<Path> copies;

    @BeforeEach
    void nameCopies() {
        copies = List.of(directory.resolve("meta.0"), directory.resolve("meta.1"));
    }

    private StateStore open() {
        return FileStateStore.open(directory);
    }

    /** {@code old} is format version 1, as the program before this format wrote it. */
    private void put(Path copy, String state) throws IOException {
        String[] words = state.split(" ");
        switch (words[0]) {
            case "-" -> {}
            case "bad" -> {
                put(copy, "n+1");
                byte[] bytes = Files.readAllBytes(copy);
                bytes[bytes.length - 1] ^= 1;
                Files.write(copy, bytes);
            }
            case "short" -> Files.write(copy, new byte[100]);
            case "old" -> new AtomicFile(copy, MAGIC).write(sequence(words[1]), content(words[1]));
            default -> Files.write(copy, block(state));
        }
    }

    private static byte[] block(String state) {
        byte[] bytes = new byte[MetaDescriptor.BLOCK_LENGTH];
        MetaDescriptor.encode(new AtomicFile.Content(sequence(state), content(state)))
                .get(bytes);
        return bytes;
    }

    private static long sequence(String state) {
        return state.equals("n") ? 100 : state.equals("n+2") ? 102 : 101;
    }

    private static byte[] content(String state) {
        return state.getBytes(java.nio.charset.StandardCharsets.UTF_8);
    }

    @ParameterizedTest
    @CsvSource({
        "n, n, n",
        "n+1, n+1, n+1",
        "n+1, n, n+1",
        "n, n+1, n+1",
        "n+2, n, n+2",
        "bad, n, n",
        "n, bad, n",
        "bad, n+1, n+1",
        "n+1, bad, n+1",
        "short, n, n",
        "n, short, n",
        "-, n, n",
        "n, -, n",
        "-, n+1, n+1",
        "n+1, -, n+1",
        "bad, bad, lost",
        "bad, -, lost",
        "-, bad, lost",
        "short, bad, lost",
        "n+1, n+1', lost",
        "old n+1, n+1', lost",
        "-, -, nothing",
        "old n, old n, n",
        "old n+1, old n, n+1",
        "old n, old n+1, n+1",
        "old n, -, n",
        "bad, old n, n",
        "old n, bad, n",
        "n, old n, n",
        "old n, n, n",
        "n+1, old n, n+1",
        "n+1, old n+1, n+1",
        "n, old n+1, n+1",
        "old n+1, n, n+1"
    })
    void shouldFindTheNewestOrKnowThatNobodyCanTell(String first, String second, String expected) throws IOException {
        put(copies.get(0), first);
        put(copies.get(1), second);
        Files.write(directory.resolve("meta.1.tmp"), block("n+2"));
        try (StateStore store = open()) {
            if (expected.equals("lost")) {
                byte[] before = Files.exists(copies.get(0)) ? Files.readAllBytes(copies.get(0)) : null;
                assertThatThrownBy(store::loadMeta).isInstanceOf(StateLostException.class);
                assertThatThrownBy(() -> store.saveMeta(new byte[1])).isInstanceOf(StateLostException.class);
                byte[] after = Files.exists(copies.get(0)) ? Files.readAllBytes(copies.get(0)) : null;
                assertThat(after).as("what is lost stays as it was found").isEqualTo(before);
                return;
            }
            if (expected.equals("nothing")) {
                assertThat(store.loadMeta()).isNull();
                return;
            }
            assertThat(store.loadMeta()).isEqualTo(content(expected));
            assertThat(store.damagedCopies(StateStore.Part.META)).isZero();
        }
        assertThat(directory.resolve("meta.1.tmp")).doesNotExist();
        // What it told is there twice, in blocks of this version.
        for (Path gone : copies) {
            byte[] block = Files.readAllBytes(gone);
            assertThat(block).hasSize(MetaDescriptor.BLOCK_LENGTH).startsWith(0x4D, 0x45, 0x54, 0x41, 2, 0);
            assertThat(Files.readAllBytes(copies.get(0))).isEqualTo(Files.readAllBytes(copies.get(1)));
            put(gone, "bad");
            try (StateStore store = open()) {
                assertThat(store.loadMeta()).isEqualTo(content(expected));
            }
        }
    }

    private static Object fileKey(Path path) throws IOException {
        return Files.readAttributes(path, BasicFileAttributes.class).fileKey();
    }

    private void assumeDirect() throws IOException {
        boolean direct = PastPageCache.isKnown();
        try (FileChannel channel =
                PastPageCache.open(directory.resolve("probe"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            channel.write(MetaDescriptor.encode(new AtomicFile.Content(1, new byte[1])), 0);
        } catch (IOException | UnsupportedOperationException e) {
            direct = false;
        }
        assumeTrue(direct, "direct I/O");
    }

    @Test
    void shouldWriteOverTheSameFilesAndMakeANewOneOnlyBesideABadCopy() throws IOException {
        assumeDirect();
        try (StateStore store = open()) {
            store.saveMeta(new byte[] {1});
            Object first = fileKey(copies.get(0));
            Object second = fileKey(copies.get(1));
            for (int i = 2; i < 10; i++) {
                store.saveMeta(new byte[] {(byte) i});
            }
            assertThat(fileKey(copies.get(0))).isEqualTo(first);
            assertThat(fileKey(copies.get(1))).isEqualTo(second);
            // Copy 0 is all there is: nothing may tear it.
            put(copies.get(1), "bad");
            Object bad = fileKey(copies.get(1));
            store.saveMeta(new byte[] {10});
            assertThat(fileKey(copies.get(0))).isNotEqualTo(first);
            assertThat(fileKey(copies.get(1))).isEqualTo(bad);
        }
        try (StateStore store = open()) {
            Object first = fileKey(copies.get(0));
            assertThat(store.loadMeta()).containsExactly(10);
            store.saveMeta(new byte[] {11});
            assertThat(fileKey(copies.get(0))).isEqualTo(first);
        }
    }

    @Test
    void shouldBeRefusedByItsNumberInAProgramThatKnowsVersionOneOnly() {
        try (StateStore store = open()) {
            store.saveMeta(new byte[] {1});
        }
        for (Path copy : copies) {
            // Its reader of META, before there was this format.
            assertThatThrownBy(() -> new AtomicFile(copy, MAGIC).read())
                    .isInstanceOf(UnsupportedFormatException.class)
                    .hasMessage(copy + " has format version 2; this program reads up to 1");
        }
    }

    @Test
    void shouldHoldAsMuchAsABlockHasRoomForAndRefuseMore() {
        byte[] most = new byte[MetaDescriptor.LENGTH_MAX];
        java.util.Arrays.fill(most, (byte) 7);
        try (StateStore store = open()) {
            store.saveMeta(most);
            assertThatThrownBy(() -> store.saveMeta(new byte[most.length + 1]))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("at most 4068");
            store.saveMeta(most);
        }
        try (StateStore store = open()) {
            assertThat(store.loadMeta()).isEqualTo(most);
        }
    }
}
