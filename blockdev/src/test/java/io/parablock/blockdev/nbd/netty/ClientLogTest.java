package io.parablock.blockdev.nbd.netty;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

class ClientLogTest {
    private final Logger logger = (Logger) LoggerFactory.getLogger(NbdServer.class);
    private final ListAppender<ILoggingEvent> lines = new ListAppender<>();
    private final EmbeddedChannel clock = new EmbeddedChannel();
    private final ClientLog log = new ClientLog(clock.eventLoop());

    @BeforeEach
    void listen() {
        clock.freezeTime();
        lines.start();
        logger.addAppender(lines);
    }

    @AfterEach
    void deafen() {
        logger.detachAppender(lines);
    }

    private List<String> taken() {
        List<String> out =
                lines.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
        lines.list.clear();
        return out;
    }

    @Test
    void shouldSayHowManyLinesThereWouldHaveBeen() {
        for (int i = 0; i < 1_000; i++) {
            log.line(Level.WARN, "client {}: {}", i, "no");
        }
        assertThat(taken()).hasSize(ClientLog.LINES_PER_SECOND_MAX).startsWith("client 0: no", "client 1: no");
        clock.advanceTimeBy(1, TimeUnit.SECONDS);
        clock.runPendingTasks();
        assertThat(taken()).containsExactly("990 more lines about NBD clients in this second");
        log.line(Level.WARN, "client {}: {}", 1, "gone");
        assertThat(taken()).containsExactly("client 1: gone");
        clock.advanceTimeBy(1, TimeUnit.SECONDS);
        clock.runPendingTasks();
        assertThat(taken()).isEmpty();
    }
}
