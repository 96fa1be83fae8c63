package io.parablock.http;

import io.netty.handler.codec.http.QueryStringDecoder;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Who answers which path. Pages are read by anybody; what changes something is asked for by POST, and only from the machine
 * itself: there is no authentication. Filled before {@link StatusServer#start}, read by its threads from then on.
 */
public final class Routes {
    /** Makes the answer, on a thread that may wait for a bounded time. */
    @FunctionalInterface
    public interface Route {
        /**
         * @param query the parameters, of a repeated one the first
         * @throws IOException whose message is the answer, as "unavailable"
         */
        Answer answer(Map<String, String> query) throws IOException;
    }

    private final Map<String, Route> pages = new HashMap<>();
    private final Map<String, Route> actions = new HashMap<>();

    /** Read by GET. */
    public Routes page(String path, Route route) {
        pages.put(path, route);
        return this;
    }

    /** Asked for by POST, with its parameters in the query, from this machine. */
    public Routes action(String path, Route route) {
        actions.put(path, route);
        return this;
    }

    boolean hasPage(String path) {
        return pages.containsKey(path);
    }

    Answer answer(RequestHead head, boolean fromThisMachine) {
        Route action = actions.get(head.path());
        if (action != null && head.method().equals("POST")) {
            return fromThisMachine ? answer(action, head) : Answer.error(403, "only from the machine itself");
        }
        Route page = pages.get(head.path());
        boolean reads = head.method().equals("GET") || head.method().equals("HEAD");
        if (page != null && reads) {
            return answer(page, head);
        }
        if (page == null && action == null && reads) {
            return Answer.error(404, "no such page");
        }
        return Answer.error(405, action == null ? "only GET" : "only POST");
    }

    private static Answer answer(Route route, RequestHead head) {
        try {
            Map<String, String> query = new HashMap<>();
            for (Map.Entry<String, List<String>> parameter :
                    new QueryStringDecoder(head.query(), false).parameters().entrySet()) {
                query.put(parameter.getKey(), parameter.getValue().get(0));
            }
            return route.answer(query);
        } catch (IOException | RuntimeException e) {
            return Answer.error(503, String.valueOf(e.getMessage()));
        }
    }
}
