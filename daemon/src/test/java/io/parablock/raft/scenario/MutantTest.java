package io.parablock.raft.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import io.parablock.raft.Mutation;
import io.parablock.simulator.check.Violation;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Each guard of the protocol, taken away, is missed by a checker within a stated number of random schedules. The table goes
 * to the output; {@code -Dmutant.seeds=N} gives more seeds.
 */
class MutantTest {
    private static final long SEEDS = 400;
    private static final int CATCHES = 3;

    @ParameterizedTest
    @EnumSource(value = Mutation.class, mode = EnumSource.Mode.EXCLUDE, names = "NONE")
    void shouldCatchEveryMutant(Mutation mutation) {
        long seeds = Long.getLong("mutant.seeds", SEEDS);
        Map<String, Integer> caught = new LinkedHashMap<>();
        long first = 0;
        int catches = 0;
        long seed = 1;
        for (; seed <= seeds && catches < CATCHES; seed++) {
            String by = runSeed(seed, mutation);
            if (by != null) {
                catches++;
                caught.merge(by, 1, Integer::sum);
                first = first == 0 ? seed : first;
            }
        }
        System.out.println("mutant " + mutation + ": first caught by seed " + first + ", " + catches + " in "
                + (seed - 1) + " seeds, " + caught);
        assertThat(catches).as("%s goes unseen in %d seeds", mutation, seeds).isPositive();
    }

    private static @Nullable String runSeed(long seed, Mutation mutation) {
        try {
            new RandomSchedule(seed, mutation).run();
            return null;
        } catch (Violation v) {
            return v.checker() + " (" + v.invariant() + ")";
        } catch (AssertionError | RuntimeException e) {
            String at = e.getStackTrace()[0].getClassName();
            return at.substring(at.lastIndexOf('.') + 1) + ": "
                    + String.valueOf(e.getMessage()).lines().findFirst().orElse("");
        }
    }
}
