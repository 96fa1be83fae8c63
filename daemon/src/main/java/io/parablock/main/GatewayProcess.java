package io.parablock.main;

import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.parablock.blockdev.nbd.NbdExport;
import io.parablock.blockdev.nbd.netty.NbdServer;
import io.parablock.blockdev.nbd.netty.TransportKind;
import io.parablock.catalogue.Catalogue;
import io.parablock.config.GatewayProcessConfig;
import io.parablock.events.EventKind;
import io.parablock.events.EventLog;
import io.parablock.gateway.Gateway;
import io.parablock.gateway.GatewayConfig;
import io.parablock.health.GatewayHealth;
import io.parablock.http.GatewayReading;
import io.parablock.http.Routes;
import io.parablock.http.StatusServer;
import io.parablock.metrics.LoopDelay;
import io.parablock.metrics.NodeMeters;
import io.parablock.metrics.Stage;
import io.parablock.pipeline.GroupLoop;
import io.parablock.pipeline.InlineGroupLoop;
import io.parablock.pipeline.PipelineConfig;
import io.parablock.pipeline.ThreadedGroupLoop;
import io.parablock.replica.client.ClientMessage;
import io.parablock.transport.GatewayOffer;
import io.parablock.transport.GatewayTransport;
import io.parablock.transport.MemberHandler;
import io.parablock.transport.PeerTransportConfig;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A gateway without a replica: what a node has between its clients and the leaders, and nothing else.
 *
 * <pre>
 *   NBD server ─► Gateway ─► groups ─► GatewayTransport ─► every member
 *   status server                  ◄── answers, who leads ◄──┘
 * </pre>
 *
 * What there is to serve, the first member that lets it in tells; a member that tells otherwise is not spoken to.
 */
