package io.parablock.simulator;

import io.netty.buffer.ByteBufAllocator;
import io.parablock.main.GroupPort;
import io.parablock.raft.message.Message;
import io.parablock.replica.Formation;
import io.parablock.replica.client.ClientMessage;
import io.parablock.transport.ObjectCopy;
import io.parablock.transport.WireCopy;
import java.util.ArrayList;
import java.util.List;

/**
 * Connections between the nodes: for each direction one control lane and some data lanes, each in order unless a fault says
 * otherwise. A lane that is clogged or cut holds back what is on it, as TCP does, or a reset loses it.
 */
final class SimulatedNetwork {
    private static final int LANES = 3;
    private static final int CODEC_PER_MILLE = 200;
    private static final long RECONNECT_MIN_NS = 20 * Simulation.MS;
    private static final long RECONNECT_MAX_NS = 1000 * Simulation.MS;

    /** One direction between two nodes. */
    private static final class Link {
        final SimulatedNode from;
        final SimulatedNode to;
        final long[] arrivesAfterNs = new long[LANES];
        final long[] cloggedUntilNs = new long[LANES];
        boolean up;
        boolean dialling;
        /** Grows when the connection is lost: what is in flight on an older one never arrives. */
        long connection;
        /** By how many partitions it is cut; what is sent meanwhile waits. */
        int cuts;

        final List<Runnable> held = new ArrayList<>();

        Link(SimulatedNode from, SimulatedNode to) {
            this.from = from;
            this.to = to;
        }
    }

    private final Simulation sim;
    private final SimulationSettings settings;
    private final FaultCounts counts;
    private final Seeded random;
    private final Seeded hellos;
    private final ByteBufAllocator allocator;
    private final List<SimulatedNode> nodes;
    private final Link[][] links;

    // Weather, turned by the fault plan: chances per mille of each message.
    private int lossPerMille;
    private int duplicatePerMille;
    private int reorderPerMille;
    private int delayPerMille;

    SimulatedNetwork(
            Simulation sim,
            SimulationSettings settings,
            FaultCounts counts,
            ByteBufAllocator allocator,
            List<SimulatedNode> nodes) {
        this.sim = sim;
        this.settings = settings;
        this.counts = counts;
        this.random = sim.random("network");
        this.hellos = sim.random("hellos");
        this.allocator = allocator;
        this.nodes = nodes;
        this.links = new Link[nodes.size() + 1][nodes.size() + 1];
        for (SimulatedNode a : nodes) {
            for (SimulatedNode b : nodes) {
                links[a.id()][b.id()] = new Link(a, b);
            }
        }
    }

    // ---------------------------------------------------------------- weather and cuts

    void weather(int loss, int duplicate, int reorder, int delay) {
        lossPerMille = loss;
        duplicatePerMille = duplicate;
        reorderPerMille = reorder;
        delayPerMille = delay;
    }

    void clog(int from, int to, int lane, long untilNs) {
        Link l = links[from][to];
        l.cloggedUntilNs[lane % LANES] = Math.max(l.cloggedUntilNs[lane % LANES], untilNs);
    }

    void cut(int from, int to) {
        links[from][to].cuts++;
    }

    /** What waited goes on; a connection that was reset meanwhile has lost it. */
    void heal(int from, int to) {
        Link l = links[from][to];
        if (l.cuts == 0 || --l.cuts > 0) {
            return;
        }
        List<Runnable> held = List.copyOf(l.held);
        l.held.clear();
        held.forEach(Runnable::run);
    }

    void healAll() {
        weather(0, 0, 0, 0);
        for (SimulatedNode a : nodes) {
            for (SimulatedNode b : nodes) {
                Link l = links[a.id()][b.id()];
                java.util.Arrays.fill(l.cloggedUntilNs, 0);
                java.util.Arrays.fill(l.arrivesAfterNs, 0);
                l.cuts = Math.min(l.cuts, 1);
                heal(a.id(), b.id());
            }
        }
    }

