package io.parablock.gateway;

import io.parablock.replica.client.ClientMessage;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.Predicate;

/** Sessions whose end was asked for and is not yet known; what gets lost, the next sign of life makes good. */
final class ClosingSessions {
    /** No answer tells that a session was closed, so that its end is asked for this often. */
    private static final int SENDS_MAX = 3;

    private static final class Closing {
        final long session;
        int sends;
        long sentNs;

        Closing(long session) {
            this.session = session;
        }
    }

    /** False if there is nobody to send to. */
    private final Predicate<ClientMessage> sender;

    private final long retryNs;
    private final List<Closing> closing = new ArrayList<>();

    ClosingSessions(Predicate<ClientMessage> sender, long retryNs) {
        this.sender = sender;
        this.retryNs = retryNs;
    }

    boolean contains(long session) {
        return closing.stream().anyMatch(c -> c.session == session);
    }

    void add(long session, long nowNs) {
        Closing c = new Closing(session);
        closing.add(c);
        send(c, nowNs);
    }

    private void send(Closing c, long nowNs) {
        c.sentNs = nowNs;
        c.sends += sender.test(new ClientMessage.CloseSession(c.session)) ? 1 : 0;
    }

    void resendAll(long nowNs) {
        closing.forEach(c -> send(c, nowNs));
    }

    boolean isEmpty() {
        return closing.isEmpty();
    }

    void tick(long nowNs) {
        Iterator<Closing> it = closing.iterator();
        while (it.hasNext()) {
            Closing c = it.next();
            if (c.sends >= SENDS_MAX) {
                it.remove();
            } else if (nowNs - c.sentNs >= retryNs) {
                send(c, nowNs);
            }
        }
    }
}