final class GatewayProcess implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(GatewayProcess.class);
    /** As events say it. */
    static final String ROLE = "gateway";

    private static final long READ_TIMEOUT_MS = 1_000;
    private static final long STOP_TIMEOUT_MS = 5_000;
    private static final int LOOP_THREADS_OF_THREADS_PIPELINE = 2;

    /** Of all keys, those that a reload applies may change: {@link #reconfigure}. */
    private volatile GatewayProcessConfig config;

    private final EventLog events;
    private final LinkEvents linkEvents;
    private final Node.FatalHandler fatal;
    private final TransportKind transport;
    private final PipelineConfig pipelineConfig;
    private final PipelineConfig.Kind pipeline;
    private final EventLoopGroup loops;
    private final ScheduledExecutorService timer;
    private final NodeMeters meters = new NodeMeters();
    /** Sessions are known by both: no two processes, and no node, have the same. */
    private final int id;

    private final long boot;
    private final GatewayTransport members;
    private final CompletableFuture<Serving> serving = new CompletableFuture<>();
    private volatile @Nullable NbdServer nbd;
    private volatile @Nullable StatusServer http;
    private final Routes routes = new Routes();
    private boolean closed;

    /** What the first offer made, and what was created since. */
    private record Serving(
            GatewayOffer offer,
            int sessionWindow,
            Gateway gateway,
            Map<Integer, GatewayGroup> groups,
            GatewayVolumes volumes) {}

    GatewayProcess(GatewayProcessConfig config, EventLog events, Node.FatalHandler fatal) {
        this.config = config;
        this.events = events;
        this.linkEvents = new LinkEvents(events);
        this.fatal = fatal;
        this.transport = NodeSettings.transport(config.transport().kind(), events);
        this.pipelineConfig = NodeSettings.pipeline(config.pipeline());
        this.pipeline = pipelineConfig.resolve(Runtime.getRuntime().availableProcessors());
        this.id = GatewayTransport.drawId(new SecureRandom());
        this.boot = System.currentTimeMillis();
        Map<Integer, InetSocketAddress> addresses = NodeSettings.addresses(config.members());
        int threads = pipeline == PipelineConfig.Kind.INLINE ? 1 : LOOP_THREADS_OF_THREADS_PIPELINE;
        this.loops =
                new MultiThreadIoEventLoopGroup(threads, new DefaultThreadFactory("loop", true), transport.ioHandler());
        this.timer = Executors.newSingleThreadScheduledExecutor(new DefaultThreadFactory("timer", true));
        int lanes = config.transport().lanes();
        PeerTransportConfig links = PeerTransportConfig.of(
                config.clusterId(),
                id,
                boot,
                addresses,
                lanes,
                lanes,
                NodeSettings.limits(config.transport().limits(), 0));
        long keepAliveMs =
                TimeUnit.NANOSECONDS.toMillis(config.transport().limits().gatewayKeepAliveNs());
        this.members = new GatewayTransport(links, loops, transport, keepAliveMs, new Inputs());
    }

    /** What its HTTP server has besides the pages of every process; filled before the start. */
    Routes routes() {
        return routes;
    }

    /** @param changed what it has, but for reloadable keys */
    synchronized void reconfigure(GatewayProcessConfig changed) {
        config = changed;
        NbdServer s = nbd;
        if (s != null) {
            s.reconfigure(NodeSettings.nbd(changed.nbd(), changed.limits()));
        }
    }

    /**
     * Returns once clients are served: as soon as a member has told what there is.
     *
     * @throws InterruptedException also if the process is stopped before that
     */
    void start() throws IOException, InterruptedException {
        InetSocketAddress listen = config.httpListen();
        if (listen != null) {
            StatusServer status = StatusServer.bind(
                    NodeSettings.resolved(listen, "http.listen"),
                    () -> new GatewayHealth(read(), Version.text()),
                    routes,
                    meters);
            http = status;
            status.start();
        }
        loops.forEach(loop -> LoopDelay.watch(loop, meters::onLoopDelay));
        String looks = "gateway " + id + " looks for the nodes of cluster " + config.clusterId();
        events.tell(EventKind.PROCESS_STARTING, 0, looks, ROLE, id);
        meters.beforeScrape(new ProcessFigures(meters, () -> nbd)
                .ofPeers(config.transport().lanes(), members::readings)
                .inUse("gateway", id, transport.label(), NodeSettings.word(pipeline)));
        members.dial();
        Serving s;
        try {
            s = serving.get();
        } catch (ExecutionException stopped) {
            throw new InterruptedException("stopped");
        }
        s.volumes.start();
        synchronized (this) {
            if (closed) {
                throw new InterruptedException("stopped");
            }
            NbdServer clients = NbdServer.listen(
                    loops,
                    transport,
                    NodeSettings.nbdAddresses(config.nbd()),
                    s.gateway,
                    NodeSettings.nbd(config.nbd(), config.limits()));
            clients.onWriteReceived(elapsedNs -> meters.onStageOfAny(Stage.RECEIVE, elapsedNs));
            nbd = clients;
        }
        String volumes = s.gateway.exports().stream().map(NbdExport::name).collect(Collectors.joining(", "));
        String text = "gateway " + id + " serves nbd " + nbdText(", ") + " http " + httpText() + ": cluster "
                + config.clusterId() + ", transport " + transport.label() + ", pipeline " + NodeSettings.word(pipeline)
                + ", volumes " + volumes + ", groups " + (s.groups.size() - 1);
        events.tell(
                EventKind.PROCESS_STARTED,
                0,
                text,
                ROLE,
                id,
                nbdText(", "),
                httpText(),
                transport.label(),
                NodeSettings.word(pipeline),
                null);
    }

    private String nbdText(String between) {
        NbdServer s = nbd;
        return s == null ? "" : s.addresses().stream().map(NodeSettings::text).collect(Collectors.joining(between));
    }

    private String httpText() {
        StatusServer s = http;
        return s == null ? "none" : NodeSettings.text(s.address());
    }

    private Serving serve(GatewayOffer offer) {
        GatewayConfig settings = NodeSettings.gateway(config.gateway(), offer.sessionWindow(), offer.sessionExpiryNs());
        Gateway gateway =
                new Gateway(id, boot, settings, members, meters, PooledByteBufAllocator.DEFAULT, System::nanoTime);
        Map<Integer, GatewayGroup> groups = new ConcurrentSkipListMap<>();
        groups.put(Catalogue.GROUP, group(Catalogue.GROUP, gateway));
        for (GatewayOffer.Volume v : offer.volumes()) {
            v.groups().forEach(g -> groups.computeIfAbsent(g, n -> group(n, gateway)));
            gateway.addVolume(v.name(), v.sizeBytes(), v.chunkBytes(), v.readOnly(), v.groups());
        }
        groups.values().forEach(g -> g.loop().start());
        GatewayVolumes volumes = new GatewayVolumes(
                gateway,
                groups,
                new AtRunTime(gateway, groups),
                offer.volumes().stream().map(GatewayOffer.Volume::name).collect(Collectors.toSet()),
                () -> config,
                () -> nbd,
                events);
        return new Serving(offer, settings.sessionWindow(), gateway, groups, volumes);
    }

    private final class AtRunTime implements GatewayVolumes.Groups {
        private final Gateway gateway;
        private final Map<Integer, GatewayGroup> groups;

        AtRunTime(Gateway gateway, Map<Integer, GatewayGroup> groups) {
            this.gateway = gateway;
            this.groups = groups;
        }

        @Override
        public GatewayGroup begin(int groupId) {
            GatewayGroup group = group(groupId, gateway);
            groups.put(groupId, group);
            group.loop().start();
            return group;
        }

        @Override
        public void end(GatewayGroup group) {
            stop(group);
        }
    }

    private GatewayGroup group(int groupId, Gateway gateway) {
        GatewayGroup group = new GatewayGroup(
                groupId,
                gateway,
                members,
                events,
                cause -> fatal.onFatal("group " + groupId + " of the gateway: " + cause));
        GroupLoop loop = pipeline == PipelineConfig.Kind.INLINE
                ? new InlineGroupLoop(loops.next(), pipelineConfig, group)
                : new ThreadedGroupLoop("group-" + groupId, pipelineConfig, timer, group);
        group.bind(loop);
        gateway.addGroup(groupId, loop);
        return group;
    }

    private GatewayReading read() throws IOException {
        List<GatewayReading.Group> groups = new ArrayList<>();
        Serving s = serving.isDone() && !serving.isCompletedExceptionally() ? serving.join() : null;
        for (GatewayGroup g : s == null ? List.<GatewayGroup>of() : s.groups.values()) {
            try {
                if (g.groupId() == Catalogue.GROUP) {
                    continue; // No volume's.
                }
                GatewayGroup.Reading r = g.read().get(READ_TIMEOUT_MS, TimeUnit.MILLISECONDS);
                Gateway.Figures f = r.figures();
                groups.add(new GatewayReading.Group(
                        r.groupId(),
                        r.leader(),
                        f.unanswered(),
                        f.sessions(),
                        f.resends(),
                        f.timeouts(),
                        f.sessionsLost()));
            } catch (ExecutionException | TimeoutException e) {
                throw new IOException("a group does not answer", e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException("the gateway stops", e);
            }
        }
        return new GatewayReading(
                id,
                config.clusterId(),
                nbdText(","),
                httpText(),
                transport.label(),
                NodeSettings.word(pipeline),
                members.readings().stream()
                        .map(m -> new GatewayReading.Member(m.peer(), m.connected(), m.lanesUp(), m.queuedBytes()))
                        .toList(),
                ProcessFigures.clients(nbd),
                groups);
    }

    /** Orderly: no new clients, what is under way is finished, sessions are closed. */
    @Override
    public void close() {
        NbdServer clients;
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
            clients = nbd;
        }
        events.tell(EventKind.PROCESS_STOPPING, 0, "gateway " + id + " stops", ROLE, id);
        boolean unused = serving.completeExceptionally(new InterruptedException("stopped"));
        if (clients != null) {
            clients.stop(TimeUnit.NANOSECONDS.toMillis(config.nbd().stopGraceNs()));
        }
        if (!serving.isCompletedExceptionally()) {
            serving.join().volumes.close();
            serving.join().groups.values().forEach(GatewayProcess::stop);
        }
        members.close();
        StatusServer status = http;
        if (status != null) {
            status.close();
        }
        loops.shutdownGracefully(0, STOP_TIMEOUT_MS, TimeUnit.MILLISECONDS).awaitUninterruptibly(STOP_TIMEOUT_MS);
        timer.shutdownNow();
        events.tell(EventKind.PROCESS_STOPPED, 0, "gateway " + id + " has stopped", ROLE, id, null);
    }

    private static void stop(GatewayGroup group) {
        try {
            Boolean unused = group.stop().get(STOP_TIMEOUT_MS, TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException e) {
            LOG.warn("at the stop: {}", String.valueOf(e.getMessage()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        group.loop().close();
    }

    private final class Inputs implements MemberHandler {
        @Override
        public String onOffer(int member, GatewayOffer offer) {
            synchronized (serving) {
                if (!serving.isDone()) {
                    boolean unused = serving.complete(serve(offer));
                    return "";
                }
            }
            if (serving.isCompletedExceptionally()) {
                return "the gateway stops";
            }
            Serving s = serving.join();
            String why = s.offer.disagreement(offer, s.sessionWindow);
            return why.isEmpty() ? "" : why + "; give all nodes the same configuration, and start this gateway again";
        }

        @Override
        public void onReply(int groupId, int from, ClientMessage m) {
            Serving s = serving.join();
            GatewayGroup g = s.groups.get(groupId);
            if (g == null && m instanceof ClientMessage.LeaderNotice notice) {
                s.volumes.onUnknown(groupId, from, notice);
            } else if (g == null) {
                NodeGroup.release(m);
            } else {
                g.onReply(from, m);
            }
        }

        @Override
        public void onComplaint(int member, InetSocketAddress at, String why) {
            linkEvents.onComplaint(member, " at " + at, why);
        }

        @Override
        public void onConnected(int member, boolean up) {
            linkEvents.onConnected(member, up);
            if (!serving.isCompletedExceptionally()) {
                serving.join().volumes.onConnection(member);
                serving.join().groups.values().forEach(g -> g.onConnected(member, up));
            }
        }
    }
}
