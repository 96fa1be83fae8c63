package io.parablock.tools;

import io.parablock.perf.bench.BenchJson;
import io.parablock.perf.bench.BenchPage;
import io.parablock.perf.bench.BenchResult;
import io.parablock.perf.bench.HgrmFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Where the reports of {@code parablock bench} go. */
final class BenchOutputs {
    @Option(names = "--json", paramLabel = "FILE", description = "all figures of all rounds, for programs")
    private @Nullable Path json;

    @Option(names = "--html", paramLabel = "FILE", description = "one page with table and pictures")
    private @Nullable Path html;

    @Option(
            names = "--hgrm",
            paramLabel = "DIR",
            description = "a file of percentiles for each row, as HdrHistogram's plotters read them")
    private @Nullable Path hgrm;

    @Option(
            names = "--out",
            paramLabel = "DIR",
            description = "all three: DIR/bench.json, DIR/bench.html and DIR/*.hgrm, unless given otherwise")
    private @Nullable Path out;

    /** Makes the folders, so that a run does not fail at its end. */
    void prepare() {
        if (out != null) {
            json = json == null ? out.resolve("bench.json") : json;
            html = html == null ? out.resolve("bench.html") : html;
            hgrm = hgrm == null ? out : hgrm;
        }
        requireFile(json, "--json");
        requireFile(html, "--html");
        if (hgrm != null) {
            requireFolder(hgrm.toAbsolutePath(), "--hgrm");
        }
    }

    private static void requireFile(@Nullable Path file, String option) {
        if (file == null) {
            return;
        }
        Path folder = file.toAbsolutePath().getParent();
        if (Files.isDirectory(file) || folder == null) {
            throw CommandFailure.wrongArgument(option + ": " + file + " is a folder");
        }
        requireFolder(folder, option);
    }

    private static void requireFolder(Path folder, String option) {
        try {
            Files.createDirectories(folder);
        } catch (IOException e) {
            throw CommandFailure.wrongArgument(option + ": cannot make the folder " + folder);
        }
        if (!Files.isWritable(folder)) {
            throw CommandFailure.wrongArgument(option + ": cannot write into " + folder);
        }
    }

    /** The page last: what a machine without fonts cannot draw does not cost the figures. */
    void write(BenchResult result, Progress progress) throws IOException {
        if (json != null) {
            BenchJson.write(result, json);
            progress.line("figures: " + json);
        }
        if (hgrm != null) {
            HgrmFiles.write(result, hgrm);
            progress.line("percentiles: " + hgrm);
        }
        if (html != null) {
            BenchPage.write(result, html);
            progress.line("page: " + html);
        }
    }
}