    /** The connection is lost on both sides; what is in flight on it never arrives. */
    void reset(int from, int to) {
        Link l = links[from][to];
        if (l.up) {
            disconnect(l, true);
        }
    }

    // ---------------------------------------------------------------- connections

    void onStarted(SimulatedNode node) {
        for (SimulatedNode other : nodes) {
            if (other != node) {
                dial(links[node.id()][other.id()], RECONNECT_MIN_NS);
            }
        }
    }

    /** Messages that a dead process had sent may still arrive; those to it do not. */
    void onStopped(SimulatedNode node) {
        for (SimulatedNode other : nodes) {
            if (other != node) {
                Link out = links[node.id()][other.id()];
                out.up = false;
                if (random.coin()) {
                    out.connection++;
                }
                if (links[other.id()][node.id()].up) {
                    disconnect(links[other.id()][node.id()], true);
                }
            }
        }
    }

    private void disconnect(Link l, boolean loseInFlight) {
        l.up = false;
        if (loseInFlight) {
            l.connection++;
        }
        long boot = l.from.boot();
        // A sender hears of it late.
        sim.after(random.exponential(settings.networkNs), () -> {
            if (l.from.isRunning(boot) && !l.up) {
                l.from.group().onConnected(l.to.id(), false);
                dial(l, RECONNECT_MIN_NS);
            }
        });
    }

    private void dial(Link l, long backoffNs) {
        if (l.dialling) {
            return;
        }
        l.dialling = true;
        long boot = l.from.boot();
        sim.after(random.between(backoffNs / 2, backoffNs), () -> {
            l.dialling = false;
            if (!l.from.isUp()) {
                return;
            }
            boolean reachable = l.to.isUp() && l.cuts == 0 && links[l.to.id()][l.from.id()].cuts == 0;
            if (l.from.isRunning(boot) && reachable && !l.up) {
                hello(l, backoffNs);
            } else if (!l.up) {
                dial(l, Math.min(RECONNECT_MAX_NS, backoffNs * 2));
            }
        });
    }

    /** What the dialler says is as old as its way is long; only what has formed says the same for ever. */
    private void hello(Link l, long backoffNs) {
        Formation.Standing said = l.from.door().standing();
        if (l.from.door().isFormed()) {
            answer(l, said, backoffNs);
            return;
        }
        l.dialling = true;
        long boot = l.from.boot();
        long toBoot = l.to.boot();
        sim.after(hellos.exponential(settings.networkNs), () -> {
            l.dialling = false;
            if (l.from.isRunning(boot) && l.from.isUp() && !l.up) {
                if (l.to.isRunning(toBoot) && l.to.isUp()) {
                    answer(l, said, backoffNs);
                } else {
                    dial(l, Math.min(RECONNECT_MAX_NS, backoffNs * 2));
                }
            }
        });
    }

    private void answer(Link l, Formation.Standing said, long backoffNs) {
        boolean forced = l.from.record().isForcedIn() || l.to.record().isForcedIn();
        switch (forced ? Formation.Verdict.ADMIT : l.to.door().onHello(l.from.id(), said)) {
            case ADMIT -> {
                l.up = true;
                l.connection++;
                l.from.group().onConnected(l.to.id(), true);
            }
            case NOT_YET -> dial(l, RECONNECT_MIN_NS);
            default -> dial(l, Math.min(RECONNECT_MAX_NS, backoffNs * 2));
        }
    }

    boolean connected(int from, int to) {
        return links[from][to].up;
    }

    // ---------------------------------------------------------------- messages

    /** Keeps the references of payloads with the caller. */
    void send(SimulatedNode from, int to, Message m) {
        Link l = links[from.id()][to];
        if (!l.up) {
            return;
        }
        int lane = WireCopy.isBulk(m) ? 1 + random.below(LANES - 1) : 0;
        long boot = from.boot();
        long disk = from.cluster().mutations().incarnationOf(from);
        int copies = copies();
        for (int i = 0; i < copies; i++) {
            Message copy = copyOf(m);
            transmit(l, lane, () -> {
                sim.trace(
                        1,
                        from.id() * 100L + to,
                        m.term(),
                        m.getClass().getSimpleName().hashCode());
                if (sim.isRecording()) {
                    sim.detail("node " + to + " <- " + from.id() + "  " + MessageText.of(copy));
                }
                l.to.group().onMessage(from.id(), disk, boot, copy);
            });
        }
    }

