package io.parablock.replica;

import io.parablock.blockdev.store.DamagedRange;
import io.parablock.raft.Output;
import io.parablock.raft.RaftConfig;
import io.parablock.raft.RaftNode;
import io.parablock.raft.log.Entry;
import io.parablock.raft.membership.Members;
import io.parablock.raft.message.Message;
import io.parablock.raft.state.RecoveredState;
import io.parablock.replica.client.ClientMessage;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.BooleanSupplier;
import org.agrona.collections.LongArrayList;
import org.jspecify.annotations.Nullable;

/**
 * The single-writer shell of one group on one node: feeds the consensus core and does what its {@link Output} asks for, in
 * the order of its fields. All calls on the group's thread.
 *
 * <pre>
 *   peers ────────┐                    ┌─► StateStore (waits)            1. SYNCREC, META
 *   gateways ─────┤                    ├─► WalStage ──► durable(token) ─┐ 2. appends
 *   ticks ────────┼─► core ─► Output ──┼─► PeerSender                   │ 3. messages, answers
 *   durable ──────┤                    └─► ApplyStage ─► applied ───────┤ 4. applies, after the replies
 *   applied ──────┘◄───────────────────────────────────────────────────┘
 * </pre>
 *
 * <p>A completion that arrives while an output is worked off waits in {@link #inbox} or {@link #durable}: there is no
 * recursion. After a failure of the own disk nothing leaves this class any more (fail-stop).
 */
public final class Replica {
    /** Rounds of one endOfBatch; what is left then goes with the next one, behind the event loop's other work. */
    private static final int ROUNDS_MAX = 64;

    private final int groupId;
    private final HardStateWriter hardStates;
    private final ReplicaPorts ports;
    private final RaftNode core;
    private final PayloadCache payloads;
    private final ApplyFeed applies;
    private final PeerOutbox outbox;
    private final PeerInbox peers;
    private final StoreUpkeep upkeep;
    private final WalWrites writes;
    private final ClientRequests requests;
    private final Checkpointer checkpointer;
    private final InstallFlow installs;
    private final OperatorInputs operator;
    private final MemberNews memberNews;
    private final LongArrayList durable = new LongArrayList();
    private final ArrayDeque<Runnable> inbox = new ArrayDeque<>();
    private boolean working;
    private boolean wasLeader;
    private int lastLeader;
    private @Nullable String fatal;
    private boolean closed;
    private long appliedEntries;
    private long appliedBytes;

    /** @param seed for the core's election timeouts */
    public Replica(
            RaftConfig raftConfig,
            ReplicaConfig config,
            Identity identity,
            RecoveredState recovered,
            ReplicaPorts ports,
            long seed) {
        this(
                raftConfig,
                config,
                identity,
                recovered,
                ports,
                new RaftNode(
                        raftConfig.withStoreBytes(ports.store().sizeBytes()),
                        recovered,
                        seed,
                        ports.nowNs().getAsLong()));
    }

    /** With a core made by the caller; {@code recovered} is what it was made from. */
    Replica(
            RaftConfig raftConfig,
            ReplicaConfig config,
            Identity identity,
            RecoveredState recovered,
            ReplicaPorts ports,
            RaftNode core) {
        this.groupId = raftConfig.groupId();
        this.hardStates = new HardStateWriter(identity, ports, raftConfig.mapped(), recovered);
        this.ports = ports;
        this.core = core;
        this.payloads = new PayloadCache(config.payloadCacheBytesMax());
        LogReader log = new LogReader(ports.wal().wal(), ports.allocator());
        this.applies = new ApplyFeed(ports.apply(), log, this::onAppliesHeld);
        this.outbox = new PeerOutbox(groupId, ports, log, config.catchUpReadsMax(), this::onUnreadable);
        int nodeId = raftConfig.nodeId();
        this.checkpointer = new Checkpointer(
                config,
                ports,
                core,
                image -> coreInput(() -> core.onCheckpointDurable(image, now())),
                cause -> fail("the checkpoint failed: " + cause.getMessage(), cause),
                recovered.checkpoint());
        this.upkeep = new StoreUpkeep(
                raftConfig,
                config.scrub(),
                ports,
                core,
                this::onUnreadable,
                this::onBlocksSettled,
                hardStates,
                checkpointer);
        this.peers = new PeerInbox(groupId, ports, core, upkeep);
        this.requests = new ClientRequests(groupId, nodeId, raftConfig.mapped(), config, ports, core, upkeep.repair);
        this.writes = new WalWrites(groupId, ports, payloads);
        this.installs = new InstallFlow(groupId, ports, core, upkeep.repair);
        this.operator = new OperatorInputs(core, upkeep.scrub, ports.nowNs(), this::coreInput);
        this.memberNews = new MemberNews(groupId, core, checkpointer, ports.events());
        ports.apply().listener(new ApplyEvents());
    }

    private long now() {
        return ports.nowNs().getAsLong();
    }

    // ---------------------------------------------------------------- inputs

    /** Before anything else: the cluster has formed with these disks. */
    public void onFormed(Members members) {
        core.onFormed(members);
    }

