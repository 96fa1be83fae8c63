package io.parablock.simulator;

import io.netty.buffer.ByteBufAllocator;
import io.parablock.gateway.Gateway;
import io.parablock.main.GroupPort;
import io.parablock.metrics.RequestMeters;
import io.parablock.raft.RaftConfig;
import io.parablock.raft.RaftNode;
import io.parablock.raft.membership.Members;
import io.parablock.raft.message.Message;
import io.parablock.replica.Identity;
import io.parablock.replica.PeerSender;
import io.parablock.replica.Recovery;
import io.parablock.replica.Replica;
import io.parablock.replica.ReplicaEvents;
import io.parablock.replica.ReplicaInside;
import io.parablock.replica.ReplicaPorts;
import io.parablock.replica.StandingClock;
import io.parablock.replica.WalRouter;
import io.parablock.replica.WalStage;
import io.parablock.replica.client.ClientMessage;
import io.parablock.wal.WalFailedException;
import io.parablock.wal.WalListener;
import io.parablock.wal.WalRecord;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What lives and dies with a process: the production parts, put together as the production node does. */
final class SimulatedProcess {
    private static final long CLUSTER = 0xc1a5L;
    private static final String VOLUME = "v";

    private final SimulatedNode node;
    private final WalRouter router = new WalRouter();
    private final NodeStorage.Ports raw;
    private final ObservedWal wal;
    private final @Nullable DelayedWalStage walThread;
    private final SimulatedLoop loop;
    private final Gateway gateway;
    private final Replica replica;
    private final RaftNode core;
    private final GroupPort group;
    private final boolean stateLost;

    /** @throws ProcessDied if it dies while it starts */
    SimulatedProcess(SimulatedNode node, NodeDisk disk, boolean unclean) {
        this.node = node;
        SimulationSettings settings = node.cluster().settings();
        ByteBufAllocator allocator = node.cluster().allocator();
        int id = node.id();
        DurableSteps steps = node.steps();
        raw = disk.open(new LogListener(), new LogTime());
        wal = new ObservedWal(raw.wal(), raw.completesLater(), node, steps);
        ObservedStateStore state = new ObservedStateStore(raw.state(), node, steps);
        disk.blockDamage().onStarted(raw.store().isUnderRepair());
        ObservedBlockStore store = new ObservedBlockStore(raw.store(), node, steps, disk.blockDamage());
        Identity identity = new Identity(
                CLUSTER, SimulationSettings.GROUP, id, node.disk().standing().incarnation());
        Recovery.Recovered found = Recovery.recover(
                        wal, List.of(new Recovery.Group(identity, state)), unclean, disk.isFlushedHere())
                .get(SimulationSettings.GROUP);
        found.notes().forEach(n -> node.simulation().note("node " + id + ": " + n));
        node.record().onStarted(node.boot(), found.state());
        stateLost = found.state().stateLost();
        walThread = settings.inline ? null : new DelayedWalStage(node, wal, steps, node.random());
        WalStage stage = walThread == null ? new ObservedWalStage(wal, raw.completesLater(), node, steps) : walThread;
        PeerSender sender = GroupPort.withLoopBack(id, new Sender(), (from, m) -> node.onClient(from, m));
        gateway = new Gateway(id, node.boot(), settings.gateway, sender, RequestMeters.NONE, allocator, node::clockNs);
        loop = new SimulatedLoop(node);
        StandingClock clock = new StandingClock(node::clockNs);
        ReplicaPorts ports = new ReplicaPorts(
                stage,
                state,
                store,
                new DelayedApplyStage(node, store, steps, settings.inline),
                new AnswerObserver(sender, node, node.record()),
                new Events(),
                loop::execute,
                // Checkpoints and catch-up reads: each on its own thread, whenever that gets to run.
                work -> node.onDisk(steps.latencyNs() * 2, work),
                clock,
                node.clock().suspendedTime(node::clockNs),
                allocator);
        RaftConfig raft = settings.raft(id)
                .withStoreBytes(store.sizeBytes())
                .withIncarnation(node.cluster().mutations().incarnationOf(node));
        core = node.cluster()
                .mutations()
                .core()
                .newCore(raft, found.state(), node.random().next(), clock.getAsLong());
        replica = ReplicaInside.replica(raft, settings.replica, identity, found.state(), ports, core);
        router.register(SimulationSettings.GROUP, replica::onWalDurable);
        if (walThread != null) {
            walThread.bind(replica::onWalDurable);
        }
        group = new GroupPort(SimulationSettings.GROUP, gateway, sender, replica, clock, loop);
        gateway.addGroup(SimulationSettings.GROUP, loop);
        gateway.addVolume(VOLUME, settings.sizeBytes(), settings.sizeBytes(), false, List.of(SimulationSettings.GROUP));
    }

