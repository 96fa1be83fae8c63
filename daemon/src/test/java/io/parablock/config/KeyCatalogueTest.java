package io.parablock.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The catalogue, the reference file, the loader and the page say the same. */
class KeyCatalogueTest {
    private static final Path PAGE = Path.of("..", "docs", "configuration.md");

    private static final String MINIMAL = """
            cluster.id = "demo"
            node.id = 1
            node.data_dir = "/data"
            peers = [ { id = 1, address = "127.0.0.1:7001" } ]
            volumes = [ { name = "demo", size = "25GiB" } ]
            """;

    private static List<String> topNames() {
        return KeyCatalogue.keys().stream()
                .filter(k -> !k.isOfObjects())
                .map(Key::name)
                .toList();
    }

    @Test
    void shouldHaveTheKeysOfTheReferenceFile() {
        assertThat(topNames())
                .as("a key needs two lines: one in KeyCatalogue.KEYS (type, unit, range), and one in "
                        + ReferenceFile.NAME + " (its default, with a comment above it that says what it means), at the"
                        + " same place of the order")
                .containsExactlyElementsOf(ReferenceFile.names());
        assertThat(KeyCatalogue.keys()).extracting(Key::name).doesNotHaveDuplicates();
    }

    static Stream<Key> keys() {
        return KeyCatalogue.keys().stream();
    }

    @ParameterizedTest
    @MethodSource("keys")
    void shouldSayWhatAKeyMeans(Key key) {
        assertThat(key.meaning())
                .as("the comment above %s in %s", key.name(), ReferenceFile.NAME)
                .isNotBlank()
                .endsWith(".");
        assertThat(key.rangeText()).as("the range of %s", key.name()).isNotEmpty();
        assertThat(key.exampleLine())
                .as("an example of %s", key.name())
                .doesNotContain("= ,")
                .doesNotEndWith("= ");
    }

    @Test
    void shouldLoadEveryExample() {
        for (Key key : KeyCatalogue.keys()) {
            // An address is not given twice, and what an object must have is in MINIMAL.
            if (!key.isOfObjects()) {
                NodeConfig unused = ConfigLoader.parse(MINIMAL + key.exampleLine());
            }
        }
    }

    static Stream<Key> bounded() {
        return keys().filter(k -> k.range().isBounded());
    }

    /** A line that gives the key this value, in the unit of its bounds. */
    private static String line(Key key, String value) {
        if (!key.isOfObjects()) {
            return key.name() + " = " + value;
        }
        return key.list().equals("peers")
                ? "peers = [ { id = 1, host = h, port = 7001 }, { id = 2, host = h, port = 7002, " + key.member()
                        + " = " + value + " } ]"
                : "volumes = [ { name = v, size = 8GiB, " + key.member() + " = " + value + " } ]";
    }

    /** Every key with bounds is read by the loader, and held against the bounds that the catalogue has. */
    @ParameterizedTest
    @MethodSource("bounded")
    void shouldCheckTheBoundsThatTheCatalogueHas(Key key) {
        String name = key.isOfObjects() ? key.list() + "\\[\\d]\\." + key.member() : key.name();
        KeyRange range = key.range();
        String says = " must be " + (range.orZero() ? "0 or " : "") + "in "
                + range.bounds(key.type()).replace(".", "\\.") + ", not .*";
        assertThatThrownBy(() -> ConfigLoader.parse(MINIMAL + line(key, Long.toString(range.max() + 1))))
                .isInstanceOf(ConfigException.class)
                .hasMessageMatching(name + says);
        if (key.type() != KeyType.SIZE || range.min() > 0) {
            long below = range.orZero() ? 1 : range.min() - 1;
            assertThatThrownBy(() -> ConfigLoader.parse(MINIMAL + line(key, Long.toString(below))))
                    .isInstanceOf(ConfigException.class)
                    .hasMessageMatching(name + says);
        }
        if (range.powerOfTwo()) {
            assertThatThrownBy(() -> ConfigLoader.parse(MINIMAL + line(key, Long.toString(range.max() - 1))))
                    .hasMessageMatching(name + " must be a power of two, not .*");
        }
        if (range.multipleOf() > 1) {
            assertThatThrownBy(() -> ConfigLoader.parse(MINIMAL + line(key, Long.toString(range.max() - 1))))
                    .hasMessageMatching(name + " must be a multiple of 4KiB, not .*");
        }
    }

    static Stream<Key> words() {
        return keys().filter(k -> k.type() == KeyType.WORD);
    }

    @ParameterizedTest
    @MethodSource("words")
    void shouldKnowTheWordsThatTheCatalogueHas(Key key) {
        assertThatThrownBy(() -> ConfigLoader.parse(MINIMAL + key.name() + " = nonsense"))
                .hasMessage(key.name() + " must be one of " + key.range().words() + ", not nonsense");
    }

    @Test
    void shouldBeThePage() throws Exception {
        assertThat(Files.readString(PAGE))
                .as("docs/configuration.md is made from the catalogue: write it anew with\n    "
                        + ConfigurationPage.COMMAND)
                .isEqualTo(ConfigurationPage.text());
    }

    @Test
    void shouldFindTheNearestName() {
        assertThat(KeyCatalogue.nearest("raft.spam", topNames())).isEqualTo("raft.span");
        assertThat(KeyCatalogue.nearest("nbd.client_stal", topNames())).isEqualTo("nbd.client_stall");
        assertThat(KeyCatalogue.nearest("cluster.name", topNames())).isEqualTo("cluster.id");
    }
}
