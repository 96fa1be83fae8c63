package io.parablock.tools;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.parablock.blockdev.nbd.conformance.ConformanceSuite;
import io.parablock.blockdev.nbd.conformance.Result;
import io.parablock.blockdev.nbd.conformance.Target;
import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The NBD conformance suite against nbdkit and qemu-nbd: it proves the suite's reading of proto.md on servers that others
 * wrote. Each deviation is listed with its reason; one that is new fails the test, and so does one that is gone.
 */
@Tag("e2e")
@Tag("one-jdk")
class NbdPeersConformanceTest {
    private static final long SIZE_BYTES = 64L << 20;
    private static final String ANY_NAME = "the memory plugin serves its disk under any name";
    private static final String EINVAL_ALWAYS = "answers every request that it refuses with EINVAL";
    private static final String ANSWERS_BAD_MAGIC = "answers a bad magic with EINVAL before it closes";
    private static final String DROPS_AT_DISC = "closes at DISC with replies in flight; whether it shows is timing";

    private static final Map<String, String> NBDKIT = Map.ofEntries(
            Map.entry("Greeting.closesOnAnUnknownExport", ANY_NAME),
            Map.entry("Go.goRefusesAnUnknownExport", ANY_NAME),
            Map.entry("Go.goWorksAfterARefusal", ANY_NAME),
            Map.entry("Go.infoRefusesAnUnknownExport", ANY_NAME),
            Map.entry("Go.refusesANameOf4096Bytes", ANY_NAME),
            Map.entry("Go.refusesANameThatIsNotUtf8", ANY_NAME),
            Map.entry("Go.sendsNoInformationOnAnUnknownExport", ANY_NAME),
            Map.entry("MetaContext.refusesASelectionForAnUnknownExport", ANY_NAME),
            Map.entry("MetaContext.aSelectionForAnUnknownExportForgetsTheOld", ANY_NAME),
            Map.entry("MetaContext.refusesToListAnUnknownExport", ANY_NAME),
            Map.entry("MetaContext.aSelectionSurvivesInfoOnAnotherExport", "INFO forgets what was selected before"),
            Map.entry("MetaContext.aFailedSelectionForgetsTheOld", "data that is too short leaves the old selection"),
            Map.entry("MetaContext.refusesTrailingBytes", "does not look behind the last query"),
            Map.entry("MetaContext.selectsOnceWhatIsNamedTwice", "selects a context once for each query"),
            Map.entry("Option.listsTheSameAgain", "takes one LIST in a connection"),
            Map.entry("Status.zeroesWithoutAHoleAreAllocated", "the memory plugin keeps no zeroes"));

    private static final Map<String, String> QEMU = Map.ofEntries(
            Map.entry("Greeting.closesOnANameThatOnlyBeginsWell", "takes a name up to its first NUL"),
            Map.entry("Go.refusesANameThatIsNotUtf8", "repeats the name in its message, which is not UTF-8 either"),
            Map.entry("MetaContext.refusesTrailingBytes", "does not look behind the last query"),
            Map.entry("Chunk.refusesAWriteOverTheEndAndDrainsIt", EINVAL_ALWAYS),
            Map.entry("Write.drainsAMebibyteBehindTheEnd", EINVAL_ALWAYS),
            Map.entry("Write.drainsManyRefusedPayloads", EINVAL_ALWAYS),
            Map.entry("Write.refusesANegativeOffset", EINVAL_ALWAYS),
            Map.entry("Write.refusesASectorOverTheEnd", EINVAL_ALWAYS),
            Map.entry("Write.refusesAnEndThatWrapsAround", EINVAL_ALWAYS),
            Map.entry("Write.refusesToBeginAtTheEnd", EINVAL_ALWAYS),
            Map.entry("Write.refusesToBeginFarBehindTheEnd", EINVAL_ALWAYS),
            Map.entry("Write.writesNothingOfARangeOverTheEnd", EINVAL_ALWAYS),
            Map.entry("Zero.zeroesRefuseASectorOverTheEnd", EINVAL_ALWAYS),
            Map.entry("Zero.zeroesRefuseAnEndThatWrapsAround", EINVAL_ALWAYS),
            Map.entry("Zero.zeroesRefuseFourGibibytes", EINVAL_ALWAYS),
            Map.entry("Zero.zeroesRefuseToBeginAtTheEnd", EINVAL_ALWAYS),
            Map.entry("Request.closesOnABadMagic", ANSWERS_BAD_MAGIC),
            Map.entry("Request.closesOnABadMagicAfterAGoodRequest", ANSWERS_BAD_MAGIC),
            Map.entry("Request.closesOnAnExtendedRequestThatWasNotNegotiated", ANSWERS_BAD_MAGIC),
            Map.entry("Request.closesOnTheHistoricMagic", ANSWERS_BAD_MAGIC),
            Map.entry("Request.closesOnTheMagicOfAReply", ANSWERS_BAD_MAGIC),
            Map.entry("Request.closesOnTheMagicOfTheLog", ANSWERS_BAD_MAGIC),
            Map.entry("Connection.aBrokenConnectionHurtsNoOther", ANSWERS_BAD_MAGIC),
            Map.entry("Connection.closesOnABadMagicOverTheUnixSocket", ANSWERS_BAD_MAGIC));

    /** What fails or passes with the machine. */
    private static final Map<String, String> QEMU_SOMETIMES = Map.of(
            "Status.zeroesWithoutAHoleAreAllocated", "reports what the file system's SEEK_HOLE says of zeroed ranges",
            "Connection.finishesReadsBeforeDisc", DROPS_AT_DISC,
            "Connection.finishesWritesBeforeDisc", DROPS_AT_DISC);

