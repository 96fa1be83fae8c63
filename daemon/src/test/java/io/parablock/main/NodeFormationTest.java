package io.parablock.main;

import static org.assertj.core.api.Assertions.assertThat;

import io.parablock.events.EventLog;
import io.parablock.raft.membership.Members;
import io.parablock.replica.Formation;
import io.parablock.replica.Formation.Standing;
import io.parablock.replica.Formation.Verdict;
import io.parablock.replica.IdentityFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NodeFormationTest {
    private static final Standing TWO = new Standing(102, new TreeMap<>());

    @TempDir
    private Path dir;

    private final List<String> fatals = new ArrayList<>();
    private int opened;

    private IdentityFile file(Integer... voters) throws IOException {
        return IdentityFile.open(dir, 7, 1, List.of(voters), List.of(), () -> 101);
    }

    private NodeFormation formation(Integer... voters) throws IOException {
        return new NodeFormation(file(voters), List.of(voters), new EventLog(16), fatals::add);
    }

    private static SortedMap<Integer, Long> members(long one, long two) {
        return new TreeMap<>(Map.of(1, one, 2, two));
    }

    @Test
    void shouldFormAtOnceIfItIsAlone() throws IOException {
        NodeFormation alone = formation(1);
        alone.start(() -> opened++);
        assertThat(opened).isEqualTo(1);
        assertThat(file(1).identity().members()).isEqualTo(new TreeMap<>(Map.of(1, 101L)));
    }

    @Test
    void shouldMakeTheMembersDurableBeforeItTakesPart() throws IOException {
        NodeFormation one = formation(1, 2);
        assertThat(one.onHello(2, TWO).verdict()).as("before its start").isEqualTo(Verdict.NOT_YET);
        one.start(() -> {
            try {
                assertThat(file(1, 2).identity().members()).isEqualTo(members(101, 102));
            } catch (IOException e) {
                throw new AssertionError(e);
            }
            opened++;
        });
        assertThat(one.waitsFor()).isEqualTo("waits for node 2 to form the cluster");
        assertThat(opened).isZero();
        assertThat(one.onHello(2, TWO).verdict()).isEqualTo(Verdict.ADMIT);
        assertThat(opened).isEqualTo(1);
        assertThat(one.waitsFor()).isEmpty();
        NodeFormation again = formation(1, 2);
        again.start(() -> opened++);
        assertThat(opened).isEqualTo(2);
        assertThat(again.standing()).isEqualTo(new Standing(101, members(101, 102)));
    }

    @Test
    void shouldRememberWhatALogHasChanged() throws IOException {
        NodeFormation one = formation(1, 2);
        assertThat(one.members()).isNull();
        one.start(() -> opened++);
        one.onHello(2, TWO);
        Members founders = Members.founders(members(101, 102));
        Members later = founders.with(2, founders.seat(2).vacated().filledWith(202));
        one.onMembers(7, later);
        one.onMembers(8, founders);
        assertThat(one.members()).isEqualTo(later);
        assertThat(one.founders()).isEqualTo(founders);
        assertThat(one.givenUp()).containsExactly(new Formation.Disk(2, 102));
        NodeFormation again = formation(1, 2);
        again.start(() -> opened++);
        assertThat(again.members()).as("before any log was read").isEqualTo(later);
        assertThat(again.founders()).isEqualTo(founders);
        assertThat(again.givenUp()).containsExactly(new Formation.Disk(2, 102));
        assertThat(fatals).isEmpty();
        again.onMembers(7, later.with(1, later.seat(1).vacated()));
        assertThat(fatals).singleElement().asString().contains("has given up the disk of node 1");
    }

    @Test
    void shouldStopAsAStranger() throws IOException {
        NodeFormation wiped = formation(1, 2);
        wiped.start(() -> opened++);
        Standing formed = new Standing(102, members(999, 102));
        assertThat(wiped.onHello(2, formed).verdict()).isEqualTo(Verdict.STRANGER);
        assertThat(fatals).singleElement().asString().startsWith("this node stops: ");
        assertThat(opened).isZero();
        assertThat(file(1, 2).identity().members()).isEmpty();
    }

    @Test
    void shouldStopIfTheMembersCannotBeWritten() throws IOException {
        NodeFormation one = formation(1, 2);
        one.start(() -> opened++);
        // In the place of the file's successor.
        Files.createDirectory(dir.resolve("identity.tmp"));
        assertThat(one.onHello(2, TWO).verdict()).isEqualTo(Verdict.REFUSE);
        assertThat(fatals).singleElement().asString().startsWith("the members of the cluster cannot be written");
        assertThat(opened).isZero();
    }
}
