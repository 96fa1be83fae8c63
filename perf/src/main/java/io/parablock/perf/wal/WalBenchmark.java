package io.parablock.perf.wal;

import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoEventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.parablock.blockdev.nbd.netty.TransportKind;
import io.parablock.perf.RoundMedians;
import io.parablock.wal.RecordDescriptor;
import io.parablock.wal.Wal;
import io.parablock.wal.WalRecord;
import io.parablock.wal.WalVisitor;
import io.parablock.wal.direct.RingIo;
import io.parablock.wal.segment.SegmentLayout;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * Every engine and every way to the disk at each depth, in turn with fio on the same disk, round after round: what else the
 * machine does falls on all of them. Prints Markdown; figures are medians of the rounds, ratios those of the same round.
 */
public final class WalBenchmark {
    private static final String DISK = "fio, O_DIRECT and O_DSYNC";
    /** What a lone record takes with its header. */
    private static final String DISK_RECORD = "fio, as long as a record with its header";

    private static final double WARM_UP_SECONDS = 1;
    private static final int WARM_UP_DEPTH = 8;
    private static final int SCANS_OF_PAGE_CACHE = 3;

    private final WalBenchmarkSettings settings;
    private final PrintWriter out;
    private final Consumer<String> progress;
    private final Map<String, List<LogTiming>> timings = new LinkedHashMap<>();

    private WalBenchmark(WalBenchmarkSettings settings, PrintWriter out, Consumer<String> progress) {
        this.settings = settings;
        this.out = out;
        this.progress = progress;
    }

    /**
     * @param progress hears a line now and then
     * @throws IOException if the folder or fio cannot be used, in words for people
     */
    public static void run(WalBenchmarkSettings settings, PrintWriter out, Consumer<String> progress)
            throws IOException, InterruptedException {
        Files.createDirectories(settings.directory());
        Path folder = Files.createTempDirectory(settings.directory(), "wal-bench-");
        EventLoopGroup loops = new MultiThreadIoEventLoopGroup(
                1, TransportKind.choose("auto").kind().ioHandler());
        try {
            new WalBenchmark(settings, out, progress).run(folder, loops);
        } finally {
            loops.shutdownGracefully().await();
            delete(folder);
        }
    }

    private void run(Path folder, EventLoopGroup loops) throws IOException, InterruptedException {
        Fio fio = new Fio(folder);
        List<WalSubject> subjects = new ArrayList<>(List.of(WalSubject.values()));
        if (!(loops.next() instanceof IoEventLoop loop && RingIo.isPossible(loop))) {
            progress.accept("no io_uring here: measured without");
            subjects.removeIf(s -> s.onRing);
        }
        progress.accept("warming up");
        for (WalSubject subject : subjects) {
            measure(subject, folder, WARM_UP_DEPTH, WARM_UP_SECONDS, loops);
        }
        for (int round = 0; round < settings.rounds(); round++) {
            for (int depth : settings.depths()) {
                progress.accept("round " + (round + 1) + " of " + settings.rounds() + ", depth " + depth);
                note(depth, DISK, fio.run(depth, settings.payloadBytes(), settings.seconds()));
                note(depth, DISK_RECORD, fio.run(depth, recordBytes(), settings.seconds()));
                Collections.rotate(subjects, 1);
                for (WalSubject subject : subjects) {
                    note(depth, subject.label, measure(subject, folder, depth, settings.seconds(), loops));
                }
            }
        }
        printTable();
        if (settings.scanBytes() > 0) {
            printScans(folder);
        }
    }

    private int recordBytes() {
        return Math.toIntExact(
                SegmentLayout.alignUp(RecordDescriptor.HEADER_LENGTH_MIN + (long) settings.payloadBytes()));
    }

    private LogTiming measure(WalSubject subject, Path folder, int depth, double seconds, EventLoopGroup loops)
            throws IOException, InterruptedException {
        Path directory = folder.resolve("log");
        try {
            IoEventLoop loop = subject.onRing ? (IoEventLoop) loops.next() : null;
            return WalLoad.run(subject, directory, depth, settings.payloadBytes(), seconds, loop);
        } finally {
            delete(directory);
        }
    }