    private static final Map<String, String> NBDKIT_READ_ONLY =
            Map.of("ReadOnly.doesNotSetTheFlagOnTheWritableExport", "the server has no writable export");

    private static final Map<String, String> QEMU_READ_ONLY = Map.ofEntries(
            Map.entry("ReadOnly.doesNotSetTheFlagOnTheWritableExport", "the server has no writable export"),
            Map.entry("ReadOnly.refusesATrim", EINVAL_ALWAYS),
            Map.entry("ReadOnly.refusesAWrite", EINVAL_ALWAYS),
            Map.entry("ReadOnly.refusesAWriteInChunks", EINVAL_ALWAYS),
            Map.entry("ReadOnly.refusesManyPipelinedWrites", EINVAL_ALWAYS),
            Map.entry("ReadOnly.refusesWriteZeroes", EINVAL_ALWAYS),
            Map.entry("ReadOnly.refusesWriteZeroesWithoutAHole", EINVAL_ALWAYS));

    @TempDir
    Path folder;

    private @Nullable Process running;

    @AfterEach
    void end() {
        if (running != null) {
            running.destroyForcibly();
        }
    }

    /** nbdkit 1.32 aborts when a client leaves with replies in flight, unless it has one thread a connection. */
    private Process nbdkit(String... options) throws Exception {
        requireVersion("nbdkit 1.32", "nbdkit", "--version");
        List<String> command = new ArrayList<>(List.of("nbdkit", "-f", "-t", "1", "-U", socket().toString()));
        command.addAll(List.of(options));
        command.addAll(List.of("memory", Long.toString(SIZE_BYTES)));
        return started(command);
    }

    private Process qemu(String... options) throws Exception {
        requireVersion("qemu-nbd 7.2", "qemu-nbd", "--version");
        Path file = folder.resolve("disk.raw");
        try (RandomAccessFile disk = new RandomAccessFile(file.toFile(), "rw")) {
            disk.setLength(SIZE_BYTES);
        }
        List<String> command = new ArrayList<>(List.of("qemu-nbd", "-f", "raw", "-t", "-e", "0", "-x", "disk"));
        command.addAll(List.of("--discard=unmap", "-k", socket().toString()));
        command.addAll(List.of(options));
        command.add(file.toString());
        return started(command);
    }

    /** The deviations are those of one version. */
    private static void requireVersion(String wanted, String... command) throws Exception {
        Clients.require(command[0]);
        String version = Clients.run(10, command).lines().findFirst().orElse("");
        assumeTrue(version.startsWith(wanted), "the deviations listed are those of " + wanted + ", not " + version);
    }

    private Path socket() {
        return folder.resolve("nbd.sock");
    }

    private Process started(List<String> command) throws Exception {
        Process server = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(new File(folder.toFile(), "server.log"))
                .start();
        running = server;
        long deadlineNs = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        while (!accepts()) {
            assertThat(server.isAlive() && System.nanoTime() < deadlineNs)
                    .as("%s listens", command)
                    .isTrue();
            Thread.sleep(20);
        }
        return server;
    }

    private boolean accepts() {
        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            return channel.connect(UnixDomainSocketAddress.of(socket()));
        } catch (IOException e) {
            return false;
        }
    }

    private static void stop(Process server) throws InterruptedException {
        assertThat(server.isAlive()).as("the server lives after all checks").isTrue();
        server.destroy();
        if (!server.waitFor(10, TimeUnit.SECONDS)) {
            server.destroyForcibly();
        }
    }

    private Target target(String export) {
        UnixDomainSocketAddress address = UnixDomainSocketAddress.of(socket());
        return Target.of(address, export, SIZE_BYTES).withUnixAddress(address).withCheckDeadline(Duration.ofSeconds(5));
    }

    private static void requireDeviations(List<Result> results, Set<String> always, Set<String> sometimes) {
        Map<String, Result> failed =
                results.stream().filter(Result::failed).collect(Collectors.toMap(Result::name, result -> result));
        Set<String> unlisted = new TreeSet<>(failed.keySet());
        unlisted.removeAll(always);
        unlisted.removeAll(sometimes);
        assertThat(unlisted.stream().map(failed::get))
                .as("deviations that are not listed")
                .isEmpty();
        Set<String> gone = new TreeSet<>(always);
        gone.removeAll(failed.keySet());
        assertThat(gone).as("deviations that are listed and gone").isEmpty();
    }

    @Test
    void shouldFindInNbdkitWhatIsListed() throws Exception {
        Process server = nbdkit();
        requireDeviations(ConformanceSuite.run(target("")), NBDKIT.keySet(), Set.of());
        stop(server);
    }

    @Test
    void shouldFindInQemuNbdWhatIsListed() throws Exception {
        Process server = qemu();
        requireDeviations(ConformanceSuite.run(target("disk")), QEMU.keySet(), QEMU_SOMETIMES.keySet());
        stop(server);
    }

    @Test
    void shouldFindInAReadOnlyNbdkitWhatIsListed() throws Exception {
        Process server = nbdkit("-r");
        Target target = target("").withReadOnlyExport("");
        requireDeviations(ConformanceSuite.run(target, "ReadOnly"), NBDKIT_READ_ONLY.keySet(), Set.of());
        stop(server);
    }

    @Test
    void shouldFindInAReadOnlyQemuNbdWhatIsListed() throws Exception {
        Process server = qemu("-r");
        Target target = target("disk").withReadOnlyExport("disk");
        requireDeviations(ConformanceSuite.run(target, "ReadOnly"), QEMU_READ_ONLY.keySet(), Set.of());
        stop(server);
    }
}
