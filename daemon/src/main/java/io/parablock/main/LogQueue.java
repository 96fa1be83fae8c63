package io.parablock.main;

import ch.qos.logback.classic.AsyncAppender;
import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.UnsynchronizedAppenderBase;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * The lines of the log on their way out: who logs puts them here and goes on, and a thread of the queue's own writes them, in
 * their order, for as long as a pipe without a reader or a disk that hangs may take. What finds no room is left out and counted.
 *
 * <pre>
 *   event loops, any thread ──append──► log.queue_lines places ──► one thread ──► stdout or file
 *                                └──► no room: counted, and told in its place by the next line, or at the end of the queue
 * </pre>
 *
 * Thread-safe.
 */
final class LogQueue extends AsyncAppender {
    /** Named limit: lines below WARN leave one part in so many to those that matter more. */
    static final int RESERVED_PART = 5;

    private static final LongAdder DROPPED = new LongAdder();

    private final Logger teller;
    private final int reserved;
    private final CountDownLatch begun = new CountDownLatch(1);

    // Guarded by this.
    private long accepted;
    private long written;
    private long untold;
    private Instant untoldSince = Instant.EPOCH;

    /**
     * Takes lines at once, and writes none of them before {@link #begin}.
     *
     * @param target started; it is stopped with this
     * @param lines {@code log.queue_lines}: so many places it has
     * @param flushTimeoutNs {@code log.flush_timeout}: so long {@link #stop} waits for what is still here
     */
    LogQueue(LoggerContext context, Appender<ILoggingEvent> target, int lines, long flushTimeoutNs) {
        this.teller = context.getLogger(ProcessLog.class);
        this.reserved = lines / RESERVED_PART;
        setContext(context);
        setQueueSize(lines);
        setMaxFlushTime((int) TimeUnit.NANOSECONDS.toMillis(flushTimeoutNs));
        // What is left out is decided and counted here.
        setNeverBlock(true);
        setDiscardingThreshold(0);
        Writer writer = new Writer(target);
        writer.setContext(context);
        writer.start();
        addAppender(writer);
    }

    /** Lines that no log of this process had room for. */
    static long droppedLines() {
        return DROPPED.sum();
    }

    /** Writes from here on. */
    void begin() {
        begun.countDown();
    }

    /** Whether nothing waits to be written. */
    synchronized boolean isEmpty() {
        return written == accepted;
    }

    @Override
    protected synchronized void append(ILoggingEvent event) {
        int places = (isDiscardable(event) ? reserved : 0) + (untold > 0 ? 2 : 1);
        if (getRemainingCapacity() < places) {
            if (untold++ == 0) {
                untoldSince = Instant.ofEpochMilli(event.getTimeStamp());
            }
            DROPPED.increment();
            return;
        }
        if (untold > 0) {
            put(note());
        }
        put(event);
    }

    /** Only here places are taken, so that there is one. */
    private void put(ILoggingEvent event) {
        super.append(event);
        accepted++;
    }

    private LoggingEvent note() {
        String text = "lines left out of the log since " + untoldSince.truncatedTo(ChronoUnit.MILLIS) + ": " + untold
                + "; they come faster than they are written, and log.queue_lines is " + getQueueSize();
        untold = 0;
        return new LoggingEvent(LogQueue.class.getName(), teller, Level.WARN, text, null, null);
    }

    /** A line is written; returns one more if it was the last, and some were left out. */
    private synchronized @Nullable LoggingEvent onWritten() {
        written++;
        return untold > 0 && written == accepted ? note() : null;
    }

    /** Where the queue's thread comes out. */
    private final class Writer extends UnsynchronizedAppenderBase<ILoggingEvent> {
        private final Appender<ILoggingEvent> target;

        Writer(Appender<ILoggingEvent> target) {
            this.target = target;
        }

        @Override
        protected void append(ILoggingEvent event) {
            awaitBegin();
            target.doAppend(event);
            LoggingEvent note = onWritten();
            if (note != null) {
                target.doAppend(note);
            }
        }

        /** A stop interrupts this thread, and still wants all lines. */
        private void awaitBegin() {
            boolean interrupted = false;
            while (true) {
                try {
                    begun.await();
                    break;
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }

        @Override
        public void stop() {
            super.stop();
            target.stop();
        }
    }
}
