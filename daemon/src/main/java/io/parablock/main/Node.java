package io.parablock.main;

import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.parablock.blockdev.nbd.netty.NbdServer;
import io.parablock.blockdev.nbd.netty.TransportKind;
import io.parablock.blockdev.store.BlockStore;
import io.parablock.catalogue.Catalogue;
import io.parablock.config.NodeConfig;
import io.parablock.events.EventKind;
import io.parablock.events.EventLog;
import io.parablock.gateway.Gateway;
import io.parablock.http.CatalogueReading;
import io.parablock.http.NodeReading;
import io.parablock.http.Routes;
import io.parablock.http.StatusServer;
import io.parablock.metrics.LoopDelay;
import io.parablock.metrics.NodeMeters;
import io.parablock.metrics.Stage;
import io.parablock.metrics.WriteStages;
import io.parablock.pipeline.GroupLoop;
import io.parablock.pipeline.InlineGroupLoop;
import io.parablock.pipeline.PipelineConfig;
import io.parablock.pipeline.ThreadedApplyStage;
import io.parablock.pipeline.ThreadedGroupLoop;
import io.parablock.pipeline.ThreadedWalStage;
import io.parablock.raft.RaftConfig;
import io.parablock.replica.ApplyStage;
import io.parablock.replica.InlineApplyStage;
import io.parablock.replica.InlineWalStage;
import io.parablock.replica.PeerSender;
import io.parablock.replica.Recovery;
import io.parablock.replica.Replica;
import io.parablock.replica.ReplicaPorts;
import io.parablock.replica.ReplicaStatus;
import io.parablock.replica.StandingClock;
import io.parablock.replica.SuspendedTime;
import io.parablock.replica.WalRouter;
import io.parablock.replica.WalStage;
import io.parablock.transport.GatewayOffer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongConsumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One node: everything put together.
 *
 * <pre>
 *   NBD server ─► Gateway ──┐          ┌─► WAL (one for all groups)
 *   peers ─► PeerLinks ─────┼─► groups ┼─► block store (one per group)
 *   status server ──────────┘          └─► peers, gateways
 * </pre>
 */
