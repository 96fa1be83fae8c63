package io.parablock.main;

import static org.assertj.core.api.Assertions.assertThat;

import io.parablock.blockdev.store.SumsMemory;
import io.parablock.catalogue.Catalogue;
import io.parablock.catalogue.GroupNotes;
import io.parablock.catalogue.GroupNotes.Noted;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GroupFilesTest {
    private static final Catalogue.Rules RULES = new Catalogue.Rules(9, Set.of());
    private static final Noted FIRST = new Noted(1026, "disk", 1 << 20, false);
    private static final Noted SECOND = new Noted(1027, "disk", 1 << 20, false);

    @TempDir
    private Path dir;

    private static void close(NodeDisk.Group g) {
        g.store().close();
        g.state().close();
    }

    private List<String> files() throws IOException {
        try (Stream<Path> all = Files.walk(dir)) {
            // The folder's own name may have any digits in it.
            return all.map(f -> dir.relativize(f).toString())
                    .filter(f -> f.contains("102") && !f.contains("1025"))
                    .sorted()
                    .toList();
        }
    }

    private static Catalogue two() throws Exception {
        return Catalogue.EMPTY.create("c", "disk", 2 << 20, 1 << 20, RULES);
    }

    /** Killed at any step of a deletion: its note goes last, and until then the next start goes on. */
    @Test
    void shouldFinishADeletionThatWasCutShort() throws Exception {
        GroupNotes notes = GroupNotes.open(dir);
        GroupFiles files = GroupFiles.open(dir, new SumsMemory(1 << 20));
        close(files.open(FIRST));
        close(files.open(SECOND));
        Catalogue two = two();
        notes.write(notes.notes()
                .following(two, List.of(FIRST, SECOND))
                .following(two.delete("d", "disk", RULES), List.of()));
        // The blocks of one are gone already, and half of its state.
        Files.delete(dir.resolve("volumes/disk-g1026.chunk"));
        Path left = dir.resolve("groups/1026");
        Files.write(left.resolve("meta.0"), new byte[3]);

        GroupFiles again = GroupFiles.open(dir, new SumsMemory(1 << 20));
        assertThat(again.open()).extracting(NodeDisk.Group::groupId).containsExactly(Catalogue.GROUP);
        assertThat(files()).isEmpty();
        assertThat(GroupNotes.open(dir).notes().groups()).isEmpty();
        assertThat(GroupNotes.open(dir).notes().mayBegin(1026)).isFalse();
    }

    @Test
    void shouldRemoveWhatWasBegunAndNotNoted() throws Exception {
        GroupNotes notes = GroupNotes.open(dir);
        notes.write(notes.notes().following(two(), List.of(FIRST)));
        GroupFiles files = GroupFiles.open(dir, new SumsMemory(1 << 20));
        close(files.open(FIRST));
        close(files.open(SECOND));
        Path other = Files.write(dir.resolve("volumes/disk-g1027-0.chunk"), new byte[8]);

        assertThat(GroupFiles.open(dir, new SumsMemory(1 << 20)).open())
                .extracting(NodeDisk.Group::groupId)
                .containsExactly(Catalogue.GROUP, 1026);
        assertThat(files())
                .as("a configured volume's name may look like it")
                .contains("volumes/disk-g1027-0.chunk", "volumes/disk-g1026.chunk")
                .noneMatch(f -> f.startsWith("groups/1027") || f.startsWith("volumes/disk-g1027.chunk"));
        assertThat(other).exists();
    }

    /** Nobody can tell what was begun: nothing is removed. */
    @Test
    void shouldRemoveNothingWithoutTheNotes() throws Exception {
        GroupFiles files = GroupFiles.open(dir, new SumsMemory(1 << 20));
        close(files.open(FIRST));
        List<String> before = files();
        assertThat(GroupFiles.open(dir, new SumsMemory(1 << 20)).open()).hasSize(1);
        assertThat(files()).isEqualTo(before);
    }
}
