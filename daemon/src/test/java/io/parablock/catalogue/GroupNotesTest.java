package io.parablock.catalogue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.parablock.catalogue.Catalogue.Rules;
import io.parablock.catalogue.GroupNotes.Noted;
import io.parablock.catalogue.GroupNotes.Notes;
import io.parablock.raft.membership.Members;
import io.parablock.raft.membership.Seat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GroupNotesTest {
    private static final Rules RULES = new Rules(100, Set.of());

    @TempDir
    private Path dir;

    private static Noted noted(int group) {
        return new Noted(group, "disk", 1 << 20, false);
    }

    @Test
    void shouldRememberWhatWasBegunAndServed() throws Exception {
        Catalogue one = Catalogue.EMPTY.create("c", "disk", 2 << 20, 1 << 20, RULES);
        GroupNotes notes = GroupNotes.open(dir);
        assertThat(notes.isBegun()).isFalse();
        assertThat(notes.notes().mayBegin(1026)).isTrue();
        notes.write(notes.notes().following(one, List.of(noted(1026), noted(1027))));
        GroupNotes again = GroupNotes.open(dir);
        assertThat(again.isBegun()).isTrue();
        assertThat(again.notes()).isEqualTo(notes.notes());
        assertThat(again.notes().catalogue()).isEqualTo(one);
        assertThat(again.notes().groups().keySet()).containsExactly(1026, 1027);
    }

    @Test
    void shouldNeverBeginAGroupAgainThatWasDeletedHere() throws Exception {
        Catalogue one = Catalogue.EMPTY.create("c", "disk", 1 << 20, 1 << 20, RULES);
        Catalogue two = one.delete("d", "disk", RULES);
        Notes begun = GroupNotes.open(dir).notes().following(one, List.of(noted(1026)));
        assertThat(begun.mayBegin(1026)).isFalse();
        Notes deleting = begun.following(two, List.of());
        assertThat(deleting.groups().get(1026)).isEqualTo(new Noted(1026, "disk", 1 << 20, true));
        Notes gone = deleting.without(1026);
        assertThat(gone.groups()).isEmpty();
        assertThat(gone.mayBegin(1026))
                .as("the store may go back in time, the notes do not")
                .isFalse();
        assertThat(gone.mayBegin(1027)).isTrue();
    }

    @Test
    void shouldRememberWithWhichDisksAGroupBegan() throws Exception {
        Members members = Members.founders(Map.of(1, 11L, 2, 22L)).with(2, new Seat(2, 222));
        Catalogue one = Catalogue.EMPTY.create("c", "disk", 1 << 20, 1 << 20, new Rules(9, Set.of(), members));
        GroupNotes notes = GroupNotes.open(dir);
        Noted begun =
                new Noted(1026, "disk", 1 << 20, false, one.beginsWith(1026).orElse(null));
        notes.write(notes.notes().following(one, List.of(begun)));
        Notes again = GroupNotes.open(dir).notes();
        assertThat(again.groups().get(1026)).isEqualTo(begun);
        assertThat(begun.members()).isEqualTo(members);
        assertThat(again.following(one.delete("d", "disk", RULES), List.of())
                        .groups()
                        .get(1026))
                .isEqualTo(new Noted(1026, "disk", 1 << 20, true, members));
    }

    /** A node that was away while a volume came and went. */
    @Test
    void shouldNotBeginWhatItHasNeverSeen() throws Exception {
        Catalogue later = Catalogue.EMPTY
                .create("a", "short-lived", 1 << 20, 1 << 20, RULES)
                .delete("b", "short-lived", RULES)
                .create("c", "disk", 1 << 20, 1 << 20, RULES);
        Notes before = GroupNotes.open(dir).notes();
        assertThat(before.mayBegin(1027)).isTrue();
        Notes after = before.following(later, List.of(noted(1027)));
        assertThat(after.mayBegin(1026)).isFalse();
        assertThat(after.groups().keySet()).containsExactly(1027);
    }

    @Test
    void shouldRefuseADamagedFile() throws Exception {
        GroupNotes notes = GroupNotes.open(dir);
        notes.write(notes.notes());
        Path file = dir.resolve(GroupNotes.NAME);
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length - 1] ^= 1;
        Files.write(file, bytes);
        assertThatThrownBy(() -> GroupNotes.open(dir))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("restore all of the data directory");
    }
}
