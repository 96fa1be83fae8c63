package io.parablock.main;

import io.netty.util.concurrent.DefaultThreadFactory;
import io.parablock.blockdev.nbd.netty.NbdServer;
import io.parablock.catalogue.Catalogue;
import io.parablock.config.GatewayProcessConfig;
import io.parablock.events.EventKind;
import io.parablock.events.EventLog;
import io.parablock.gateway.Gateway;
import io.parablock.replica.client.ClientMessage;
import java.io.IOException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a gateway without a replica in line with the catalogue of volumes: it has no store that would tell, so that it reads the
 * record through the catalogue's group, as a client, again and again.
 */
final class GatewayVolumes implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(GatewayVolumes.class);

    /** Named limit: a change is seen at the latest so long after it, while a majority of the nodes answers. */
    static final long PERIOD_MS = 1_000;

    private static final long READ_TIMEOUT_NS = 5_000_000_000L;
    private static final long STOP_TIMEOUT_MS = 1_000;

    /** What it does with groups; called on one thread, or before any client comes. */
    interface Groups {
        /** Begins a group, unless it is there. */
        GatewayGroup begin(int groupId);

        /** Its sessions end. */
        void end(GatewayGroup group);
    }

    private final Gateway gateway;
    private final CatalogueClient catalogue;
    private final Map<Integer, GatewayGroup> groups;
    private final Groups changes;
    private final Supplier<GatewayProcessConfig> config;
    private final Supplier<@Nullable NbdServer> clients;
    private final EventLog events;
    private final Set<String> configured;
    private final ScheduledExecutorService thread =
            Executors.newSingleThreadScheduledExecutor(new DefaultThreadFactory("volumes", true));

    /** What members said of themselves in groups that this gateway does not know yet, by group and member; guarded by this. */
    private final Map<Integer, Map<Integer, ClientMessage.LeaderNotice>> early = new HashMap<>();

    private Catalogue followed = Catalogue.EMPTY;

    /**
     * @param groups those that there are, which {@code changes} adds to; read from any thread
     * @param configured the volumes that all nodes have in their configuration
     */
    GatewayVolumes(
            Gateway gateway,
            Map<Integer, GatewayGroup> groups,
            Groups changes,
            Set<String> configured,
            Supplier<GatewayProcessConfig> config,
            Supplier<@Nullable NbdServer> clients,
            EventLog events) {
        this.gateway = gateway;
        this.catalogue = new CatalogueClient(gateway);
        this.groups = groups;
        this.changes = changes;
        this.configured = Set.copyOf(configured);
        this.config = config;
        this.clients = clients;
        this.events = events;
    }

    /** Reads once before clients come, unless nobody answers, and then again and again. */
    void start() {
        look(false);
        var unused = thread.scheduleWithFixedDelay(() -> look(true), PERIOD_MS, PERIOD_MS, TimeUnit.MILLISECONDS);
    }

    /** A member leads, or does not, a group that is not known here yet. From any thread. */
    void onUnknown(int groupId, int member, ClientMessage.LeaderNotice notice) {
        GatewayGroup known;
        synchronized (this) {
            known = groups.get(groupId);
            if (known == null && groupId >= Catalogue.FIRST_GROUP && groupId <= Catalogue.GROUP_MAX) {
                early.computeIfAbsent(groupId, g -> new TreeMap<>()).put(member, notice);
            }
        }
        if (known != null) {
            known.onReply(member, notice);
        }
    }

    /** What the member said before is void. From any thread. */
    synchronized void onConnection(int member) {
        early.values().forEach(said -> said.remove(member));
        early.values().removeIf(Map::isEmpty);
    }

    private void look(boolean news) {
        try {
            Catalogue now = catalogue.read(READ_TIMEOUT_NS);
            if (now.version() > followed.version()) {
                follow(now, news);
                followed = now;
            }
        } catch (IOException e) {
            LOG.debug("not read", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            LOG.error("the volumes", e);
        }
    }

    private void follow(Catalogue now, boolean news) {
        for (Catalogue.Volume before : followed.volumes()) {
            Catalogue.Volume v = now.volume(before.name()).orElse(null);
            boolean another = v != null && !v.groups().containsAll(before.groups());
            if ((v == null || another) && !configured.contains(before.name())) {
                gateway.removeVolume(before.name());
                NbdServer server = clients.get();
                if (server != null) {
                    server.endClients(
                            before.name(),
                            GroupsAtRunTime.endGraceMs(config.get().nbd().stopGraceNs()));
                }
                events.tell(EventKind.VOLUME_DELETED, 0, "volume " + before.name() + " was deleted", before.name());
            }
        }
        for (Catalogue.Volume v : now.volumes()) {
            Catalogue.Volume before = followed.volume(v.name()).orElse(null);
            if (!v.equals(before) && !configured.contains(v.name())) {
                v.groups().forEach(this::begin);
                gateway.addVolume(v.name(), v.sizeBytes(), v.chunkBytes(), false, v.groups());
                if (news) {
                    NodeVolumes.tell(
                            events, v, before != null && v.groups().containsAll(before.groups()) ? before : null);
                }
            }
        }
        endGroups(now);
    }

    private void begin(int groupId) {
        Map<Integer, ClientMessage.LeaderNotice> said;
        GatewayGroup group;
        synchronized (this) {
            if (groups.containsKey(groupId)) {
                return;
            }
            group = changes.begin(groupId);
            said = early.remove(groupId);
        }
        if (said != null) {
            said.forEach(group::onReply);
        }
    }

    private void endGroups(Catalogue now) {
        Set<Integer> kept = new HashSet<>();
        now.volumes().forEach(v -> kept.addAll(v.groups()));
        for (GatewayGroup g : List.copyOf(groups.values())) {
            if (g.groupId() >= Catalogue.FIRST_GROUP && !kept.contains(g.groupId())) {
                changes.end(g);
                groups.remove(g.groupId());
                gateway.removeGroup(g.groupId());
            }
        }
    }

    @Override
    public void close() {
        thread.shutdownNow();
        try {
            boolean unused = thread.awaitTermination(STOP_TIMEOUT_MS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
