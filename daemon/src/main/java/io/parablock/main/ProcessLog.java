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

/** Where a daemon's log goes, how much of it, and how its lines are written. Thread-safe. */
final class ProcessLog {
    /** At the end of a line that is an event: its id, the first of its values. */
    private static final String EVENT_ID = "%replace(%kvp{NONE}){'^event=(PB-[0-9]+)(?s:.*)$', ' event=$1'}";

    private static final String LOG_PATTERN =
            "%d{yyyy-MM-dd'T'HH:mm:ss.SSSX,UTC} %-5level %logger{0} %replace(%msg){'[\\r\\n]+', ' '}" + EVENT_ID
                    + "%n%nopex";
    private static final String STDOUT = "stdout";

    private final LoggerContext context;
    private final ch.qos.logback.classic.Logger root;
    /** As logback.xml has it. */
    private final List<Appender<ILoggingEvent>> console = new ArrayList<>();

    /** What stands in the console's place, or null. */
    private @Nullable Appender<ILoggingEvent> other;

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
        Appender<ILoggingEvent> before = other;
        boolean asItWas = keys.target().equals(STDOUT) && keys.format() == NodeConfig.LogFormat.TEXT;
        Appender<ILoggingEvent> after = asItWas ? null : open(keys);
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
        other = after;
        root.setLevel(Level.toLevel(keys.level().name()));
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
