package io.parablock.perf.jmh;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/** No benchmark rots: each runs for a moment in every commit, and checks its own work at the end. */
class BenchesTest {
    private static final List<Class<?>> BENCHES = List.of(
            ChecksumBench.class,
            ConflictBench.class,
            FollowerBench.class,
            FrameBench.class,
            LeaderBench.class,
            LookBehindBench.class,
            NbdBench.class,
            WalBench.class);

    @Test
    void shouldRunEveryBenchmarkForAMoment() throws Exception {
        // Another run on this machine is none of our business: nothing is measured here.
        System.setProperty("jmh.ignoreLock", "true");
        Collection<RunResult> results = new Runner(new OptionsBuilder()
                        .include("io\\.parablock\\.perf\\.jmh\\.")
                        .param("extents", "16")
                        .param("span", "64")
                        .param("segmentMiB", "1")
                        .forks(0)
                        .warmupIterations(0)
                        .measurementIterations(1)
                        .measurementTime(TimeValue.milliseconds(2))
                        .shouldFailOnError(true)
                        .verbosity(VerboseMode.SILENT)
                        .build())
                .run();
        assertThat(results)
                .allSatisfy(r -> assertThat(r.getPrimaryResult().getScore())
                        .as(r.getParams().getBenchmark())
                        .isPositive());
        assertThat(results.stream().map(r -> r.getParams().getBenchmark()).distinct())
                .containsExactlyInAnyOrderElementsOf(BENCHES.stream()
                        .flatMap(bench -> Arrays.stream(bench.getDeclaredMethods()))
                        .filter(method -> method.isAnnotationPresent(Benchmark.class))
                        .map(BenchesTest::name)
                        .toList());
    }

    private static String name(Method method) {
        return method.getDeclaringClass().getName() + "." + method.getName();
    }
}
