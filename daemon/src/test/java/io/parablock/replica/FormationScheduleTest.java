package io.parablock.replica;

import static org.assertj.core.api.Assertions.assertThat;

import io.parablock.replica.Formation.Standing;
import io.parablock.replica.Formation.Verdict;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Hellos in any order, late ones too, restarts and wipes at any time. A quorum works when a majority of nodes that run have
 * formed with the same members; one that has worked is never wiped as a whole.
 */
class FormationScheduleTest {
    private static final int STEPS = 120;

    /** Said to a process, not heard yet. */
    private record Said(int from, int to, int toProcess, Standing standing) {}

    private static final class Nodes {
        final FormationMutation mutation;
        final List<Integer> voters = new ArrayList<>();
        final TreeMap<Integer, Formation> running = new TreeMap<>();
        final TreeMap<Integer, Standing> disks = new TreeMap<>();
        final TreeMap<Integer, Integer> processes = new TreeMap<>();
        final List<Said> underWay = new ArrayList<>();
        /** Those of which a quorum has worked, and with which members. */
        final Set<TreeSet<Long>> worked = new java.util.HashSet<>();

        final Set<Object> membersThatWorked = new java.util.HashSet<>();
        /** Incarnations that are younger than a quorum that worked: none of them may ever form. */
        final Set<Long> strangers = new TreeSet<>();

        final Set<Long> formed = new TreeSet<>();
        long incarnations = 100;

        Nodes(int count, FormationMutation mutation) {
            this.mutation = mutation;
            for (int id = 1; id <= count; id++) {
                voters.add(id);
            }
            for (int id : voters) {
                disks.put(id, new Standing(++incarnations, new TreeMap<>()));
                start(id);
            }
        }

        void start(int id) {
            processes.merge(id, 1, Integer::sum);
            running.put(id, mutation.newFormation(id, voters, disk(id)));
        }

        Standing disk(int id) {
            Standing s = disks.get(id);
            if (s == null) {
                throw new AssertionError("node " + id);
            }
            return s;
        }

        void say(int from, int to) {
            Formation f = running.get(from);
            if (f != null && running.containsKey(to)) {
                underWay.add(new Said(from, to, processes.getOrDefault(to, 0), f.standing()));
            }
        }

        /** @param dies 0: not; 1: before what it noted is durable; 2: right after */
        void hear(Said s, int dies) {
            Formation f = running.get(s.to);
            if (f == null || processes.getOrDefault(s.to, 0) != s.toProcess) {
                return; // connections end with their process
            }
            Verdict verdict = f.onHello(s.from, s.standing).verdict();
            if (verdict == Verdict.STRANGER) {
                running.remove(s.to);
            } else if (verdict == Verdict.FORM) {
                SortedMap<Integer, Long> members = f.wanted();
                if (dies != 1) {
                    disks.put(s.to, new Standing(disk(s.to).incarnation(), members));
                }
                if (dies == 0) {
                    f.formed(members);
                    formed.add(disk(s.to).incarnation());
                } else {
                    running.remove(s.to);
                }
            }
        }

        boolean mayWipe(int id) {
            long own = disk(id).incarnation();
            Set<Long> alive = new TreeSet<>();
            disks.forEach((other, s) -> {
                if (other != id) {
                    alive.add(s.incarnation());
                }
            });
            return worked.stream().allMatch(q -> !q.contains(own) || q.stream().anyMatch(alive::contains));
        }

        void wipe(int id) {
            running.remove(id);
            disks.put(id, new Standing(++incarnations, new TreeMap<>()));
            if (!worked.isEmpty()) {
                strangers.add(incarnations);
            }
        }

        /** Any majority that agrees may elect, acknowledge and answer now. */
        void work() {
            java.util.Map<Object, TreeSet<Long>> agreeing = new java.util.HashMap<>();
            running.values().stream()
                    .filter(Formation::isFormed)
                    .forEach(f -> agreeing.computeIfAbsent(agreesOn(f), k -> new TreeSet<>())
                            .add(f.standing().incarnation()));
            agreeing.forEach((members, agree) -> {
                if (agree.size() > voters.size() / 2 && worked.add(agree)) {
                    membersThatWorked.add(members);
                }
            });
        }

        private Object agreesOn(Formation f) {
            return mutation == FormationMutation.NONE ? f.standing().members() : "whatever they have";
        }