    private void onDurable(long token) {
        WalRecord r = wal.onDurable(token);
        DelayedWalStage thread = walThread;
        if (thread == null) {
            node.onDurableTold(r.slot(), r.origin());
            router.onDurable(token);
        } else {
            thread.onDurable(token);
        }
    }

    /** Of the log: in its submit, or later. */
    private final class LogListener implements WalListener {
        @Override
        public void onDurable(long token) {
            SimulatedProcess.this.onDurable(token);
        }

        @Override
        public void onFailed(WalFailedException failure) {
            for (Throwable t = failure; t != null; t = t.getCause()) {
                if (t instanceof ProcessDied) {
                    return; // it unwinds what it died in
                }
            }
            node.enqueue(() -> node.onError(failure));
        }
    }

    /** The ring of the group's event loop, or the WAL's own thread. */
    private final class LogTime implements DiskTime {
        @Override
        public void later(Runnable write) {
            node.onDisk(node.steps().latencyNs(), write);
        }

        @Override
        public void tell(Runnable completion) {
            DelayedWalStage thread = walThread;
            if (thread == null) {
                node.enqueue(completion);
            } else {
                thread.onWritten(completion);
            }
        }
    }

    /** META or SYNCREC is lost: nothing cures that. */
    boolean stateLost() {
        return stateLost;
    }

    NodeStorage.Ports raw() {
        return raw;
    }

    /** What an orderly stop does with the log: all of it is written and forced. */
    void endClean() {
        if (walThread != null) {
            walThread.drain();
        }
        wal.submit();
        wal.force();
    }

    SimulatedLoop loop() {
        return loop;
    }

    Gateway gateway() {
        return gateway;
    }

    Replica replica() {
        return replica;
    }

    RaftNode core() {
        return core;
    }

    GroupPort group() {
        return group;
    }

    private final class Sender implements PeerSender {
        /** A store with damage that an earlier process knew of holds nothing for the floor; no log here is too long. */
        private void requireHonest(Message m) {
            if (m instanceof Message.HeartbeatAck ack
                    && !ack.installing()
                    && node.disk().blockDamage().isOwed()) {
                node.cluster().watch().fail("node " + node.id() + " forgot its damage over a restart: " + m, null);
            }
        }

        @Override
        public void send(int groupId, int to, Message m) {
            node.requireAlive();
            if (!node.door().isFormed()) {
                node.cluster().watch().fail("node " + node.id() + " sends before the cluster has formed: " + m, null);
            }
            requireHonest(m);
            node.record().watch().onSent(node.id(), to, m);
            node.cluster().network().send(node, to, m);
        }

        @Override
        public void sendClient(int groupId, int to, ClientMessage m) {
            node.requireAlive();
            node.cluster().network().sendClient(node, to, m);
        }

        @Override
        public boolean connected(int peer) {
            return node.cluster().network().connected(node.id(), peer);
        }
    }

    private final class Events implements ReplicaEvents {
        @Override
        public void onLeaderChanged(int groupId, int leaderNode, boolean ready) {
            // As the production node does.
            gateway.onLeader(groupId, leaderNode == node.id() && !ready ? 0 : leaderNode);
        }

        @Override
        public void onFatal(int groupId, String line, Throwable cause) {
            node.onFatal(line, cause);
        }

        @Override
        public void onCured(int groupId) {
            node.onCured();
        }

        @Override
        public void onWritesLost(int groupId) {
            // As the production node does.
            gateway.endSessions(SimulationSettings.GROUP);
            node.cluster().onWritesLost(node);
        }

        @Override
        public void onMembers(int groupId, Members applied) {
            node.door().onMembers(applied);
        }

        @Override
        public void onDamage(int groupId, String line) {
            node.simulation().note("node " + node.id() + ": " + line);
        }

        @Override
        public void onEvent(int groupId, String line) {
            if (line.startsWith("install ") && line.contains(" aborted ")) {
                node.cluster().installs().aborted++;
            }
            node.simulation().note("node " + node.id() + ": " + line);
        }
    }
}