    /** Takes the payload's reference. */
    void sendClient(SimulatedNode from, int to, ClientMessage m) {
        Link l = links[from.id()][to];
        try {
            if (!l.up) {
                return;
            }
            int lane = WireCopy.isBulk(m) ? 1 + random.below(LANES - 1) : 0;
            int copies = copies();
            for (int i = 0; i < copies; i++) {
                ClientMessage copy = copyOf(m);
                transmit(l, lane, () -> {
                    sim.trace(
                            2,
                            from.id() * 100L + to,
                            0,
                            m.getClass().getSimpleName().hashCode());
                    if (sim.isRecording()) {
                        sim.detail("node " + to + " <- " + from.id() + "  " + MessageText.of(copy));
                    }
                    l.to.onClient(from.id(), copy);
                });
            }
        } finally {
            GroupPort.release(m);
        }
    }

    private int copies() {
        if (lossPerMille > 0 && random.perMille(lossPerMille)) {
            counts.count(FaultKind.LOSS);
            return 0;
        }
        if (duplicatePerMille > 0 && random.perMille(duplicatePerMille)) {
            counts.count(FaultKind.DUPLICATE);
            return 2;
        }
        return 1;
    }

    private void transmit(Link l, int lane, Runnable delivery) {
        if (l.cuts > 0) {
            long connection = l.connection;
            l.held.add(() -> {
                if (l.connection == connection) {
                    transmit(l, lane, delivery);
                }
            });
            return;
        }
        long sentNs = Math.max(l.from.localNs(), sim.nowNs());
        long arrival = sentNs + settings.networkNs / 2 + random.exponential(settings.networkNs / 2 + 1);
        if (delayPerMille > 0 && random.perMille(delayPerMille)) {
            counts.count(FaultKind.DELAY);
            arrival += random.exponential(settings.electionTimeoutNs);
        }
        if (l.cloggedUntilNs[lane] > arrival) {
            counts.count(FaultKind.CLOG);
            arrival = l.cloggedUntilNs[lane] + 1;
        }
        if (reorderPerMille > 0 && random.perMille(reorderPerMille)) {
            if (arrival < l.arrivesAfterNs[lane]) {
                counts.count(FaultKind.REORDER);
            }
            // It neither waits for those before it nor holds up those behind it.
        } else {
            arrival = Math.max(arrival, l.arrivesAfterNs[lane] + 1);
            l.arrivesAfterNs[lane] = arrival;
        }
        long connection = l.connection;
        long toBoot = l.to.boot();
        sim.at(arrival, () -> {
            // A restarted receiver has other connections.
            if (l.connection == connection && l.to.isRunning(toBoot)) {
                delivery.run();
            }
        });
    }

    // ---------------------------------------------------------------- copies

    private Message copyOf(Message m) {
        if (random.perMille(CODEC_PER_MILLE)) {
            return WireCopy.of(allocator, SimulationSettings.GROUP, m);
        }
        return ObjectCopy.of(m);
    }

    private ClientMessage copyOf(ClientMessage m) {
        if (random.perMille(CODEC_PER_MILLE)) {
            return WireCopy.of(allocator, SimulationSettings.GROUP, m);
        }
        if (m instanceof ClientMessage.Mutate r) {
            return new ClientMessage.Mutate(
                    r.session(),
                    r.seq(),
                    r.lowestOutstanding(),
                    r.kind(),
                    r.offsetBytes(),
                    r.lengthBytes(),
                    r.fua(),
                    r.payloadCrc(),
                    r.payload() == null ? null : r.payload().copy());
        }
        if (m instanceof ClientMessage.ReadReply r && r.payload() != null) {
            return new ClientMessage.ReadReply(
                    r.requestId(), r.status(), r.leaderHint(), r.payload().copy());
        }
        return m;
    }
}