        void check(String what) {
            if (membersThatWorked.size() > 1) {
                throw new AssertionError(what + ": quorums of two memberships " + membersThatWorked);
            }
            if (strangers.stream().anyMatch(formed::contains)) {
                throw new AssertionError(what + ": a stranger takes part: " + strangers + " formed " + formed);
            }
        }
    }

    /** @return whether a quorum worked, and the wipes after that */
    private static int run(int nodes, long seed, FormationMutation mutation) {
        SplittableRandom r = new SplittableRandom(seed);
        Nodes n = new Nodes(nodes, mutation);
        int wipes = 0;
        int wipePercent = r.nextInt(2) == 0 ? 2 : 8;
        int diePercent = r.nextInt(2) == 0 ? 0 : 20;
        for (int step = 0; step < STEPS * nodes; step++) {
            int id = 1 + r.nextInt(nodes);
            int dice = r.nextInt(100);
            // Before that nothing is at stake, and a wipe mostly means that this cluster never forms.
            boolean now = !n.worked.isEmpty() || r.nextInt(nodes * nodes) == 0;
            if (dice < wipePercent && now && n.mayWipe(id)) {
                n.wipe(id);
                wipes += n.worked.isEmpty() ? 0 : 1;
            } else if (dice < 10) {
                n.start(id);
            } else if (dice < 50) {
                n.say(id, 1 + (id + r.nextInt(nodes - 1)) % nodes);
            } else if (!n.underWay.isEmpty()) {
                // Some hellos stay under way for long.
                int at = r.nextInt(3) == 0 ? n.underWay.size() - 1 : r.nextInt(n.underWay.size());
                n.hear(n.underWay.remove(at), r.nextInt(100) < diePercent ? 1 + r.nextInt(2) : 0);
            }
            n.work();
            n.check("nodes " + nodes + " seed " + seed + " step " + step);
        }
        return n.worked.isEmpty() ? -1 : wipes;
    }

    @ParameterizedTest
    @ValueSource(ints = {3, 5})
    void shouldNeverCountAWipedNode(int nodes) {
        int worked = 0;
        int wiped = 0;
        for (long seed = 1; seed <= 1_000; seed++) {
            int wipes = run(nodes, seed, FormationMutation.NONE);
            worked += wipes >= 0 ? 1 : 0;
            wiped += wipes > 0 ? 1 : 0;
        }
        assertThat(worked).as("schedules in which a quorum worked").isGreaterThan(300);
        assertThat(wiped).as("and one of its disks was wiped later").isGreaterThan(150);
    }

    /** Every order of the first hellos of three nodes, each once said before and once after the others were heard. */
    @Test
    void shouldFormInAnyOrder() {
        List<int[]> pairs = new ArrayList<>();
        for (int a = 1; a <= 3; a++) {
            for (int b = 1; b <= 3; b++) {
                if (a != b) {
                    pairs.add(new int[] {a, b});
                }
            }
        }
        permute(pairs, 0);
    }

    private static void permute(List<int[]> pairs, int from) {
        if (from == pairs.size()) {
            for (boolean early : new boolean[] {true, false}) {
                Nodes n = new Nodes(3, FormationMutation.NONE);
                if (early) {
                    pairs.forEach(p -> n.say(p[0], p[1]));
                    List.copyOf(n.underWay).forEach(s -> n.hear(s, 0));
                } else {
                    for (int[] p : pairs) {
                        n.say(p[0], p[1]);
                        n.hear(n.underWay.remove(0), 0);
                    }
                }
                n.work();
                assertThat(n.formed).containsExactly(101L, 102L, 103L);
                assertThat(n.membersThatWorked).hasSize(1);
            }
            return;
        }
        for (int i = from; i < pairs.size(); i++) {
            java.util.Collections.swap(pairs, from, i);
            permute(pairs, from + 1);
            java.util.Collections.swap(pairs, from, i);
        }
    }

    @Test
    void shouldMissTheRuleWithoutWhichAWipedNodeCounts() {
        boolean caught = false;
        for (long seed = 1; seed <= 300 && !caught; seed++) {
            try {
                run(3, seed, FormationMutation.REUSED_ID);
            } catch (AssertionError e) {
                caught = true;
            }
        }
        assertThat(caught).isTrue();
    }
}