    /** An operator gives up a node's disk; see {@link RaftNode#giveUpDisk}. */
    public void giveUpDisk(int node, long incarnation) {
        coreInput(() -> core.giveUpDisk(node, incarnation, now()));
    }

    /** References of the payloads pass to the replica. {@code disk} is the peer's, {@code boot} its process. */
    public void onPeerMessage(int from, long disk, long boot, Message m) {
        input(() -> {
            if (stopped()) {
                PeerInbox.release(m);
            } else {
                peers.step(from, disk, boot, m);
            }
        });
    }

    /** A request of the gateway on node {@code from}; answers go out by {@link PeerSender#sendClient}. */
    public void onClientRequest(int from, ClientMessage m) {
        input(() -> {
            if (!stopped()) {
                requests.onRequest(from, m);
            } else if (m instanceof ClientMessage.Mutate mutate) {
                ClientRequests.release(mutate.payload());
            }
        });
    }

    /** The WAL has made the record with this token durable. May be called from within {@link #endOfBatch}. */
    public void onWalDurable(long token) {
        if (!stopped()) {
            durable.addLong(token);
            if (!working) {
                work();
            }
        }
    }

    /** @return whether the next one may come late, see {@link RaftNode#isQuiet} */
    public boolean tick() {
        coreInput(() -> core.tick(now()));
        if (stopped()) {
            return true;
        }
        call(() -> {
            ports.wal().tick();
            return true;
        });
        memberNews.tick();
        checkpointer.tick(now());
        coreInput(() -> upkeep.tick(now()));
        coreInput(requests::releaseDamagedReads);
        if (core.isReady() && !payloads.isEmpty()) {
            payloads.releaseAppliedTo(core.status().lowestContig());
        }
        return core.isQuiet() && upkeep.isQuiet();
    }

    public OperatorInputs operator() {
        return operator;
    }

    public void onPeerConnected(int peer, boolean up) {
        coreInput(() -> core.onPeerConnected(peer, up, now()));
    }

    /**
     * Once per batch of inputs: sends first, then the WAL, then the acknowledgements that this gave, then the block store.
     * Peers write their logs while this node writes its own, and nobody waits for an apply.
     */
    public void endOfBatch() {
        coreInput(requests::retryQueued);
        coreInput(requests::answerLeased);
        for (int round = 0; round < ROUNDS_MAX && !stopped(); round++) {
            coreInput(() -> core.endOfBatch(now()));
            ports.peers().flush();
            boolean writesNow = writes.submitting() || writes.hasForces();
            call(this::writeWal);
            if (writesNow) {
                coreInput(() -> core.endOfBatch(now()));
                ports.peers().flush();
            }
            boolean applied = call(ports.apply()::endOfBatch);
            if (!applied && !writes.hasUnsubmitted() && !writes.hasForces()) {
                return;
            }
        }
        if (stopped()) {
            return;
        }
        try {
            ports.loop().execute(() -> {});
        } catch (RejectedExecutionException stopping) {
            closed = true;
        }
    }

    private boolean writeWal() {
        writes.write(due -> coreInput(() -> due.forEach(f -> core.onForced(f.from(), f.id(), now()))));
        return true;
    }

    /** Calls a stage whose completions may come back at once. */
    private boolean call(BooleanSupplier stage) {
        if (stopped()) {
            return false;
        }
        boolean any = false;
        working = true;
        try {
            any = stage.getAsBoolean();
        } catch (RuntimeException e) {
            fail("group " + groupId + " stops, its disk failed: " + e.getMessage(), e);
        } finally {
            working = false;
        }
        work();
        return any;
    }

    private boolean stopped() {
        return closed || fatal != null;
    }

    // ---------------------------------------------------------------- outputs

    /** One input, at once or after the one that is being worked off. */
    private void input(Runnable input) {
        inbox.add(input);
        if (!working) {
            work();
        }
    }

    /** An input that carries nothing to release: not given to a stopped replica. */
    private void coreInput(Runnable input) {
        input(() -> {
            if (!stopped()) {
                input.run();
            }
        });
    }

    /** Works off outputs and completions, one input after the other, until there are none. */
    private void work() {
        working = true;
        try {
            while (!stopped()) {
                if (!core.output().isEmpty()) {
                    takeOutput(core.output());
                } else if (!durable.isEmpty()) {
                    feedDurable();
                } else if (requests.hasDue()) {
                    requests.startDue();
                } else if (!inbox.isEmpty()) {
                    inbox.remove().run();
                } else {
                    break;
                }
            }
            dropInbox();
        } catch (Throwable t) {
            // An AssertionError is a broken invariant: stop rather than spread it.
            fail("group " + groupId + " stops: " + t.getMessage(), t);
        } finally {
            working = false;
        }
    }

    /** After the end, inputs only release what they carry. */
    private void dropInbox() {
        while (stopped() && !inbox.isEmpty()) {
            inbox.remove().run();
        }
    }

    private void feedDurable() {
        for (int i = 0; i < durable.size(); i++) {
            Entry e = writes.takeDurable(durable.getLong(i));
            core.onDurable(e.slot(), e.origin(), now());
        }
        durable.clear();
    }

