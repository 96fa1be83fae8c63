package io.parablock.replica;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.parablock.raft.membership.Members;
import io.parablock.raft.membership.Seat;
import io.parablock.replica.Formation.Disk;
import io.parablock.replica.Formation.Standing;
import io.parablock.replica.Formation.Verdict;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class FormationTest {
    private static final List<Integer> VOTERS = List.of(1, 2, 3);
    private static final Map<Integer, Long> MEMBERS = Map.of(1, 101L, 2, 102L, 3, 103L);

    private static Standing fresh(long incarnation) {
        return new Standing(incarnation, new TreeMap<>());
    }

    private static Standing member(long incarnation) {
        return new Standing(incarnation, new TreeMap<>(MEMBERS));
    }

    private static Formation node(int id, Standing standing) {
        return new Formation(id, VOTERS, standing);
    }

    private static void form(Formation f) {
        f.formed(f.wanted());
    }

    @Test
    void shouldFormOnceEverybodyWasHeard() {
        Formation one = node(1, fresh(101));
        assertThat(one.waitsFor()).isEqualTo("waits for nodes 2, 3 to form the cluster");
        assertThat(one.onHello(2, fresh(102)).verdict()).isEqualTo(Verdict.NOT_YET);
        assertThat(one.waitsFor()).isEqualTo("waits for node 3 to form the cluster");
        assertThat(one.standing().members()).isEmpty();
        assertThat(one.onHello(3, fresh(103)).verdict()).isEqualTo(Verdict.FORM);
        assertThat(one.wanted()).isEqualTo(new TreeMap<>(MEMBERS));
        form(one);
        assertThat(one.standing()).isEqualTo(member(101));
        assertThat(one.waitsFor()).isEmpty();
        assertThat(one.onHello(2, fresh(102)).verdict()).isEqualTo(Verdict.ADMIT);
        assertThat(one.onHello(3, member(103)).verdict()).isEqualTo(Verdict.ADMIT);
    }

    @Test
    void shouldFormWithThoseThatHaveFormed() {
        Formation three = node(3, fresh(103));
        assertThat(three.onHello(1, member(101)).verdict()).isEqualTo(Verdict.NOT_YET);
        assertThat(three.onHello(2, fresh(102)).verdict()).isEqualTo(Verdict.FORM);
    }

    @Test
    void shouldCountTheLastWordOfAPeer() {
        Formation one = node(1, fresh(101));
        one.onHello(2, fresh(202));
        one.onHello(2, fresh(102));
        one.onHello(3, fresh(103));
        assertThat(one.wanted()).isEqualTo(new TreeMap<>(MEMBERS));
    }

    @Test
    void shouldNotTakeAnOlderHelloForTheLastWord() {
        Formation one = node(1, fresh(101));
        one.onHello(2, member(102));
        one.onHello(2, fresh(102));
        one.onHello(3, fresh(103));
        assertThat(one.wanted()).isEqualTo(new TreeMap<>(MEMBERS));
        Standing others = new Standing(203, new TreeMap<>(Map.of(1, 101L, 2, 202L, 3, 203L)));
        assertThat(one.onHello(3, others).verdict()).isEqualTo(Verdict.NOT_YET);
        assertThat(one.waitsFor())
                .isEqualTo("cannot form the cluster: the members that these nodes noted do not fit: 2, 3");
    }

    @Test
    void shouldFormWithTheMembersThatAnotherNotedAlthoughOneOfThemIsWiped() {
        Formation three = node(3, fresh(103));
        assertThat(three.onHello(1, member(101)).verdict()).isEqualTo(Verdict.NOT_YET);
        Standing wiped = fresh(202);
        assertThat(three.onHello(2, wiped).verdict()).isEqualTo(Verdict.FORM);
        assertThat(three.wanted()).isEqualTo(new TreeMap<>(MEMBERS));
        form(three);
        assertThat(three.onHello(2, wiped).verdict()).isEqualTo(Verdict.REFUSE);
        assertThat(three.onHello(1, member(101)).verdict()).isEqualTo(Verdict.ADMIT);
    }

    @Test
    void shouldRefuseAWipedNodeAndLetItKnow() {
        Formation one = node(1, member(101));
        Formation wiped = node(3, fresh(303));
        Formation.Answer answer = one.onHello(3, wiped.standing());
        assertThat(answer.verdict()).isEqualTo(Verdict.REFUSE);
        assertThat(answer.line()).contains("node 3 has a new disk", "parablock node replace 3");
        Formation.Answer own = wiped.onHello(1, one.standing());
        assertThat(own.verdict()).isEqualTo(Verdict.STRANGER);
        assertThat(own.line())
                .contains(
                        "this node stops",
                        "was wiped or replaced",
                        "restore the data directory",
                        "parablock node replace 3");
    }

    @Test
    void shouldRefuseAMemberOfAnotherCluster() {
        Formation one = node(1, member(101));
        Standing other = new Standing(102, new TreeMap<>(Map.of(1, 501L, 2, 102L, 3, 103L)));
        Formation.Answer answer = one.onHello(2, other);
        assertThat(answer.verdict()).isEqualTo(Verdict.REFUSE);
        assertThat(answer.line()).contains("formed its cluster with other disks");
    }

    @Test
    void shouldRefuseWhoWasNotThere() {
        Formation one = new Formation(1, List.of(1, 2, 3, 4), member(101));
        assertThat(one.onHello(4, fresh(104)).line()).contains("was not there when the cluster formed");
        Formation four = new Formation(4, List.of(1, 2, 3, 4), fresh(104));
        Formation.Answer answer = four.onHello(1, one.standing());
        assertThat(answer.verdict()).isEqualTo(Verdict.STRANGER);
        assertThat(answer.line()).contains("formed without node 4");
    }

    @Test
    void shouldNotFormWithOtherVoters() {
        Formation three = new Formation(3, List.of(1, 2, 3, 4), fresh(103));
        three.onHello(1, member(101));
        three.onHello(2, fresh(102));
        assertThat(three.onHello(4, fresh(104)).verdict()).isEqualTo(Verdict.NOT_YET);
        assertThat(three.waitsFor())
                .isEqualTo("cannot form the cluster: the members that these nodes noted do not fit: 1");
    }

    private static Standing withSeat3(long incarnation, Seat seat) {
        return new Standing(incarnation, new TreeMap<>(MEMBERS), new TreeMap<>(Map.of(3, seat)));
    }

    @Test
    void shouldLetANewDiskInOnceTheOldOneIsGivenUp() {
        Seat vacant = new Seat(0, 103).vacated();
        Formation one = node(1, withSeat3(101, vacant));
        Formation fresh = node(3, fresh(303));
        assertThat(one.onHello(3, fresh.standing()).verdict()).isEqualTo(Verdict.ADMIT);
        assertThat(fresh.onHello(1, one.standing()).verdict()).isEqualTo(Verdict.FORM);
        assertThat(fresh.wantedChanges()).isEqualTo(new TreeMap<>(Map.of(3, vacant)));
        form(fresh);
        assertThat(fresh.standing()).isEqualTo(withSeat3(303, vacant));
        assertThat(fresh.onHello(1, one.standing()).verdict()).isEqualTo(Verdict.ADMIT);
        assertThat(fresh.ownEnd()).isEmpty();
        // A node that has missed the change learns of it from either of them.
        Formation two = node(2, member(102));
        assertThat(two.onHello(3, fresh.standing()).verdict()).isEqualTo(Verdict.ADMIT);
        assertThat(fresh.onHello(2, two.standing()).verdict()).isEqualTo(Verdict.ADMIT);
    }

    @Test
    void shouldRefuseTheOldDiskForEver() {
        Seat filled = new Seat(0, 103).vacated().filledWith(303);
        Formation old = node(3, member(103));
        for (Seat seat : List.of(new Seat(0, 103).vacated(), filled)) {
            Formation one = node(1, withSeat3(101, seat));
            assertThat(one.onHello(3, old.standing()).verdict()).isEqualTo(Verdict.REFUSE);
            Formation.Answer own = old.onHello(1, one.standing());
            assertThat(own.verdict()).isEqualTo(Verdict.STRANGER);
            assertThat(own.line()).contains("has given up the disk of node 3");
        }
        // Nor after its successor was given up as well.
        Formation later = node(1, withSeat3(101, filled.vacated()));
        assertThat(later.onHello(3, old.standing()).verdict()).isEqualTo(Verdict.REFUSE);
        assertThat(old.onHello(1, later.standing()).verdict()).isEqualTo(Verdict.STRANGER);
        assertThat(later.onHello(3, fresh(404)).verdict()).isEqualTo(Verdict.ADMIT);
        Formation one = node(1, withSeat3(101, filled));
        assertThat(one.onHello(3, withSeat3(303, filled)).verdict()).isEqualTo(Verdict.ADMIT);
        assertThat(one.onHello(3, fresh(404)).verdict()).isEqualTo(Verdict.REFUSE);
        assertThat(node(3, fresh(404)).onHello(1, one.standing()).verdict()).isEqualTo(Verdict.STRANGER);
    }

    @Test
    void shouldTakeTheNewestAccountOfEachSeatFromTheLog() {
        Formation three = node(3, member(103));
        Members first = Members.founders(MEMBERS);
        assertThat(three.onMembers(first)).isFalse();
        Members later = first.with(2, first.seat(2).vacated().filledWith(202));
        assertThat(three.onMembers(later)).isTrue();
        assertThat(three.onMembers(first)).isFalse();
        assertThat(three.standing().seats()).isEqualTo(later);
        assertThat(three.onHello(2, fresh(102)).verdict()).isEqualTo(Verdict.REFUSE);
        assertThat(three.onHello(2, fresh(202)).verdict()).isEqualTo(Verdict.ADMIT);
        assertThat(three.ownEnd()).isEmpty();
        assertThat(three.onMembers(later.with(3, later.seat(3).vacated()))).isTrue();
        assertThat(three.ownEnd()).contains("this node stops", "has given up the disk of node 3");
    }

    /** Also if the groups' logs are not alike: one of them may have had no leader when it was said. */
    @Test
    void shouldNameTheDisksThatSomeGroupHasGivenUp() {
        Members first = Members.founders(MEMBERS);
        Members vacant = first.with(3, first.seat(3).vacated());
        Members filled = vacant.with(3, vacant.seat(3).filledWith(303));
        Formation one = node(1, member(101));
        assertThat(one.givenUp()).isEmpty();
        one.onMembers(filled);
        assertThat(one.givenUp()).as("of a later disk the first one is gone").containsExactly(new Disk(3, 103));
        one.onMembers(vacant);
        assertThat(one.givenUp()).containsExactly(new Disk(3, 103));
        one.onMembers(filled.with(3, filled.seat(3).vacated()));
        assertThat(one.givenUp()).containsExactlyInAnyOrder(new Disk(3, 103), new Disk(3, 303));
        // In a group that has had one change less, another disk was given up at the same count.
        one.onMembers(vacant.with(3, vacant.seat(3).filledWith(404).vacated()));
        assertThat(one.givenUp()).contains(new Disk(3, 404));
        assertThat(one.onHello(3, fresh(404)).verdict()).isEqualTo(Verdict.REFUSE);
        assertThat(one.onHello(3, fresh(505)).verdict()).isEqualTo(Verdict.ADMIT);
        Formation two = node(2, member(102));
        two.onHello(1, one.standing());
        assertThat(two.givenUp()).contains(new Disk(3, 103), new Disk(3, 303));
        assertThat(node(2, two.standing()).givenUp()).isEmpty();
        assertThat(node(1, one.standing()).givenUp()).contains(new Disk(3, 103), new Disk(3, 303));
    }

    @Test
    void shouldFormOnceOnly() {
        Formation one = node(1, member(101));
        assertThatThrownBy(() -> form(one)).isInstanceOf(IllegalStateException.class);
        Formation fresh = node(1, fresh(101));
        assertThatThrownBy(() -> fresh.formed(fresh.wanted())).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> fresh.onHello(7, fresh(1))).isInstanceOf(IllegalArgumentException.class);
    }
}
