package io.parablock.simulator.check;

import static io.parablock.simulator.check.RegisterOperation.NEVER;
import static io.parablock.simulator.check.RegisterOperation.read;
import static io.parablock.simulator.check.RegisterOperation.write;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RegisterCheckerTest {
    private static final long ZEROS = 0;

    private static boolean isLinearizable(RegisterOperation... operations) {
        return isLinearizable(List.of(operations));
    }

    private static boolean isLinearizable(List<RegisterOperation> operations) {
        boolean byZones = RegisterChecker.check(ZEROS, ZEROS, operations, id -> "op " + id) == null;
        boolean bySearch = RegisterSearch.check(ZEROS, operations, id -> "op " + id) == null;
        assertThat(bySearch)
                .as("the search and the zones agree on %s", operations)
                .isEqualTo(byZones);
        return byZones;
    }

    @Test
    void shouldTakeSequentialAndConcurrentHistories() {
        assertThat(isLinearizable()).isTrue();
        assertThat(isLinearizable(write(1, 1, 2, 0), read(1, 3, 4, 1), write(2, 5, 6, 2), read(2, 7, 8, 3)))
                .isTrue();
        assertThat(isLinearizable(write(1, 1, 6, 0), write(2, 2, 5, 1), read(1, 7, 8, 2)))
                .isTrue();
        assertThat(isLinearizable(write(1, 1, 6, 0), write(2, 2, 5, 1), read(2, 7, 8, 2)))
                .isTrue();
    }

    @Test
    void shouldRefuseAStaleRead() {
        assertThat(isLinearizable(write(1, 1, 2, 0), read(0, 3, 4, 1))).isFalse();
        assertThat(isLinearizable(write(1, 1, 2, 0), write(2, 3, 4, 1), read(1, 5, 6, 2)))
                .isFalse();
    }

    @Test
    void shouldRefuseALostUpdate() {
        assertThat(isLinearizable(write(1, 1, 2, 0), read(1, 3, 4, 1), write(2, 5, 6, 2), read(1, 7, 8, 3)))
                .isFalse();
    }

    @Test
    void shouldRefuseOldNewOld() {
        assertThat(isLinearizable(
                        write(1, 1, 20, 0), write(2, 2, 21, 1), read(1, 3, 4, 2), read(2, 5, 6, 3), read(1, 7, 8, 4)))
                .isFalse();
        assertThat(isLinearizable(write(1, 1, 20, 0), write(2, 2, 21, 1), read(1, 3, 4, 2), read(2, 5, 6, 3)))
                .isTrue();
    }

    @Test
    void shouldLetAnOpenWriteTakeEffectLateOrNever() {
        assertThat(isLinearizable(write(1, 1, NEVER, 0), read(0, 3, 4, 1), write(2, 5, 6, 2), read(1, 7, 8, 3)))
                .isTrue();
        assertThat(isLinearizable(write(1, 1, NEVER, 0), write(2, 5, 6, 1), read(2, 7, 8, 2)))
                .isTrue();
    }

    @Test
    void shouldRefuseAnOpenWriteThatComesAndGoes() {
        assertThat(isLinearizable(write(1, 1, NEVER, 0), read(1, 3, 4, 1), read(0, 5, 6, 2)))
                .isFalse();
        assertThat(isLinearizable(write(1, 1, 2, 0), write(2, 3, NEVER, 1), read(2, 4, 5, 2), read(1, 6, 7, 3)))
                .isFalse();
    }

    @Test
    void shouldRefuseAReadFromTheFutureOrOfNothing() {
        assertThat(isLinearizable(read(1, 1, 2, 0), write(1, 3, 4, 1))).isFalse();
        assertThat(RegisterChecker.check(0, 0, List.of(read(9, 1, 2, 0)), id -> "op " + id))
                .contains("nobody wrote")
                .contains("op 0");
    }

    @Test
    void shouldKnowThatZerosAreWrittenAgain() {
        assertThat(isLinearizable(write(1, 1, 2, 0), write(0, 3, 4, 1), read(0, 5, 6, 2)))
                .isTrue();
        assertThat(isLinearizable(write(0, 1, 2, 0), write(1, 3, 4, 1), read(0, 5, 6, 2)))
                .isFalse();
        assertThat(isLinearizable(write(1, 1, 2, 0), write(0, 3, NEVER, 1), read(1, 4, 5, 2), read(0, 6, 7, 3)))
                .isTrue();
        assertThat(isLinearizable(
                        write(1, 1, 2, 0),
                        write(0, 3, NEVER, 1),
                        read(0, 4, 5, 2),
                        write(2, 6, 7, 3),
                        read(2, 8, 9, 4),
                        read(0, 10, 11, 5)))
                .isFalse();
    }

    @Test
    void shouldBeFastOnLongHistories() {
        for (boolean zeros : new boolean[] {false, true}) {
            List<RegisterOperation> operations = linearizable(new Random(7), 20_000, 8, zeros);
            long began = System.nanoTime();
            assertThat(RegisterChecker.check(0, 0, operations, id -> "op " + id))
                    .isNull();
            assertThat(System.nanoTime() - began).isLessThan(10_000_000_000L);
        }
    }

    @Test
    void shouldAgreeWithBruteForceOnRandomHistories() {
        Random random = new Random(42);
        int yes = 0;
        int no = 0;
        for (int i = 0; i < 6000; i++) {
            List<RegisterOperation> operations = i % 3 == 0
                    ? spoil(random, linearizable(random, 1 + random.nextInt(8), 3, random.nextBoolean()))
                    : anything(random);
            boolean expected = bruteForce(ZEROS, new ArrayList<>(operations));
            assertThat(isLinearizable(operations)).as("%s", operations).isEqualTo(expected);
            yes += expected ? 1 : 0;
            no += expected ? 0 : 1;
        }
        assertThat(yes).isGreaterThan(1000);
        assertThat(no).isGreaterThan(1000);
    }

    /** Up to seven operations with times, values and ends at random. */
    private static List<RegisterOperation> anything(Random random) {
        int count = 2 + random.nextInt(6);
        boolean zeros = random.nextInt(3) == 0;
        List<Integer> times = new ArrayList<>();
        for (int t = 1; t <= 2 * count; t++) {
            times.add(t);
        }
        if (random.nextBoolean()) {
            Collections.shuffle(times, random);
        } else {
            // Mostly sequential: neighbours change places now and then.
            for (int t = 1; t < times.size(); t++) {
                if (random.nextInt(3) == 0) {
                    Collections.swap(times, t - 1, t);
                }
            }
        }
        List<RegisterOperation> out = new ArrayList<>();
        int stamp = 0;
        for (int i = 0; i < count; i++) {
            long a = Math.min(times.get(2 * i), times.get(2 * i + 1));
            long b = Math.max(times.get(2 * i), times.get(2 * i + 1));
            if (random.nextBoolean()) {
                long value = zeros && random.nextInt(3) == 0 ? 0 : ++stamp;
                out.add(write(value, a, random.nextInt(4) == 0 ? NEVER : b, i));
            } else {
                out.add(read(random.nextInt(count / 2 + 1), a, b, i));
            }
        }
        int last = stamp;
        out.removeIf(o -> !o.isWrite() && o.value() > last);
        return out;
    }

    /** A history that has an order by construction: each operation takes effect at a point between its ends. */
    private static List<RegisterOperation> linearizable(Random random, int count, int clients, boolean zeros) {
        long[] free = new long[clients];
        List<RegisterOperation> out = new ArrayList<>();
        long now = 0;
        long value = 0;
        long stamp = 0;
        for (int i = 0; i < count; i++) {
            now += 1000;
            int client = random.nextInt(clients);
            long invoked = Math.max(free[client] + 1, now - random.nextInt(3000));
            if (invoked >= now) {
                continue;
            }
            long answered = now + 1 + random.nextInt(3000);
            free[client] = answered;
            boolean open = random.nextInt(10) == 0;
            if (random.nextInt(2) == 0) {
                value = zeros && random.nextInt(4) == 0 ? 0 : ++stamp;
                out.add(write(value, invoked, open ? NEVER : answered, i));
            } else {
                out.add(read(value, invoked, answered, i));
            }
        }
        return ranked(out);
    }

    /** The same order of ends, with no two alike. */
    private static List<RegisterOperation> ranked(List<RegisterOperation> operations) {
        List<long[]> ends = new ArrayList<>();
        for (int i = 0; i < operations.size(); i++) {
            ends.add(new long[] {operations.get(i).invoked(), 0, i});
            ends.add(new long[] {operations.get(i).answered(), 1, i});
        }
        ends.sort(Comparator.<long[]>comparingLong(e -> e[0]).thenComparingLong(e -> e[1]));
        long[][] rank = new long[operations.size()][2];
        for (int i = 0; i < ends.size(); i++) {
            rank[(int) ends.get(i)[2]][(int) ends.get(i)[1]] = i + 1L;
        }
        List<RegisterOperation> out = new ArrayList<>();
        for (int i = 0; i < rank.length; i++) {
            RegisterOperation o = operations.get(i);
            out.add(new RegisterOperation(o.isWrite(), o.value(), rank[i][0], o.isOpen() ? NEVER : rank[i][1], o.id()));
        }
        return out;
    }

    /** Sometimes one read sees another value. */
    private static List<RegisterOperation> spoil(Random random, List<RegisterOperation> operations) {
        List<RegisterOperation> out = new ArrayList<>(operations);
        if (random.nextBoolean()) {
            for (int i = 0; i < out.size(); i++) {
                RegisterOperation o = out.get(i);
                RegisterOperation other = out.get(random.nextInt(out.size()));
                if (!o.isWrite() && other.isWrite()) {
                    out.set(i, read(other.value(), o.invoked(), o.answered(), o.id()));
                    return out;
                }
            }
        }
        return out;
    }

    /** Tries every order: next may come what was invoked before the first answer of those left. */
    private static boolean bruteForce(long value, List<RegisterOperation> left) {
        if (left.stream().allMatch(RegisterOperation::isOpen)) {
            return true;
        }
        long limit = left.stream().mapToLong(RegisterOperation::answered).min().orElse(NEVER);
        for (int i = 0; i < left.size(); i++) {
            RegisterOperation o = left.get(i);
            if (o.invoked() > limit || (!o.isWrite() && o.value() != value)) {
                continue;
            }
            List<RegisterOperation> rest = new ArrayList<>(left);
            rest.remove(i);
            if (bruteForce(o.isWrite() ? o.value() : value, rest)) {
                return true;
            }
        }
        return false;
    }
}
