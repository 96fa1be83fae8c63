package io.parablock.tools;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import me.tongfei.progressbar.DelegatingProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** Bars of several things at once, as lines of a page that is drawn again and again. */
final class Bars implements AutoCloseable {
    private static final int LINE_CHARS = 100;
    /** They are drawn when the page is. */
    private static final int NEVER_MS = 3_600_000;

    private record Drawn(ProgressBar bar, StringBuilder line) {}

    private final Map<String, Drawn> bars = new HashMap<>();

    /** Something under way; {@code max} as of its first call. */
    record Task(String name, String unit, long unitSize, long done, long max) {}

    /** A line each; what is not under way any more is forgotten. */
    List<String> lines(List<Task> tasks) {
        Set<String> known = new HashSet<>();
        List<String> out = new ArrayList<>();
        for (Task task : tasks) {
            known.add(task.name);
            Drawn drawn = bars.computeIfAbsent(task.name, name -> begin(task));
            drawn.bar.maxHint(Math.max(task.max, 1));
            drawn.bar.stepTo(task.done);
            drawn.bar.refresh();
            synchronized (drawn.line) {
                out.add(drawn.line.toString().stripTrailing());
            }
        }
        bars.entrySet().removeIf(e -> {
            boolean over = !known.contains(e.getKey());
            if (over) {
                e.getValue().bar.close();
            }
            return over;
        });
        return out;
    }

    private static Drawn begin(Task task) {
        StringBuilder line = new StringBuilder();
        ProgressBar bar = new ProgressBarBuilder()
                .setTaskName(task.name)
                .setInitialMax(Math.max(task.max, 1))
                .startsFrom(task.done, Duration.ZERO)
                .setUnit(task.unit, task.unitSize)
                .showSpeed()
                .setStyle(ProgressBarStyle.ASCII)
                .setUpdateIntervalMillis(NEVER_MS)
                .setConsumer(new DelegatingProgressBarConsumer(
                        text -> {
                            synchronized (line) {
                                line.setLength(0);
                                line.append(text);
                            }
                        },
                        LINE_CHARS))
                .build();
        return new Drawn(bar, line);
    }

    @Override
    public void close() {
        bars.values().forEach(d -> d.bar.close());
        bars.clear();
    }
}