public final class Node implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Node.class);
    private static final long READ_TIMEOUT_MS = 1_000;
    private static final long STOP_TIMEOUT_MS = 5_000;
    private static final int BACKGROUND_THREADS = 2;
    private static final int LOOP_THREADS_OF_THREADS_PIPELINE = 2;

    /** What happens when the node cannot go on; the process's main class halts. */
    @FunctionalInterface
    public interface FatalHandler {
        void onFatal(String line);
    }

    /** Of all keys, those that a reload applies may change: {@link #reconfigure}. */
    private volatile NodeConfig config;

    private final EventLog events;
    private final NodeEvents told;
    private final TransportKind transport;
    private final PipelineConfig.Kind pipeline;
    private final EventLoopGroup loops;
    private final ScheduledExecutorService timer;
    private final ExecutorService background;
    private final WalRouter router = new WalRouter();
    private final NodeMeters meters;
    private final Map<Integer, NodeGroup> groups = new ConcurrentSkipListMap<>();
    private final GroupsAtRunTime atRunTime;
    private final GroupInbox inputs;
    private final @Nullable SuspendedTime suspended;
    private final WalLatency latency;
    private final AckLatency acks;
    private final HealthSampler watch;
    private final @Nullable SlowLog slowLog;
    private final NodeDisk disk;
    private final NodeFormation formation;
    private final PeerLinks links;
    private final Gateway gateway;
    private final NodeVolumes volumes;
    private final List<AutoCloseable> stages = new ArrayList<>();
    private @Nullable ThreadedWalStage walStage;
    private volatile @Nullable NbdServer nbd;
    private final Routes routes = new Routes();
    private @Nullable StatusServer http;
    private boolean started;
    private boolean closed;

    Node(NodeConfig config, PeerLinks.Factory peers, EventLog events, FatalHandler fatal) throws IOException {
        this.config = config;
        this.events = events;
        this.meters = new NodeMeters();
        measureRequests(config.metrics());
        this.transport = NodeSettings.transport(config.transport().kind(), events);
        PipelineConfig pipelineConfig = NodeSettings.pipeline(config.pipeline());
        this.pipeline = pipelineConfig.resolve(Runtime.getRuntime().availableProcessors());
        this.suspended = NodeSettings.suspendedTime(config.reads());
        this.latency = new WalLatency(router, config.groups(), System::nanoTime);
        this.acks = new AckLatency(NodeSettings.voterIds(config), config.groups(), System::nanoTime);
        this.inputs = new GroupInbox(groups, acks);
        this.slowLog = SlowLog.of(config, latency, events);
        this.disk = NodeDisk.open(config, slowLog == null ? latency : slowLog);
        LeaderWatch leaders = new LeaderWatch(config, events, latency, acks, this::isConnected);
        this.watch = new HealthSampler(() -> this.config, events, leaders, () -> nbd, this::isConnected, this::read);
        this.told =
                new NodeEvents(config.nodeId(), events, groups::get, disk::cured, new ElectionCounts(meters), fatal);
        this.formation = new NodeFormation(disk.identity(), NodeSettings.voterIds(config), events, fatal);
        told.onMembers(formation::onMembers);
        int threads = pipeline == PipelineConfig.Kind.INLINE ? 1 : LOOP_THREADS_OF_THREADS_PIPELINE;
        this.loops =
                new MultiThreadIoEventLoopGroup(threads, new DefaultThreadFactory("loop", true), transport.ioHandler());
        this.timer = Executors.newSingleThreadScheduledExecutor(new DefaultThreadFactory("timer", true));
        this.background =
                Executors.newFixedThreadPool(BACKGROUND_THREADS, new DefaultThreadFactory("background", true));
        // Greater in each run: gateway nonces and request ids begin with it.
        long boot = System.currentTimeMillis();
        this.links = peers.create(config, new PeerLinks.Sockets(loops, transport, boot, formation, events), inputs);
        PeerSender sender = new LoopBack(config.nodeId(), () -> links, inputs);
        this.gateway = new Gateway(
                config.nodeId(),
                boot,
                NodeSettings.gateway(
                        config.gateway(),
                        config.raft().sessionWindow(),
                        config.raft().sessionExpiryNs()),
                sender,
                meters,
                PooledByteBufAllocator.DEFAULT,
                System::nanoTime);
        if (pipeline == PipelineConfig.Kind.THREADS) {
            walStage = new ThreadedWalStage("wal", disk.wal(), router, pipelineConfig);
        }
        this.atRunTime = new GroupsAtRunTime(
                config,
                groups,
                g -> addGroup(g, sender, pipelineConfig, boot),
                this::onGroupEnded,
                links,
                formation,
                () -> nbd);
        disk.groups().forEach(g -> addGroup(g, sender, pipelineConfig, boot));
        addVolumes();
        this.volumes = new NodeVolumes(config, disk, gateway, atRunTime, formation::members, events);
        new VolumeActions(config, volumes, gateway, groups::get).addTo(routes);
        routes.action(
                LeaderTransferAction.PATH, new LeaderTransferAction(config, groups, links.anyPeerOf(config), events));
        routes.action(ScrubAction.PATH, new ScrubAction(config.nodeId(), groups));
        routes.action(ReplaceNodeAction.PATH, new ReplaceNodeAction(groups, config.nodeId(), links::connected, events));
        if (walStage == null) {
            // On the groups' own thread; the WAL's thread tells them itself.
            router.onFailure(failure -> groups.values().forEach(g -> g.onError(failure)));
        }
    }

    private void addGroup(NodeDisk.Group g, PeerSender sender, PipelineConfig pipelineConfig, long boot) {
        int id = g.groupId();
        acks.add(id);
        StandingClock clock = new StandingClock(System::nanoTime);
        RaftConfig raft = NodeSettings.raft(config, id)
                .withIncarnation(disk.identity().identity().incarnation());
        WriteStages measured = meters.stages(id, raft.nodeId(), raft.voters(), raft.span());
        NodeGroup group = new NodeGroup(id, gateway, sender, clock, g.members(), measured::onMessage);
        BlockStore store = g.store();
        GroupLoop loop;
        WalStage wal;
        ApplyStage apply;
        ThreadedWalStage shared = walStage;
        ThreadedWalStage.GroupWal groupWal = null;
        ThreadedApplyStage ownApply = null;
        GroupBackground ownBackground = new GroupBackground(background);
        if (shared == null) {
            loop = new InlineGroupLoop(loops.next(), pipelineConfig, group);
            wal = new InlineWalStage(disk.wal());
            apply = new InlineApplyStage(store);
        } else {
            loop = new ThreadedGroupLoop("group-" + id, pipelineConfig, timer, group);
            groupWal = shared.group(id, loop);
            wal = groupWal;
            ThreadedApplyStage stage = new ThreadedApplyStage("apply-" + id, store, loop, pipelineConfig);
            stage.start();
            ownApply = stage;
            apply = stage;
        }
        Recovery.Recovered recovered = disk.recovered(id);
        told.onRecovered(id, recovered);
        ReplicaPorts ports = new ReplicaPorts(
                latency.timed(id, wal),
                g.state(),
                store,
                new TimedApply(id, apply),
                acks.timed(sender),
                told,
                loop::execute,
                ownBackground,
                clock,
                suspended == null ? () -> 0 : suspended,
                PooledByteBufAllocator.DEFAULT);
        Replica replica = new Replica(
                raft,
                NodeSettings.replica(config, groups.size() + 1),
                disk.identity().identity().ofGroup(id),
                recovered.state(),
                measured.measured(ports),
                boot * 31 + id * 1009L + config.nodeId());
        LongConsumer durable = measured.durable(replica::onWalDurable);
        if (groupWal != null) {
            groupWal.bind(replica, durable);
        } else {
            router.register(id, loop instanceof InlineGroupLoop inline ? inline.completions(durable) : durable);
        }
        group.bind(replica, loop);
        atRunTime.note(id, wal, ownBackground, ownApply);
        gateway.addGroup(id, loop);
        groups.put(id, group);
    }

    private void onGroupEnded(int groupId) {
        router.unregister(groupId);
        if (walStage != null) {
            walStage.forget(groupId);
        }
        gateway.removeGroup(groupId);
        meters.forgetGroup(groupId);
    }

    private void addVolumes() {
        for (GatewayOffer.Volume v : NodeSettings.volumes(config)) {
            gateway.addVolume(v.name(), v.sizeBytes(), v.chunkBytes(), v.readOnly(), v.groups());
        }
    }

    /** What its HTTP server has besides the pages of every process; filled before the start. */
    Routes routes() {
        return routes;
    }

    /** @param changed what it has, but for reloadable keys */
    void reconfigure(NodeConfig changed) {
        config = changed;
        measureRequests(changed.metrics());
        NbdServer s = nbd;
        if (s != null) {
            s.reconfigure(NodeSettings.nbd(changed.nbd(), changed.limits()));
        }
    }

    private void measureRequests(NodeConfig.MetricsKeys keys) {
        meters.measureRequests(keys.requests(), keys.writesPerTimed());
    }

    /** Serves from here on. */
    void start() throws IOException {
        // Bound first: a taken port must be known before this node votes.
        StatusServer status =
                StatusServer.bind(NodeSettings.resolved(config.httpListen(), "http.listen"), watch, routes, meters);
        status.commitOrder(meters.commitOrder()::recent);
        http = status;
        ThreadedWalStage shared = walStage;
        if (shared == null) {
            NodeWal.attach(disk.wal(), loops);
        } else {
            shared.start();
        }
        if (slowLog != null) {
            boolean outOfOrder = NodeWal.completesOutOfOrder(config);
            slowLog.start(
                    outOfOrder, shared == null ? loops.next() : timer, shared == null ? () -> {} : shared::signal);
        }
        groups.values().forEach(g -> g.loop().start());
        loops.forEach(loop -> LoopDelay.watch(loop, delayNs -> {
            meters.onLoopDelay(delayNs);
            watch.onLoopDelay(delayNs);
        }));
        watch.start(groups.values());
        meters.beforeScrape(new ProcessFigures(meters, () -> nbd)
                .ofNode(config)
                .ofPeers(config.transport().lanes(), links::readings)
                .inUse("node", config.nodeId(), transport.label(), NodeSettings.word(pipeline)));
        started = true;
        GivenUpDisks.follow(timer, formation, groups.values());
        formation.start(() -> groups.values().forEach(g -> g.open(formation.founders())));
        links.start();
        volumes.start();
        NbdServer clients = NbdServer.listen(
                loops,
                transport,
                NodeSettings.nbdAddresses(config.nbd()),
                gateway,
                NodeSettings.nbd(config.nbd(), config.limits()));
        clients.onWriteReceived(elapsedNs -> meters.onStageOfAny(Stage.RECEIVE, elapsedNs));
        nbd = clients;
        status.start();
        tellStarted();
    }

    private void tellStarted() {
        String nbdText = nbdAddresses().stream().map(NodeSettings::text).collect(Collectors.joining(", "));
        String httpText = NodeSettings.text(httpAddress());
        String walEngine = disk.wal().engine();
        String text = "node " + config.nodeId() + " serves nbd " + nbdText + " http " + httpText + ": transport "
                + transport.label() + ", wal " + walEngine + ", pipeline " + NodeSettings.word(pipeline) + ", mode "
                + NodeSettings.word(config.mode()) + ", durability " + NodeSettings.word(config.durability())
                + ", groups " + (groups.size() - 1);
        events.tell(
                EventKind.PROCESS_STARTED,
                0,
                text,
                "node",
                config.nodeId(),
                nbdText,
                httpText,
                transport.label(),
                NodeSettings.word(pipeline),
                walEngine);
    }

    private List<SocketAddress> nbdAddresses() {
        NbdServer s = nbd;
        return s == null ? config.nbd().listen() : s.addresses();
    }

    /** The first; its text is what the configuration would say. */
    private String nbdText() {
        List<SocketAddress> all = nbdAddresses();
        return all.isEmpty() ? "" : NodeSettings.text(all.get(0));
    }

    /** The first TCP address at which the started node serves clients. */
    InetSocketAddress nbdAddress() {
        NbdServer s = nbd;
        if (s == null) {
            throw new IllegalStateException("not started");
        }
        return s.address();
    }

    InetSocketAddress httpAddress() {
        StatusServer s = http;
        return s == null ? config.httpListen() : s.address();
    }

    private NodeReading read() throws IOException {
        GroupsReading all = GroupsReading.of(groups.values(), READ_TIMEOUT_MS);
        List<ReplicaStatus> replicas = new ArrayList<>(all.replicas());
        // What people look at is the volumes; the catalogue has a page of its own. Of a node without a volume it is all
        // there is.
        CatalogueReading catalogue = volumes.reading(replicas);
        boolean hasVolumes = replicas.size() > 1;
        replicas.removeIf(r -> hasVolumes && r.groupId() == Catalogue.GROUP);
        return new NodeReading(
                config.nodeId(),
                nbdText(),
                NodeSettings.text(httpAddress()),
                NodeSettings.word(config.mode()),
                NodeSettings.word(config.durability()),
                disk.wal().engine(),
                transport.label(),
                NodeSettings.word(pipeline),
                formation.waitsFor(),
                NodeSettings.voters(config),
                links.connectedPeers(config),
                all.unanswered(),
                all.resends(),
                all.timeouts(),
                all.sessions(),
                ProcessFigures.clients(nbd),
                replicas,
                watch.slowFollowers(),
                catalogue);
    }

    private boolean isConnected(int peer) {
        return links.connected(peer);
    }

    /** Orderly: leaders hand over, no new clients, groups end, the log is forced and marked clean. */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        boolean clean = true;
        watch.close();
        volumes.close();
        if (started) {
            events.tell(EventKind.PROCESS_STOPPING, 0, "node " + config.nodeId() + " stops", "node", config.nodeId());
            new LeaderHandover(
                            groups.values(),
                            links.anyPeerOf(config),
                            config.raft().handoverTimeoutNs(),
                            events)
                    .run();
        }
        NbdServer clients = nbd;
        if (clients != null) {
            clients.stop(TimeUnit.NANOSECONDS.toMillis(config.nbd().stopGraceNs()));
        }
        for (NodeGroup g : groups.values()) {
            try {
                clean &= !g.stop().get(STOP_TIMEOUT_MS, TimeUnit.MILLISECONDS);
            } catch (ExecutionException | TimeoutException e) {
                clean = false;
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                clean = false;
            }
            g.loop().close();
        }
        links.close();
        atRunTime.close();
        stages.forEach(Node::closeQuietly);
        closeQuietly(walStage);
        closeQuietly(http);
        clean &= detachWal();
        loops.shutdownGracefully(0, STOP_TIMEOUT_MS, TimeUnit.MILLISECONDS).awaitUninterruptibly(STOP_TIMEOUT_MS);
        timer.shutdownNow();
        background.shutdown();
        try {
            clean &= background.awaitTermination(STOP_TIMEOUT_MS, TimeUnit.MILLISECONDS);
            if (clean) {
                disk.endClean();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            clean = false;
        } catch (IOException | RuntimeException e) {
            clean = false;
            LOG.warn("the stop is not marked clean: {}", e.getMessage());
        }
        disk.close();
        closeQuietly(suspended);
        String text = "node " + config.nodeId() + " has stopped";
        events.tell(EventKind.PROCESS_STOPPED, 0, text, "node", config.nodeId(), Boolean.toString(clean));
    }

    private boolean detachWal() {
        try {
            return NodeWal.detach(disk.wal(), loops);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        } catch (RuntimeException e) {
            LOG.warn("the log could not be taken off its event loop: {}", e.getMessage());
            return false;
        }
    }

    private static void closeQuietly(@Nullable AutoCloseable part) {
        try {
            if (part != null) {
                part.close();
            }
        } catch (Exception e) {
            LOG.warn("at the stop: {}", e.getMessage());
        }
    }
}
