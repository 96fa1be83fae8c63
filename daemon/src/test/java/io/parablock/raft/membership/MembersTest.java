package io.parablock.raft.membership;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MembersTest {
    private record Disk(int node, long incarnation) {}

    /** Every configuration of so many nodes whose seats have changed at most twice. */
    private static List<Members> all(int nodes) {
        List<Members> out = new ArrayList<>();
        int count = (int) Math.pow(3, nodes);
        for (int i = 0; i < count; i++) {
            TreeMap<Integer, Seat> seats = new TreeMap<>();
            int rest = i;
            for (int node = 1; node <= nodes; node++) {
                int generation = rest % 3;
                rest /= 3;
                seats.put(node, new Seat(generation, generation == 2 ? 100L + node : node));
            }
            out.add(new Members(seats));
        }
        return out;
    }

    private static List<Members> next(Members m) {
        List<Members> out = new ArrayList<>();
        m.seats()
                .forEach((node, seat) ->
                        out.add(m.with(node, seat.isVacant() ? seat.filledWith(100L + node) : seat.vacated())));
        return out;
    }

    private static List<Set<Disk>> quorums(Members m) {
        List<Set<Disk>> out = new ArrayList<>();
        int nodes = m.seats().size();
        for (int bits = 0; bits < 1 << nodes; bits++) {
            Set<Disk> disks = new HashSet<>();
            for (int node = 1; node <= nodes; node++) {
                if ((bits & 1 << (node - 1)) != 0 && m.isTaken(node)) {
                    disks.add(new Disk(node, m.seat(node).incarnation()));
                }
            }
            if (disks.size() >= m.majority() && disks.size() == Integer.bitCount(bits)) {
                out.add(disks);
            }
        }
        return out;
    }

    /** What one change at a time rests on. */
    @ParameterizedTest
    @ValueSource(ints = {3, 4, 5})
    void shouldShareADiskBetweenAnyTwoQuorumsBeforeAndAfterAChange(int nodes) {
        int compared = 0;
        for (Members before : all(nodes)) {
            List<Set<Disk>> olds = quorums(before);
            for (Members after : next(before)) {
                List<Set<Disk>> news = quorums(after);
                for (Set<Disk> a : olds) {
                    for (Set<Disk> b : news) {
                        assertThat(a).as("%s -> %s: %s", before, after, b).containsAnyElementsOf(b);
                        compared++;
                    }
                }
                for (Set<Disk> b : news) {
                    for (Set<Disk> c : news) {
                        assertThat(b).containsAnyElementsOf(c);
                    }
                }
            }
        }
        assertThat(compared).isPositive();
    }

    /** Two changes are one too many: the old disk and those that missed both against the new one. */
    @Test
    void shouldNotShareADiskAcrossTwoChanges() {
        Members first = Members.founders(1, 2, 3);
        Members last = first.with(3, first.seat(3).vacated().filledWith(103));
        assertThat(quorums(first)).contains(Set.of(new Disk(1, 1), new Disk(3, 3)));
        assertThat(quorums(last)).contains(Set.of(new Disk(2, 2), new Disk(3, 103)));
    }

    @Test
    void shouldCountOnlyTheDiskThatTheSeatHas() {
        Members m = Members.founders(1, 2, 3);
        assertThat(m.counts(3, 3)).isTrue();
        assertThat(m.counts(3, 4)).isFalse();
        assertThat(m.counts(4, 4)).isFalse();
        Members vacant = m.with(3, m.seat(3).vacated());
        assertThat(vacant.counts(3, 3)).isFalse();
        assertThat(vacant.gaveUp(3, 3)).isTrue();
        assertThat(vacant.gaveUp(3, 33)).isFalse();
        assertThat(vacant.isTaken(3)).isFalse();
        assertThat(vacant.vacancies()).isEqualTo(1);
        assertThat(vacant.majority()).isEqualTo(2);
        assertThat(vacant.toString()).isEqualTo("1, 2, 3 vacant");
        Members filled = vacant.with(3, vacant.seat(3).filledWith(33));
        assertThat(filled.counts(3, 33)).isTrue();
        assertThat(filled.counts(3, 3)).isFalse();
        assertThat(filled.isFounding()).isFalse();
        assertThat(filled.newest(vacant)).isEqualTo(filled);
        assertThat(m.newest(filled)).isEqualTo(filled);
    }

    @Test
    void shouldRefuseWhatIsNoChange() {
        Seat seat = new Seat(0, 7);
        assertThatThrownBy(() -> seat.filledWith(8)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> seat.vacated().vacated()).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> seat.vacated().filledWith(7)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> new Seat(0, 0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Members(new TreeMap<>())).isInstanceOf(IllegalArgumentException.class);
        Members m = Members.founders(Map.of(1, 11L));
        assertThatThrownBy(() -> m.with(2, seat)).isInstanceOf(IllegalArgumentException.class);
        assertThat(IntStream.of(1, 2).noneMatch(n -> m.counts(n, n))).isTrue();
    }
}
