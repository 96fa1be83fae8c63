package io.parablock.catalogue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.parablock.catalogue.Catalogue.Rules;
import io.parablock.catalogue.RefusedChangeException.Reason;
import io.parablock.raft.membership.Members;
import io.parablock.raft.membership.Seat;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CatalogueTest {
    private static final long MIB = 1 << 20;
    private static final Rules RULES = new Rules(3, Set.of("configured"));

    private static Catalogue disk(long sizeBytes) throws RefusedChangeException {
        return Catalogue.EMPTY.create("c1", "disk", sizeBytes, 4 * MIB, RULES);
    }

    private static void refused(Reason reason, String line, ThrowingCallable change) {
        assertThatThrownBy(change)
                .isInstanceOfSatisfying(
                        RefusedChangeException.class,
                        e -> assertThat(e.reason()).isEqualTo(reason))
                .hasMessageContaining(line);
    }

    @Test
    void shouldGiveEachChunkAGroupThatNoneHadBefore() throws Exception {
        Catalogue one = disk(10 * MIB);
        assertThat(one.volumes())
                .containsExactly(new Catalogue.Volume("disk", 10 * MIB, 4 * MIB, List.of(1026, 1027, 1028)));
        Catalogue two = one.create("c2", "other", 1 * MIB, 4 * MIB, RULES);
        Catalogue grown = two.resize("c3", "disk", 13 * MIB, RULES);
        assertThat(grown.volume("disk").orElseThrow().groups()).containsExactly(1026, 1027, 1028, 1030);
        Catalogue less = grown.delete("c4", "disk", RULES);
        Catalogue again = less.create("c5", "disk", 1 * MIB, 4 * MIB, RULES);
        assertThat(again.volume("disk").orElseThrow().groups()).containsExactly(1031);
        assertThat(again.version()).isEqualTo(5);
    }

    @Test
    void shouldGrowInsideALastChunkWithoutAnotherGroup() throws Exception {
        Catalogue grown = disk(1 * MIB).resize("c2", "disk", 4 * MIB, RULES);
        assertThat(grown.volume("disk").orElseThrow())
                .isEqualTo(new Catalogue.Volume("disk", 4 * MIB, 4 * MIB, List.of(1026)));
    }

    @Test
    void shouldComeBackFromItsRecord() throws Exception {
        Catalogue full = disk(10 * MIB).create("c2", "other", MIB, MIB, RULES);
        assertThat(Catalogue.decode(full.encode())).isEqualTo(full);
        assertThat(Catalogue.decode(new byte[8192])).isEqualTo(Catalogue.EMPTY);
        assertThat(full.has("c1") && full.has("c2")).isTrue();
        assertThat(full.has("c3")).isFalse();
    }

    private static Rules knowing(Members members) {
        return new Rules(9, Set.of(), members);
    }

    /** Every node begins a group with what its creator knew, whatever it knows itself. */
    @Test
    void shouldDecideWithACreationWhoseDisksCount() throws Exception {
        Members founders = Members.founders(Map.of(1, 11L, 2, 22L, 3, 33L));
        Members vacant = founders.with(3, founders.seat(3).vacated());
        Members filled = vacant.with(3, vacant.seat(3).filledWith(333));
        Catalogue now = Catalogue.EMPTY.create("a", "first", MIB, MIB, knowing(founders));
        assertThat(now.beginsWith(1026)).isEmpty();
        assertThat(now.beginnings()).as("an older program reads it").isEmpty();
        now = now.create("b", "second", 2 * MIB, MIB, knowing(vacant));
        now = now.create("c", "third", MIB, MIB, knowing(vacant));
        now = now.resize("d", "first", 2 * MIB, knowing(filled));
        assertThat(now.beginsWith(1026)).isEmpty();
        assertThat(List.of(1027, 1028, 1029)).allSatisfy(isBegunWith(now, vacant));
        assertThat(List.of(1030)).allSatisfy(isBegunWith(now, filled));
        assertThat(Catalogue.decode(now.encode())).isEqualTo(now);
        // Whoever creates may be behind whoever did before.
        now = now.create("e", "fourth", MIB, MIB, knowing(founders));
        assertThat(List.of(1030, 1031)).allSatisfy(isBegunWith(now, filled));
        // A resize inside of the last chunk, and what is deleted, leave the rest as it is.
        now = now.delete("f", "second", knowing(filled)).delete("g", "third", knowing(filled));
        assertThat(now.beginnings().keySet()).containsExactly(1030);
        now = now.delete("h", "first", RULES).delete("i", "fourth", RULES);
        assertThat(now.create("j", "fifth", MIB, MIB, RULES).beginsWith(1032)).contains(filled);
    }

    private static Consumer<Integer> isBegunWith(Catalogue in, Members members) {
        return group -> assertThat(in.beginsWith(group)).as("group " + group).contains(members);
    }

    @Test
    void shouldRefuseMembersThatAreNone() throws Exception {
        Members vacant = Members.founders(Map.of(1, 11L)).with(1, new Seat(1, 11));
        String json = Catalogue.EMPTY
                .create("a", "disk", MIB, MIB, knowing(vacant))
                .toJson()
                .toString();
        ObjectMapper mapper = new ObjectMapper();
        assertThat(Catalogue.ofJson(mapper.readTree(json)).beginsWith(1026)).contains(vacant);
        for (String bad : List.of("\"incarnation\":0", "\"incarnation\":\"x\"")) {
            String damaged = json.replace("\"incarnation\":11", bad);
            assertThatThrownBy(() -> Catalogue.ofJson(mapper.readTree(damaged)))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("begins with members that are none");
        }
    }

    @Test
    void shouldForgetOldChangesOnly() throws Exception {
        Catalogue now = disk(4096);
        for (int i = 1; i <= Catalogue.CHANGES_KEPT; i++) {
            assertThat(now.has("c1")).isTrue();
            now = now.resize("r" + i, "disk", 4096 * (i + 1L), RULES);
        }
        assertThat(now.has("c1")).isFalse();
        assertThat(now.has("r1")).isTrue();
    }

    @Test
    void shouldRefuseADamagedRecord() throws Exception {
        byte[] record = disk(MIB).encode();
        for (int at : new int[] {0, 9, 17, 21, 24, 60}) {
            byte[] damaged = record.clone();
            damaged[at] ^= 1;
            assertThatThrownBy(() -> Catalogue.decode(damaged))
                    .as("byte " + at)
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("is damaged");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ".hidden", "-a", "a/b", "a b", "ä", "../x"})
    void shouldRefuseANameThatIsNone(String name) {
        refused(Reason.INVALID, "a volume's name is", () -> Catalogue.EMPTY.create("c", name, MIB, MIB, RULES));
    }

    @Test
    void shouldRefuseALongName() throws Exception {
        String longest = "n".repeat(Catalogue.NAME_MAX);
        assertThat(Catalogue.EMPTY.create("c", longest, MIB, MIB, RULES).version())
                .isEqualTo(1);
        refused(
                Reason.INVALID,
                "a volume's name is",
                () -> Catalogue.EMPTY.create("c", longest + "n", MIB, MIB, RULES));
    }

    @ParameterizedTest
    @ValueSource(longs = {0, -4096, 4095, 4097, Catalogue.SIZE_MAX + 4096})
    void shouldRefuseASizeThatIsNone(long sizeBytes) {
        refused(Reason.INVALID, "a size is a multiple of 4096 bytes from", () -> disk(sizeBytes));
    }

    @Test
    void shouldRefuseAChunkSizeThatIsNone() {
        refused(Reason.INVALID, "a chunk size is", () -> Catalogue.EMPTY.create("c", "disk", MIB, MIB / 2, RULES));
    }

    @Test
    void shouldRefuseWhatIsThereAlready() throws Exception {
        Catalogue one = disk(MIB);
        refused(Reason.CONFLICT, "there is a volume disk already", () -> one.create("c", "disk", MIB, MIB, RULES));
        refused(
                Reason.CONFLICT,
                "there is a volume configured already: the configuration",
                () -> one.create("c", "configured", MIB, MIB, RULES));
    }

    @Test
    void shouldRefuseMoreVolumesThanMayBe() throws Exception {
        Catalogue three = disk(MIB).create("b", "b", MIB, MIB, RULES).create("c", "c", MIB, MIB, RULES);
        refused(Reason.CONFLICT, "limits.volumes is 3", () -> three.create("d", "d", MIB, MIB, RULES));
    }

    @Test
    void shouldRefuseMoreChunksThanMayBe() throws Exception {
        Catalogue most = Catalogue.EMPTY.create("c", "disk", Catalogue.CHUNKS_MAX * MIB, MIB, RULES);
        assertThat(most.encode()).hasSizeLessThanOrEqualTo(CatalogueDescriptor.RECORD_BYTES_MAX);
        refused(Reason.CONFLICT, "may have 1024 chunks", () -> most.create("d", "more", MIB, MIB, RULES));
        refused(
                Reason.CONFLICT,
                "would have 1025",
                () -> most.resize("d", "disk", Catalogue.CHUNKS_MAX * MIB + 4096, RULES));
    }

    @Test
    void shouldRefuseGroupsBeyondTheLast() throws Exception {
        Catalogue worn = new Catalogue(9, Catalogue.GROUP_MAX, List.of(), List.of());
        Catalogue last = worn.create("c", "disk", MIB, MIB, RULES);
        assertThat(last.volume("disk").orElseThrow().groups()).containsExactly(Catalogue.GROUP_MAX);
        refused(Reason.CONFLICT, "group ids are used up", () -> last.create("d", "more", MIB, MIB, RULES));
    }

    @Test
    void shouldOnlyGrow() throws Exception {
        Catalogue one = disk(2 * MIB);
        refused(Reason.CONFLICT, "cannot shrink", () -> one.resize("r", "disk", MIB, RULES));
        refused(Reason.CONFLICT, "has 2097152 bytes already", () -> one.resize("r", "disk", 2 * MIB, RULES));
    }

    @Test
    void shouldSayWhereAVolumeThatCannotBeChangedComesFrom() throws Exception {
        String where = "is in the configuration of the nodes, under the key volumes";
        refused(Reason.CONFLICT, where, () -> Catalogue.EMPTY.resize("r", "configured", MIB, RULES));
        refused(Reason.CONFLICT, where, () -> Catalogue.EMPTY.delete("d", "configured", RULES));
        Rules later = new Rules(3, Set.of("disk"));
        refused(Reason.CONFLICT, where, () -> disk(MIB).delete("d", "disk", later));
        refused(Reason.UNKNOWN, "there is no volume x", () -> Catalogue.EMPTY.delete("d", "x", RULES));
    }

    @Test
    void shouldFitTheStoreWithEveryLimitReached() throws Exception {
        Rules most = new Rules(Catalogue.CHUNKS_MAX, Set.of());
        Catalogue now = new Catalogue(Long.MAX_VALUE / 2, 60_000, List.of(), List.of());
        int volumes = 0;
        try {
            for (; volumes < Catalogue.CHUNKS_MAX; volumes++) {
                String name = ("n" + volumes + "n".repeat(Catalogue.NAME_MAX)).substring(0, Catalogue.NAME_MAX);
                now = now.create("00000000-0000-0000-0000-" + volumes, name, MIB, MIB, most);
            }
        } catch (RefusedChangeException full) {
            assertThat(full).hasMessageContaining("the catalogue of volumes is full");
        }
        assertThat(volumes).isGreaterThan(700);
        assertThat(now.encode()).hasSizeLessThanOrEqualTo(CatalogueDescriptor.RECORD_BYTES_MAX);
    }
}
