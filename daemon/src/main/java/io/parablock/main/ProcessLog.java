package io.parablock.main;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.FileAppender;
import ch.qos.logback.core.OutputStreamAppender;
import ch.qos.logback.core.encoder.Encoder;
import ch.qos.logback.core.status.Status;
import io.parablock.config.ConfigException;
import io.parablock.config.NodeConfig;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where a daemon's log goes, how much of it, and how its lines are written: behind a {@link LogQueue}, so that nobody who logs
 * waits for it. Until {@link #to} is called the log is what logback.xml says, written at once: that of the commands. Thread-safe.
 */
final class ProcessLog {
    /** At the end of a line that is an event: its id, the first of its values. */
    private static final String EVENT_ID = "%replace(%kvp{NONE}){'^event=(PB-[0-9]+)(?s:.*)$', ' event=$1'}";

    private static final String LOG_PATTERN =
            "%d{yyyy-MM-dd'T'HH:mm:ss.SSSX,UTC} %-5level %logger{0} %replace(%msg){'[\\r\\n]+', ' '}" + EVENT_ID
                    + "%n%nopex";
    private static final String STDOUT = "stdout";

    private final LoggerContext context;
    private final ch.qos.logback.classic.Logger root;
    private @Nullable LogQueue queue;
    private @Nullable Appender<ILoggingEvent> target;

    ProcessLog() {
        this.context = (LoggerContext) LoggerFactory.getILoggerFactory();
        this.root = context.getLogger(Logger.ROOT_LOGGER_NAME);
    }

    /**
     * From here on; a file is opened again also if it is the same, so that one that was moved away is left. What was logged
     * before is still written where it was to go, for {@code log.flush_timeout} at most.
     *
     * @throws ConfigException if the file cannot be written; nothing has changed
     */
    synchronized void to(NodeConfig.LogKeys keys) {
        Appender<ILoggingEvent> opened = open(keys);
        LogQueue after = new LogQueue(context, opened, keys.queueLines(), keys.flushTimeoutNs());
        after.start();
        List<Appender<ILoggingEvent>> before = new ArrayList<>();
        root.iteratorForAppenders().forEachRemaining(before::add);
        root.addAppender(after);
        before.forEach(root::detachAppender);
        // Their last lines come before the first ones here, also if both go to the same place.
        before.forEach(Appender::stop);
        after.begin();
        queue = after;
        target = opened;
        root.setLevel(Level.toLevel(keys.level().name()));
    }

    /**
     * Before the process ends, in whatever way: writes what was logged, for {@code log.flush_timeout} at most. What comes after
     * it is written at once. Does nothing if it is called again.
     */
    synchronized void close() {
        LogQueue last = queue;
        Appender<ILoggingEvent> plain = target;
        if (last == null || plain == null) {
            return;
        }
        last.stop();
        root.detachAppender(last);
        if (last.isEmpty()) {
            plain.start();
            root.addAppender(plain);
        }
        queue = null;
    }

    private Appender<ILoggingEvent> open(NodeConfig.LogKeys keys) {
        OutputStreamAppender<ILoggingEvent> appender;
        if (keys.target().equals(STDOUT)) {
            appender = new ConsoleAppender<>();
        } else {
            FileAppender<ILoggingEvent> file = new FileAppender<>();
            file.setFile(keys.target());
            appender = file;
        }
        appender.setContext(context);
        appender.setEncoder(encoder(keys.format()));
        appender.start();
        if (!appender.isStarted()) {
            throw new ConfigException("log.target: cannot write to " + keys.target() + why());
        }
        return appender;
    }

    private Encoder<ILoggingEvent> encoder(NodeConfig.LogFormat format) {
        Encoder<ILoggingEvent> encoder;
        if (format == NodeConfig.LogFormat.TEXT) {
            PatternLayoutEncoder text = new PatternLayoutEncoder();
            text.setPattern(LOG_PATTERN);
            encoder = text;
        } else {
            encoder = new LogLine(format);
        }
        encoder.setContext(context);
        encoder.start();
        return encoder;
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
