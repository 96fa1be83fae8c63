package io.parablock.main;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.parablock.http.Answer;
import io.parablock.http.Routes;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;

/** {@code POST /admin/stop}: an orderly stop, as by SIGTERM. Answered before it begins. */
final class StopAction implements Routes.Route {
    static final String PATH = "/admin/stop";

    /** The answer leaves meanwhile: the stop ends its connection. */
    private static final long DELAY_MS = 100;

    private final Runnable stop;
    private final AtomicBoolean asked = new AtomicBoolean();

    /** @param stop runs once, on a thread of its own */
    StopAction(Runnable stop) {
        this.stop = stop;
    }

    /** The process ends through its shutdown hooks, with exit code 0. */
    static StopAction ofProcess() {
        return new StopAction(() -> System.exit(0));
    }

    @Override
    public Answer answer(Map<String, String> query) {
        if (!query.isEmpty()) {
            return Answer.error(
                    400, "unknown parameter " + query.keySet().iterator().next() + "; there is none");
        }
        if (asked.compareAndSet(false, true)) {
            Thread thread = new Thread(this::run, "stop-asked");
            thread.setDaemon(true);
            thread.start();
        }
        return Answer.json(JsonNodeFactory.instance
                .objectNode()
                .put("stopping", true)
                .put("pid", ProcessHandle.current().pid()));
    }

    private void run() {
        try {
            Thread.sleep(DELAY_MS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        stop.run();
    }
}
