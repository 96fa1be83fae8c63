package io.parablock.tools;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The nice values of a process's threads, by renice: Linux keeps one for each, and a new thread takes its creator's. */
final class CpuPriority {
    static final int NORMAL = 0;
    /** What the others leave. */
    static final int LOWEST = 19;

    /** Threads that start meanwhile have the old value: it is set until none is left. */
    private static final int PASSES_MAX = 20;

    /** In /proc/PID/task/TID/stat, behind the name, which ends with the last parenthesis. */
    private static final int NICE_FIELD_BEHIND_NAME = 16;

    private CpuPriority() {}

    /** Whether a process may be given its normal priority back, which takes a right that not every user has. */
    static boolean isRestorable() throws Exception {
        Process probe = new ProcessBuilder("sleep", "60").start();
        try {
            return set(probe.pid(), LOWEST) && set(probe.pid(), NORMAL);
        } finally {
            probe.destroyForcibly().waitFor();
        }
    }

    /** @return false if it is not allowed, or the process has ended */
    static boolean set(long pid, int nice) throws Exception {
        List<String> others = threadsWithAnother(pid, nice);
        for (int pass = 0; pass < PASSES_MAX && !others.isEmpty(); pass++) {
            List<String> command = new ArrayList<>(List.of("renice", "-n", Integer.toString(nice), "-p"));
            command.addAll(others);
            Process renice = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            if (!renice.waitFor(10, TimeUnit.SECONDS)) {
                renice.destroyForcibly();
                return false;
            }
            // Its exit code also tells of threads that have ended.
            others = threadsWithAnother(pid, nice);
        }
        return others.isEmpty() && Files.exists(tasks(pid));
    }

    private static Path tasks(long pid) {
        return Path.of("/proc", Long.toString(pid), "task");
    }

    private static List<String> threadsWithAnother(long pid, int nice) throws IOException {
        List<String> threads = new ArrayList<>();
        try (DirectoryStream<Path> tasks = Files.newDirectoryStream(tasks(pid))) {
            for (Path task : tasks) {
                if (niceOf(task, nice) != nice) {
                    threads.add(task.getFileName().toString());
                }
            }
        } catch (NoSuchFileException | DirectoryIteratorException ended) {
            return List.of();
        }
        return threads;
    }

    private static int niceOf(Path task, int ifItHasEnded) {
        try {
            String stat = Files.readString(task.resolve("stat"));
            return Integer.parseInt(stat.substring(stat.lastIndexOf(')') + 2).split(" ")[NICE_FIELD_BEHIND_NAME]);
        } catch (IOException ended) {
            return ifItHasEnded;
        }
    }
}
