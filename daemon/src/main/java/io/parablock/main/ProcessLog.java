package io.parablock.main;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.FileAppender;
import ch.qos.logback.core.status.Status;
import io.parablock.config.ConfigException;
import io.parablock.config.NodeConfig;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Where a daemon's log goes, and how much of it. Thread-safe. */
final class ProcessLog {
    private static final String LOG_PATTERN =
            "%d{yyyy-MM-dd'T'HH:mm:ss.SSSX,UTC} %-5level %logger{0} %replace(%msg){'[\\r\\n]+', ' '}%n%nopex";
    private static final String STDOUT = "stdout";

    private final LoggerContext context;
    private final ch.qos.logback.classic.Logger root;
    /** As logback.xml has it. */
    private final List<Appender<ILoggingEvent>> console = new ArrayList<>();

    private @Nullable FileAppender<ILoggingEvent> file;

    ProcessLog() {
        this.context = (LoggerContext) LoggerFactory.getILoggerFactory();
        this.root = context.getLogger(Logger.ROOT_LOGGER_NAME);
        root.iteratorForAppenders().forEachRemaining(console::add);
    }

    /**
     * From here on; a file is opened again also if it is the same, so that one that was moved away is left.
     *
     * @throws ConfigException if the file cannot be written; nothing has changed
     */
    synchronized void to(NodeConfig.LogKeys keys) {
        FileAppender<ILoggingEvent> before = file;
        FileAppender<ILoggingEvent> after = keys.target().equals(STDOUT) ? null : open(keys.target());
        if (after != null) {
            root.addAppender(after);
            console.forEach(root::detachAppender);
        } else if (before != null) {
            console.forEach(root::addAppender);
        }
        if (before != null) {
            root.detachAppender(before);
            before.stop();
        }
        file = after;
        root.setLevel(Level.toLevel(keys.level().name()));
    }

    private FileAppender<ILoggingEvent> open(String target) {
        PatternLayoutEncoder encoder = new PatternLayoutEncoder();
        encoder.setContext(context);
        encoder.setPattern(LOG_PATTERN);
        encoder.start();
        FileAppender<ILoggingEvent> appender = new FileAppender<>();
        appender.setContext(context);
        appender.setFile(target);
        appender.setEncoder(encoder);
        appender.start();
        if (!appender.isStarted()) {
            throw new ConfigException("log.target: cannot write to " + target + why());
        }
        return appender;
    }

    /** It only tells its own list of events. */
    private String why() {
        List<Status> events = context.getStatusManager().getCopyOfStatusList();
        for (int i = events.size() - 1; i >= 0; i--) {
            Throwable cause = events.get(i).getThrowable();
            if (cause != null) {
                return ": " + cause.getMessage();
            }
        }
        return "";
    }
}
