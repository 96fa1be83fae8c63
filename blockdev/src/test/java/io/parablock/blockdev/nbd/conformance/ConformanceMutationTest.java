package io.parablock.blockdev.nbd.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The suite proved on a server that is right and on many that are wrong in one thing each. */
@Tag("one-jdk")
class ConformanceMutationTest {
    private static final int CHECKS_MIN = 200;
    private static final int MUTANTS_MIN = 100;
    private static final int THREADS = 6;
    private static final Duration HANDSHAKE_DEADLINE = Duration.ofSeconds(2);
    /** Shorter: mutants that hang cost time. */
    private static final Duration MUTANT_HANDSHAKE_DEADLINE = Duration.ofSeconds(1);

    @TempDir
    Path folder;

    private static Target target(ReferenceServer server, Duration handshakeDeadline) {
        return Target.of(server.address(), ReferenceServer.WRITABLE, ReferenceServer.SIZE_BYTES)
                .withReadOnlyExport(ReferenceServer.READ_ONLY)
                .withSizes(ReferenceServer.SIZES)
                .withHandshakeDeadline(handshakeDeadline)
                .withLongEffects();
    }

    @Test
    void shouldPassOnTheReferenceServer() throws IOException {
        assertThat(ConformanceSuite.checks()).hasSizeGreaterThanOrEqualTo(CHECKS_MIN);
        Path socket = folder.resolve("nbd.sock");
        try (ReferenceServer tcp = ReferenceServer.tcp(Mutant.NONE, HANDSHAKE_DEADLINE);
                ReferenceServer unix = ReferenceServer.unix(socket, HANDSHAKE_DEADLINE)) {
            List<Result> results =
                    ConformanceSuite.run(target(tcp, HANDSHAKE_DEADLINE).withUnixAddress(unix.address()));
            assertThat(results).allMatch(result -> result.outcome() == Result.Outcome.PASSED);
        }
    }

    @Test
    void shouldFailOnEveryMutant() throws Exception {
        List<Mutant> mutants = new ArrayList<>(List.of(Mutant.values()));
        mutants.remove(Mutant.NONE);
        assertThat(mutants).hasSizeGreaterThanOrEqualTo(MUTANTS_MIN);
        ExecutorService threads = Executors.newFixedThreadPool(THREADS);
        try {
            List<Callable<String>> runs = new ArrayList<>();
            mutants.forEach(mutant -> runs.add(() -> survivor(mutant)));
            List<String> survivors = new ArrayList<>();
            for (Future<String> run : threads.invokeAll(runs)) {
                survivors.add(run.get());
            }
            survivors.removeIf(String::isEmpty);
            assertThat(survivors).isEmpty();
        } finally {
            threads.shutdownNow();
            assertThat(threads.awaitTermination(10, TimeUnit.SECONDS)).isTrue();
        }
    }

    /** The mutant's name where no check fails on it, or nothing. */
    private static String survivor(Mutant mutant) throws IOException {
        try (ReferenceServer server = ReferenceServer.tcp(mutant, MUTANT_HANDSHAKE_DEADLINE)) {
            Target target = target(server, MUTANT_HANDSHAKE_DEADLINE).withCheckDeadline(Duration.ofSeconds(2));
            boolean found = ConformanceSuite.firstFailure(target, mutant.group).isPresent();
            return found ? "" : mutant.name();
        }
    }
}
