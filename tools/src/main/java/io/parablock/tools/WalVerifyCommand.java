package io.parablock.tools;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.parablock.wal.DamagedRecord;
import io.parablock.wal.RecordDescriptor;
import io.parablock.wal.WalRecord;
import io.parablock.wal.segment.ListedSegment;
import io.parablock.wal.segment.LogInspection;
import io.parablock.wal.segment.LogInspection.Manifest;
import io.parablock.wal.segment.SegmentVisitor;
import java.io.PrintWriter;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code parablock wal verify}: exits 0 only if nothing in a log is damaged but what a crash left torn. */
@Command(
        name = "verify",
        description = "Reads a whole log and checks every record; names the first damage.",
        mixinStandardHelpOptions = true)
final class WalVerifyCommand implements Callable<Integer> {
    @Parameters(paramLabel = "DIR", description = "the data_dir of a node that is stopped, or the folder wal in it")
    @SuppressWarnings("NullAway.Init")
    private Path dir;

    @Option(names = "--json", description = "as JSON, for scripts")
    private boolean asJson;

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    /** Keeps the first damage of either sort and counts the rest. */
    private static final class Checker implements SegmentVisitor {
        final WalTally tally = new WalTally();
        private String file = "";

        @Nullable
        String firstSerious;

        @Nullable
        String firstTorn;

        @Override
        public void onSegment(ListedSegment segment) {
            tally.add(segment);
            file = WalLine.file(segment);
        }

        @Override
        public void onRecord(long position, WalRecord record, ByteBuffer payload) {
            tally.addRecord();
        }

        @Override
        public void onDamaged(long position, DamagedRecord what) {
            tally.add(what);
            String line = file + " at " + RecordDescriptor.offsetBytes(position) + ": " + WalLine.of(what);
            if (what.torn()) {
                firstTorn = firstTorn == null ? line : firstTorn;
            } else {
                firstSerious = firstSerious == null ? line : firstSerious;
            }
        }
    }

    @Override
    public Integer call() {
        try (LogInspection log = WalCommand.open(dir)) {
            if (log.isInUse()) {
                throw new CommandFailure("a node has the log in " + log.directory() + " open: stop it first");
            }
            long startNs = System.nanoTime();
            Checker checker = new Checker();
            log.scan(checker);
            double seconds = (System.nanoTime() - startNs) / 1e9;
            if (log.isInUse() || log.hasChanged()) {
                throw new CommandFailure("a node has opened the log in " + log.directory()
                        + " meanwhile: verify it again when the node is stopped");
            }
            return report(log.manifest(), checker, seconds);
        }
    }

    private int report(Manifest manifest, Checker checker, double seconds) {
        PrintWriter out = spec.commandLine().getOut();
        WalTally tally = checker.tally;
        String read = String.format(
                Locale.ROOT, "%s in %.2f s, %.0f MB/s", tally.sizes(), seconds, tally.fileBytes() / 1e6 / seconds);
        // A log that has never had a record has no manifest to lose.
        boolean listed = manifest == Manifest.READ
                || (manifest == Manifest.MISSING && tally.records() + tally.serious() + tally.torn() == 0);
        String first = listed ? checker.firstSerious : WalLine.of(manifest);
        if (asJson) {
            out.println(JsonNodeFactory.instance
                    .objectNode()
                    .put("sound", first == null)
                    .put("first_damage", first)
                    .put("manifest", manifest.name().toLowerCase(Locale.ROOT))
                    .put("records", tally.records())
                    .put("file_bytes", tally.fileBytes())
                    .put("damaged", tally.serious())
                    .put("torn", tally.torn())
                    .put("first_torn", checker.firstTorn)
                    .toPrettyString());
        } else if (first != null) {
            out.println("first damage: " + first);
            out.println("damaged: " + read + ", " + tally.damages() + (listed ? "" : ", and the manifest"));
        } else if (checker.firstTorn != null) {
            out.println("sound but for " + tally.torn() + " torn, never durable, as a crash leaves them: " + read
                    + "; the first: " + checker.firstTorn);
        } else {
            out.println("sound: " + read);
        }
        out.flush();
        return first == null ? 0 : CommandFailure.FAILED;
    }
}
