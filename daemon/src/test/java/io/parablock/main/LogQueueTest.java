package io.parablock.main;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.util.LogbackMDCAdapter;
import ch.qos.logback.core.AppenderBase;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A log that nobody reads. */
@Timeout(60)
class LogQueueTest {
    private static final int PLACES = 20;
    private static final long FLUSH_NS = 100_000_000L;

    /** A pipe whose reader comes late. */
    private static final class Stalled extends AppenderBase<ILoggingEvent> {
        final List<String> lines = Collections.synchronizedList(new ArrayList<>());
        final CountDownLatch reached = new CountDownLatch(1);
        final CountDownLatch read = new CountDownLatch(1);

        @Override
        protected void append(ILoggingEvent event) {
            reached.countDown();
            boolean interrupted = Thread.interrupted();
            try {
                read.await();
            } catch (InterruptedException e) {
                interrupted = true;
            }
            if (interrupted) {
                // As a write does, which cannot be interrupted.
                awaitAnyway();
                Thread.currentThread().interrupt();
            }
            lines.add(event.getFormattedMessage());
        }

        private void awaitAnyway() {
            try {
                read.await();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }
    }

    private final LoggerContext context = new LoggerContext();
    private final Logger log = context.getLogger("test");
    private final Stalled target = new Stalled();
    private final LogQueue queue = new LogQueue(context, target, PLACES, FLUSH_NS);

    @BeforeEach
    void attach() {
        context.setMDCAdapter(new LogbackMDCAdapter());
        target.setContext(context);
        target.start();
        queue.start();
        log.addAppender(queue);
    }

    private void begin() throws InterruptedException {
        queue.begin();
        log.info("first");
        target.reached.await();
    }

    @AfterEach
    void end() {
        target.read.countDown();
        queue.stop();
    }

    @Test
    void shouldLeaveOutWhatFindsNoRoomAndSayHowMuchInItsPlace() throws Exception {
        long before = LogQueue.droppedLines();
        begin();
        for (int i = 1; i <= 100; i++) {
            log.info("line {}", i);
        }
        // Four places are kept for what matters more; the note takes one of them.
        for (int i = 1; i <= 10; i++) {
            log.warn("warning {}", i);
        }
        assertThat(LogQueue.droppedLines() - before).isEqualTo(84 + 7);
        assertThat(queue.isEmpty()).isFalse();

        target.read.countDown();
        queue.setMaxFlushTime(30_000);
        queue.stop();
        assertThat(queue.isEmpty()).isTrue();
        List<String> lines = target.lines;
        assertThat(lines.subList(0, 17)).startsWith("first", "line 1").endsWith("line 16");
        assertThat(lines.get(17))
                .matches("lines left out of the log since \\S+Z: 84; they come faster than they are written, and"
                        + " log.queue_lines is 20");
        assertThat(lines.subList(18, 21)).containsExactly("warning 1", "warning 2", "warning 3");
        assertThat(lines.get(21)).matches("lines left out of the log since \\S+Z: 7; .*");
        assertThat(lines).hasSize(22);
    }

    @Test
    void shouldNotWaitForAReaderLongerThanTheFlushTimeout() throws Exception {
        begin();
        log.info("never read");
        long beganNs = System.nanoTime();
        queue.stop();
        assertThat(System.nanoTime() - beganNs).isBetween(FLUSH_NS - 1_000_000, TimeUnit.SECONDS.toNanos(20));
        assertThat(queue.isEmpty()).isFalse();
        assertThat(target.lines).isEmpty();
    }

    @Test
    void shouldWriteNothingBeforeItsTurn() throws Exception {
        target.read.countDown();
        log.info("one");
        log.info("two");
        assertThat(target.reached.await(50, TimeUnit.MILLISECONDS)).isFalse();
        queue.begin();
        queue.setMaxFlushTime(30_000);
        queue.stop();
        assertThat(target.lines).containsExactly("one", "two");
    }
}
