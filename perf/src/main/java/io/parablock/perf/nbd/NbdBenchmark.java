package io.parablock.perf.nbd;

import io.parablock.perf.RoundMedians;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.ToDoubleFunction;

/**
 * Random reads of what is in memory, at each server in turn, round after round: what else the machine does falls on all of them.
 * Prints Markdown; figures are medians of the rounds, ratios those of the same round and the same kind of socket.
 */
public final class NbdBenchmark {
    private final NbdBenchmarkSettings settings;
    private final List<NbdSubject> subjects;
    private final String base;
    private final PrintWriter out;
    private final Map<String, List<ReadTiming>> timings = new LinkedHashMap<>();

    private NbdBenchmark(NbdBenchmarkSettings settings, List<NbdSubject> subjects, String base, PrintWriter out) {
        this.settings = settings;
        this.subjects = List.copyOf(subjects);
        this.base = base;
        this.out = out;
    }

    /**
     * @param base the server that the others are compared with
     * @param progress hears a line now and then
     * @throws IOException if there is no fio, or a server does not serve it, in words for people
     */
    public static void run(
            NbdBenchmarkSettings settings,
            List<NbdSubject> subjects,
            String base,
            PrintWriter out,
            Consumer<String> progress)
            throws IOException {
        NbdBenchmark benchmark = new NbdBenchmark(settings, subjects, base, out);
        benchmark.measure(progress);
        benchmark.printTable();
    }

    private void measure(Consumer<String> progress) throws IOException {
        for (NbdSubject s : subjects) {
            progress.accept("filling and warming up: " + s.server() + ", " + s.socket());
            NbdFio.fill(s, settings.sizeBytes());
            for (int jobs : settings.jobs()) {
                ReadTiming unused = NbdFio.read(s, settings, jobs, settings.warmUpSeconds());
            }
        }
        List<NbdSubject> turn = new ArrayList<>(subjects);
        for (int round = 0; round < settings.rounds(); round++) {
            for (int jobs : settings.jobs()) {
                progress.accept("round " + (round + 1) + " of " + settings.rounds() + ", jobs " + jobs);
                Collections.rotate(turn, 1);
                for (NbdSubject s : turn) {
                    timings.computeIfAbsent(key(jobs, s.server(), s.socket()), k -> new ArrayList<>())
                            .add(NbdFio.read(s, settings, jobs, settings.seconds()));
                }
            }
        }
    }

    private static String key(int jobs, String server, String socket) {
        return jobs + " | " + socket + " | " + server;
    }

    private void printTable() {
        out.println("| jobs | socket | server | per second | p50 µs | p99 µs | server's CPU µs per read" + " | rate / "
                + base + "'s | CPU / " + base + "'s |");
        out.println("|---:|---|---|---:|---:|---:|---:|---:|---:|");
        for (int jobs : settings.jobs()) {
            for (NbdSubject s : subjects) {
                List<ReadTiming> own = timings.getOrDefault(key(jobs, s.server(), s.socket()), List.of());
                List<ReadTiming> other = timings.getOrDefault(key(jobs, base, s.socket()), List.of());
                out.printf(
                        Locale.ROOT,
                        "| %s | %.0f | %.0f | %.0f | %.2f | %s | %s |%n",
                        key(jobs, s.server(), s.socket()),
                        RoundMedians.median(own, ReadTiming::perSecond),
                        RoundMedians.median(own, ReadTiming::p50Us),
                        RoundMedians.median(own, ReadTiming::p99Us),
                        RoundMedians.median(own, ReadTiming::cpuUs),
                        ratio(own, other, ReadTiming::perSecond),
                        ratio(own, other, ReadTiming::cpuUs));
            }
        }
        out.flush();
    }

    static String ratio(List<ReadTiming> own, List<ReadTiming> other, ToDoubleFunction<ReadTiming> of) {
        double ratio = RoundMedians.medianRatio(own, other, of);
        return Double.isNaN(ratio) ? "-" : String.format(Locale.ROOT, "%.2f", ratio);
    }
}
