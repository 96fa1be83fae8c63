package io.parablock.raft;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The leader ends sessions that nobody will use again (protocol.md §10): those of a gateway that is silent, of an earlier run
 * of a gateway, and those that a gateway has given up. Who was heard when is this leader's own knowledge; the end itself is
 * an entry of the log, so that every later leader refuses what is still on its way.
 */
final class SessionExpiry {
    /** Parts of the expiry time between two looks at all sessions. */
    private static final int LOOKS = 16;

    private record Run(int gateway, long boot) {}

    private static final class Heard {
        long atNs;
        /** Sessions with a lower nonce that are not among the live ones have been given up. */
        long nextNonce;

        Set<Long> live = Set.of();
    }

    private final CoreState state;
    private final Leader leader;
    private final Proposals proposals;
    private final Map<Run, Heard> heard = new HashMap<>();
    private long ofTerm;
    private long sinceNs;
    private long lookedNs;

    SessionExpiry(CoreState state, Leader leader, Proposals proposals) {
        this.state = state;
        this.leader = leader;
        this.proposals = proposals;
    }

    /** A new leader has heard of nobody: it gives everyone the whole time again. */
    private void beginTerm() {
        if (ofTerm != state.term) {
            ofTerm = state.term;
            sinceNs = state.nowNs;
            lookedNs = state.nowNs;
            heard.clear();
        }
    }

    private Heard hear(int gateway, long boot) {
        beginTerm();
        Heard h = heard.computeIfAbsent(new Run(gateway, boot), k -> new Heard());
        h.atNs = state.nowNs;
        return h;
    }

    /** The gateway opens a session. */
    void onOpen(int gateway, long boot) {
        if (state.role == Role.LEADER) {
            Heard unused = hear(gateway, boot);
        }
    }

    /**
     * @param nextNonce the gateway has given this nonce to no session yet
     * @param live the nonces of its sessions
     */
    void onKeepAlive(int gateway, long boot, long nextNonce, List<Long> live) {
        if (state.role != Role.LEADER) {
            return;
        }
        Heard h = hear(gateway, boot);
        // An older message that comes late knows less.
        if (nextNonce >= h.nextNonce) {
            h.nextNonce = nextNonce;
            h.live = Set.copyOf(live);
        }
        look();
    }

    void tick() {
        if (state.role != Role.LEADER) {
            return;
        }
        beginTerm();
        long expiryNs = state.config.sessionExpiryNs();
        if (state.nowNs - lookedNs >= expiryNs / LOOKS) {
            heard.values().removeIf(h -> state.nowNs - h.atNs > 2 * expiryNs);
            look();
        }
    }

    private void look() {
        lookedNs = state.nowNs;
        List<Long> dead = new ArrayList<>();
        leader.sessions().forEach((id, gateway, boot, nonce) -> {
            if (isDead(new Run(gateway, boot), nonce)) {
                dead.add(id);
            }
        });
        for (long id : dead) {
            if (proposals.proposeCloseSession(id) != ProposeResult.ACCEPTED) {
                // The window is full; the next look takes the rest.
                return;
            }
            state.output.event = "session " + id + " expires";
        }
    }

    private boolean isDead(Run run, long nonce) {
        Heard own = heard.get(run);
        long atNs = own == null ? sinceNs : own.atNs;
        if (state.nowNs - atNs >= state.config.sessionExpiryNs()) {
            return true;
        }
        if (own != null && nonce < own.nextNonce && !own.live.contains(nonce)) {
            return true;
        }
        for (Map.Entry<Run, Heard> other : heard.entrySet()) {
            Run r = other.getKey();
            // Later run, heard later: the earlier one is over.
            if (r.gateway == run.gateway && r.boot > run.boot && other.getValue().atNs > atNs) {
                return true;
            }
        }
        return false;
    }
}
