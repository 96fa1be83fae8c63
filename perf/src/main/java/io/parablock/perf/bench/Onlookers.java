package io.parablock.perf.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Asks every daemon for what a browser with the live page and a Prometheus would ask it for: the page's figures each second, its
 * events and the metrics each five.
 */
final class Onlookers implements AutoCloseable {
    private static final long PAGE_PERIOD_MS = 1_000;
    /** A minute of it is the work of half an hour: whoever looks has mostly done so for long. */
    private static final long WARM_UP_PERIOD_MS = 33;

    private static final int EVENTS_AND_METRICS_EVERY = 5;
    private static final Duration TIMEOUT = Duration.ofSeconds(5);
    private static final ObjectMapper JSON = new ObjectMapper();

    private final List<URI> daemons;
    private final HttpClient client = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(TIMEOUT)
            .build();
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "onlookers");
        thread.setDaemon(true);
        return thread;
    });
    private final AtomicLong answers = new AtomicLong();
    /** By daemon: the time of its latest answer, in its own milliseconds. */
    private final Map<URI, Long> seenMs = new HashMap<>();

    private long round;

    Onlookers(List<URI> daemons) {
        this.daemons = List.copyOf(daemons);
    }

    /** Goes on where it stopped, as a page that stays open. Until it is closed. */
    Look look() {
        return look(PAGE_PERIOD_MS);
    }

    /** As often as the daemons answer, for what is not measured. Until it is closed. */
    Look lookOften() {
        return look(WARM_UP_PERIOD_MS);
    }

    private Look look(long periodMs) {
        long before = answers.get();
        Future<?> asking = timer.scheduleAtFixedRate(this::ask, 0, periodMs, TimeUnit.MILLISECONDS);
        return new Look(asking, before);
    }

    /** A time in which they look. */
    final class Look implements AutoCloseable {
        private final Future<?> asking;
        private final long before;

        private Look(Future<?> asking, long before) {
            this.asking = asking;
            this.before = before;
        }

        /** Whether a page came, or nobody asked for one. */
        boolean sawSomething() {
            return daemons.isEmpty() || answers.get() > before;
        }

        @Override
        public void close() {
            asking.cancel(false);
        }
    }

    private void ask() {
        try {
            for (URI daemon : daemons) {
                String figures = get(daemon.resolve("/live?since=" + seenMs.getOrDefault(daemon, -1L)));
                // A page asks for what it has not seen.
                seenMs.put(daemon, JSON.readTree(figures).path("uptime_ms").asLong(-1));
                if (round % EVENTS_AND_METRICS_EVERY == 0) {
                    get(daemon.resolve("/events"));
                    get(daemon.resolve("/metrics"));
                }
            }
        } catch (IOException noAnswer) {
            // It counts by being missing.
        } catch (InterruptedException closed) {
            Thread.currentThread().interrupt();
        }
        round++;
    }

    private String get(URI page) throws IOException, InterruptedException {
        HttpResponse<String> answer = client.send(
                HttpRequest.newBuilder(page).timeout(TIMEOUT).build(), HttpResponse.BodyHandlers.ofString());
        if (answer.statusCode() != 200) {
            throw new IOException("HTTP " + answer.statusCode());
        }
        answers.incrementAndGet();
        return answer.body();
    }

    @Override
    public void close() {
        timer.shutdownNow();
    }
}