    /** The fields in their order. Nothing here may change the core. */
    private void takeOutput(Output out) {
        if (out.adoptStore) {
            upkeep.beginAdopting();
        }
        hardStates.persist(out);
        if (out.cured) {
            ports.events().onCured(groupId);
        }
        if (out.writesLost) {
            ports.events().onWritesLost(groupId);
        }
        writes.append(out.appends);
        if (out.syncRecord != null || out.hardState != null) {
            throw new AssertionError("a message would leave before the state that it depends on is durable");
        }
        for (int i = 0; i < out.messages.size(); i++) {
            Output.Outgoing o = out.messages.get(i);
            outbox.send(o.to(), o.message());
        }
        for (int i = 0; i < out.committed.size(); i++) {
            requests.onCommitted(out.committed.get(i));
        }
        for (int i = 0; i < out.applies.size(); i++) {
            applies.add(out.applies.get(i));
        }
        out.installWrites.forEach(installs::write);
        out.installReads.forEach(installs::read);
        out.reads.forEach(requests::onRead);
        out.flushes.forEach(requests::onFlush);
        writes.force(out.forces);
        out.dropped.forEach(payloads::drop);
        finishOutput(out);
    }

    private void finishOutput(Output out) {
        long truncateTo = out.truncateTo;
        boolean changed = out.stateChanged;
        boolean windowOpened = out.windowOpened;
        String event = out.event;
        boolean installCheckpointDue = out.installCheckpointDue;
        out.clear();
        if (installCheckpointDue) {
            checkpointer.installDue();
        }
        if (truncateTo > 0) {
            ports.wal().truncate(groupId, truncateTo);
        }
        if (event != null) {
            ports.events().onEvent(groupId, event);
        }
        if (changed) {
            onStateChanged();
        }
        if (windowOpened) {
            requests.retryQueued();
        }
    }

    private void onAppliesHeld() {
        coreInput(() -> core.onNotApplied(applies.takeHeld(), now()));
    }

    private void onBlocksSettled() {
        coreInput(requests::releaseDamagedReads);
    }

    private void onUnreadable(Entry e) {
        coreInput(() -> core.onUnreadable(e, now()));
    }

    private void onStateChanged() {
        boolean leads = core.isReady();
        if (wasLeader && !leads) {
            requests.onLeadershipLost();
            // A follower is asked for entries only by a fetch, and that is rare.
            payloads.releaseAppliedTo(Long.MAX_VALUE);
        }
        int leader = core.leader();
        if (leads != wasLeader || leader != lastLeader) {
            wasLeader = leads;
            lastLeader = leader;
            ports.events().onLeaderChanged(groupId, leader, leads);
        }
    }

    private final class ApplyEvents implements ApplyStage.Listener {
        @Override
        public void onApplied(Entry e) {
            input(() -> applied(e));
        }

        private void applied(Entry e) {
            if (stopped()) {
                return;
            }
            if (InstallFlow.isPiece(e)) {
                installs.onWritten(e);
                core.onInstallWritten(e.origin(), e.offsetBytes(), now());
                return;
            }
            if (upkeep.onApplied(e)) {
                return;
            }
            appliedEntries++;
            appliedBytes += e.lengthBytes();
            checkpointer.onApplied(e.payloadLength());
            payloads.onApplied(e, core.isReady());
            core.onApplied(e.slot(), now());
        }

        @Override
        public void onApplyFailed(Entry e, Throwable cause) {
            fail("the block store could not apply " + e + ": " + cause.getMessage(), cause);
        }
    }

    // ---------------------------------------------------------------- end

    /** Nothing leaves this replica any more. */
    private void fail(String line, Throwable cause) {
        if (fatal == null) {
            fatal = line;
            outbox.close();
            upkeep.close();
            installs.close();
            ports.events().onFatal(groupId, line, cause);
        }
    }

    /** For the loop: an input threw outside of this class. */
    public void onError(Throwable cause) {
        fail("group " + groupId + " stops: " + cause.getMessage(), cause);
    }

    /** For tests and invariant checks. */
    RaftNode core() {
        return core;
    }

    /** Somebody has found these damaged. */
    void damaged(List<DamagedRange> ranges) {
        coreInput(() -> upkeep.repair.onDamaged(ranges));
    }

    public ReplicaStatus status() {
        return ReplicaStatus.of(
                groupId,
                core,
                ports.wal().wal(),
                payloads.bytes(),
                checkpointer,
                requests,
                appliedEntries,
                appliedBytes,
                outbox.dropped(),
                peers.refusedEntries(),
                upkeep.scrub.status(),
                upkeep.status(),
                fatal);
    }

    /** Releases what a peer's message carries that no replica will see. */
    public static void release(Message m) {
        PeerInbox.release(m);
    }

    /** Releases every payload; the ports stay open, they are the node's. */
    public void close() {
        closed = true;
        outbox.close();
        dropInbox();
        requests.close();
        installs.close();
        upkeep.close();
        ports.apply().close();
        payloads.close();
        writes.clear();
        durable.clear();
    }
}
