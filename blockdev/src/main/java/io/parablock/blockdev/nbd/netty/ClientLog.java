package io.parablock.blockdev.nbd.netty;

import io.netty.util.concurrent.EventExecutor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * Lines about single clients. So many a second at most, so that whoever comes and misbehaves in numbers fills neither the disk
 * nor the event loop's time; of the rest it says how many there were. Thread-safe.
 */
final class ClientLog {
    /** Named limit. */
    static final int LINES_PER_SECOND_MAX = 10;

    private static final Logger LOG = LoggerFactory.getLogger(NbdServer.class);

    private final EventExecutor clock;

    // Guarded by this.
    private boolean counting;
    private int lines;

    /** @param clock where the seconds end */
    ClientLog(EventExecutor clock) {
        this.clock = clock;
    }

    void line(Level level, String format, Object... arguments) {
        if (isWanted()) {
            LOG.atLevel(level).log(format, arguments);
        }
    }

    private synchronized boolean isWanted() {
        if (!counting) {
            counting = true;
            lines = 0;
            try {
                clock.schedule(this::onSecond, 1, TimeUnit.SECONDS);
            } catch (RejectedExecutionException stopping) {
                counting = false;
            }
        }
        return lines++ < LINES_PER_SECOND_MAX;
    }

    private void onSecond() {
        int left;
        synchronized (this) {
            counting = false;
            left = lines - LINES_PER_SECOND_MAX;
        }
        if (left > 0) {
            LOG.warn("{} more lines about NBD clients in this second", left);
        }
    }
}
