package io.parablock.main;

import io.parablock.config.NodeConfig.LogFormat;
import io.parablock.config.NodeConfig.LogKeys;
import io.parablock.config.NodeConfig.LogLevel;
import io.parablock.events.EventLog;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A process that ends, for LastLinesTest. */
final class LastLinesMain {
    /** More than a pipe holds. */
    static final int LINES = 3_000;

    private static final long MS = 1_000_000;

    private LastLinesMain() {}

    /** {@code halt FLUSH_MS}, or {@code node FILE}. */
    public static void main(String[] arguments) {
        if (arguments[0].equals("node")) {
            System.exit(NodeMain.run(Path.of(arguments[1])));
        }
        ProcessLog log = new ProcessLog();
        log.to(new LogKeys("stdout", LogLevel.INFO, LogFormat.TEXT, 16, 2 * LINES, Long.parseLong(arguments[1]) * MS));
        Logger lines = LoggerFactory.getLogger(LastLinesMain.class);
        for (int i = 0; i < LINES; i++) {
            lines.info("line {} of those before the end", i);
        }
        NodeMain.halt(new EventLog(16), log, "the fsync of the log has failed");
    }
}