    private static String key(int depth, String label) {
        return depth + " | " + label;
    }

    private void note(int depth, String label, LogTiming timing) {
        timings.computeIfAbsent(key(depth, label), k -> new ArrayList<>()).add(timing);
    }

    private void printTable() {
        out.println("| depth | what | p50 µs | p99 µs | p99.9 µs | per second | p50 / fio's | rate / fio's |");
        out.println("|---:|---|---:|---:|---:|---:|---:|---:|");
        for (int depth : settings.depths()) {
            List<LogTiming> disk = timingsOf(depth, DISK);
            printRow(depth, DISK, disk, disk);
            printRow(depth, DISK_RECORD, timingsOf(depth, DISK_RECORD), disk);
            for (WalSubject subject : WalSubject.values()) {
                List<LogTiming> own = timingsOf(depth, subject.label);
                if (!own.isEmpty()) {
                    printRow(depth, subject.label, own, disk);
                }
            }
        }
        out.flush();
    }

    private List<LogTiming> timingsOf(int depth, String label) {
        return timings.getOrDefault(key(depth, label), List.of());
    }

    private void printRow(int depth, String label, List<LogTiming> own, List<LogTiming> disk) {
        out.printf(
                Locale.ROOT,
                "| %d | %s | %s | %s | %s | %.0f | %.2f | %.2f |%n",
                depth,
                label,
                us(RoundMedians.median(own, LogTiming::p50Us)),
                us(RoundMedians.median(own, LogTiming::p99Us)),
                us(RoundMedians.median(own, LogTiming::p999Us)),
                RoundMedians.median(own, LogTiming::perSecond),
                RoundMedians.medianRatio(own, disk, LogTiming::p50Us),
                RoundMedians.medianRatio(own, disk, LogTiming::perSecond));
    }

    private static String us(double value) {
        return String.format(Locale.ROOT, value < 10 ? "%.1f" : "%.0f", value);
    }

    /** How fast a start reads what the last run left. */
    private void printScans(Path folder) throws IOException, InterruptedException {
        out.println();
        out.println("| recovery scan | MiB | from disk MB/s | from page cache MB/s |");
        out.println("|---|---:|---:|---:|");
        for (WalSubject subject : List.of(WalSubject.DIRECT_CHANNEL, WalSubject.CHRONICLE_MAPPED)) {
            progress.accept("a log of " + (settings.scanBytes() >> 20) + " MiB, " + subject.label);
            Path directory = folder.resolve("log");
            WalLoad.fill(subject, directory, settings.payloadBytes(), settings.scanBytes() / settings.payloadBytes());
            double first = scan(subject, directory);
            double cached = 0;
            for (int i = 0; i < SCANS_OF_PAGE_CACHE; i++) {
                cached = Math.max(cached, scan(subject, directory));
            }
            out.printf(
                    Locale.ROOT,
                    "| %s | %d | %s | %.0f |%n",
                    subject == WalSubject.DIRECT_CHANNEL ? "direct" : "chronicle",
                    settings.scanBytes() >> 20,
                    subject == WalSubject.DIRECT_CHANNEL ? String.format(Locale.ROOT, "%.0f", first) : "-",
                    cached);
            out.flush();
            delete(directory);
        }
    }

    /** Megabytes of payload in a second. */
    private static double scan(WalSubject subject, Path directory) {
        try (Wal wal = subject.open(directory, token -> {})) {
            long[] bytes = new long[1];
            long beginNs = System.nanoTime();
            wal.scan(new WalVisitor() {
                @Override
                public void onRecord(long position, WalRecord record, ByteBuffer payload) {
                    bytes[0] += payload.remaining();
                }
            });
            return bytes[0] * 1e3 / (System.nanoTime() - beginNs);
        }
    }

    private static void delete(Path folder) {
        if (!Files.exists(folder)) {
            return;
        }
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
