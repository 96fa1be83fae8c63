package io.parablock.tools;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Who may import whom, and how long a class may be. */
class ArchitectureTest {
    private static final String OURS = "io.parablock..";
    private static final String CORE = "io.parablock.raft..";
    private static final String LOOK_BEHIND = "io.parablock.lookbehind..";
    private static final String WAL = "io.parablock.wal..";
    private static final String STORE = "io.parablock.blockdev.store..";
    private static final String NBD = "io.parablock.blockdev.nbd..";
    private static final String BLOCKDEV = "io.parablock.blockdev..";
    private static final String REPLICA = "io.parablock.replica..";
    private static final String PIPELINE = "io.parablock.pipeline..";
    private static final String TRANSPORT = "io.parablock.transport..";
    private static final String HTTP = "io.parablock.http..";
    private static final String METRICS = "io.parablock.metrics..";
    private static final String CONFIG = "io.parablock.config..";
    private static final String GATEWAY = "io.parablock.gateway..";
    private static final String EVENTS = "io.parablock.events..";

    private static final int CLASS_LINES_MAX = 500;
    private static final int README_LINES_MAX = 150;

    private static JavaClasses classes;

    @BeforeAll
    static void importClasses() {
        classes = new ClassFileImporter()
                .withImportOption(new ImportOption.DoNotIncludeTests())
                // The daemon's test-jar: the simulator.
                .withImportOption(location -> !location.contains("-tests.jar"))
                .importPackages("io.parablock");
        assertThat(classes).isNotEmpty();
    }

    @Test
    void lookBehindBufferImportsNoneOfOurs() {
        ofOursOnly(LOOK_BEHIND);
    }

    @Test
    void walImportsNoneOfOurs() {
        ofOursOnly(WAL);
    }

    @Test
    void eventsImportNoneOfOurs() {
        ofOursOnly(EVENTS);
    }

    @Test
    void blockdevImportsTheLookBehindBufferOnly() {
        ofOursOnly(BLOCKDEV, LOOK_BEHIND);
    }

    @Test
    void catalogueImportsTheWalTheStoreAndWhoseDisksCount() {
        ofOursOnly("io.parablock.catalogue..", WAL, STORE, "io.parablock.raft.membership..");
    }

    @Test
    void coreIsPure() {
        ofOursOnly(CORE, LOOK_BEHIND);
        noClasses()
                .that()
                .resideInAPackage(CORE)
                .should()
                .dependOnClassesThat(DescribedPredicate.not(
                        resideInAnyPackage("java..", "org.agrona.collections..", "org.jspecify..", OURS)))
                .allowEmptyShould(true)
                .check(classes);
        noClasses()
                .that()
                .resideInAPackage(CORE)
                .should()
                .dependOnClassesThat(describe("clocks, threads, loggers or random sources", ArchitectureTest::impure))
                .allowEmptyShould(true)
                .check(classes);
        for (String clock : new String[] {"nanoTime", "currentTimeMillis"}) {
            noClasses()
                    .that()
                    .resideInAPackage(CORE)
                    .should()
                    .callMethod(System.class, clock)
                    .allowEmptyShould(true)
                    .check(classes);
        }
    }

    /** A seeded generator is no random source of its own: its seed is given to the core. */
    private static boolean impure(JavaClass type) {
        String name = type.getName();
        return name.startsWith("java.time.")
                || name.startsWith("java.util.concurrent.")
                || name.startsWith("java.util.logging.")
                || name.startsWith("java.nio.file.")
                || name.startsWith("java.net.")
                || name.equals("java.lang.Thread")
                || name.equals("java.util.Timer")
                || name.equals("java.security.SecureRandom");
    }

    @Test
    void replicaImportsTheCoreTheWalAndTheStore() {
        ofOursOnly(REPLICA, CORE, LOOK_BEHIND, WAL, STORE);
    }

    @Test
    void transportPipelineAndHttpImportTheReplica() {
        ofOursOnly(PIPELINE, REPLICA, CORE, WAL, STORE);
        // The wire carries the core's messages; the kinds of event loop are chosen in one place, with the NBD server.
        // The allocation of the leader's store travels as the store tells it.
        ofOursOnly(TRANSPORT, REPLICA, CORE, LOOK_BEHIND, NBD, STORE);
        ofOursOnly(HTTP, REPLICA, CORE, METRICS, CONFIG);
        ofOursOnly("io.parablock.health..", HTTP, REPLICA, CORE, METRICS, CONFIG);
    }

    @Test
    void onlyMainSeesEverything() {
        noClasses()
                .that()
                .resideOutsideOfPackages("io.parablock.main..", "io.parablock.tools..", "io.parablock.perf..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("io.parablock.main..")
                .check(classes);
        ofOursOnly(GATEWAY, REPLICA, CORE, LOOK_BEHIND, NBD, STORE, PIPELINE, CONFIG, METRICS);
    }

    @Test
    void nobodyImportsPerfOrTools() {
        noClasses()
                .that()
                .resideOutsideOfPackages("io.parablock.tools..", "io.parablock.perf..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.parablock.tools..", "io.parablock.perf..")
                .check(classes);
        ofOursOnly("io.parablock.perf..", LOOK_BEHIND, WAL, BLOCKDEV, CORE, REPLICA, PIPELINE, TRANSPORT);
    }

    /** Of our own packages, {@code from} may import itself and {@code allowed}. */
    private static void ofOursOnly(String from, String... allowed) {
        List<String> packages = new ArrayList<>(List.of(allowed));
        packages.add(from);
        noClasses()
                .that()
                .resideInAPackage(from)
                .should()
                .dependOnClassesThat(resideInAnyPackage(OURS)
                        .and(DescribedPredicate.not(resideInAnyPackage(packages.toArray(new String[0])))))
                .as(from + " may import, of ours, only " + packages)
                .allowEmptyShould(true)
                .check(classes);
    }

    @Test
    void noClassIsTooLong() throws IOException {
        List<String> tooLong = new ArrayList<>();
        try (Stream<Path> modules = Files.list(root())) {
            for (Path module : modules.filter(Files::isDirectory).toList()) {
                Path sources = module.resolve("src");
                if (Files.isDirectory(sources)) {
                    try (Stream<Path> files = Files.walk(sources)) {
                        files.filter(file -> file.toString().endsWith(".java"))
                                .filter(file -> lines(file) > CLASS_LINES_MAX)
                                .forEach(file -> tooLong.add(file + ": " + lines(file) + " lines"));
                    }
                }
            }
        }
        assertThat(tooLong).isEmpty();
    }

    @Test
    void readmeFitsAndNamesEveryModule() throws IOException {
        Path readme = root().resolve("README.md");
        assertThat(lines(readme)).isLessThanOrEqualTo(README_LINES_MAX);
        assertThat(Files.readString(readme))
                .contains(
                        "look-behind-buffer",
                        "wal",
                        "blockdev",
                        "daemon",
                        "perf",
                        "tools/parablock demo",
                        "tools/test");
    }

    private static int lines(Path file) {
        try {
            return Files.readAllLines(file).size();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    /** The checkout: the parent of this module's folder. */
    static Path root() {
        return Path.of("").toAbsolutePath().getParent();
    }
}
