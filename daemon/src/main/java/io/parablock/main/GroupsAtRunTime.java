package io.parablock.main;

import io.parablock.blockdev.nbd.netty.NbdServer;
import io.parablock.config.NodeConfig;
import io.parablock.pipeline.ThreadedApplyStage;
import io.parablock.replica.WalStage;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The groups of a node that begin and end while it runs; changes come on one thread, that of {@link NodeVolumes}. */
final class GroupsAtRunTime implements NodeVolumes.Groups, AutoCloseable {
    /** Named limit: what a group has under way ends by then. */
    private static final long END_TIMEOUT_MS = 5_000;

    /** Named limit of {@link #endGraceMs}. */
    private static final long END_GRACE_MS_MAX = 1_000;

    /** @param apply its own thread for the block store, if it has one */
    private record Parts(
            WalStage wal,
            GroupBackground background,
            @Nullable ThreadedApplyStage apply) {}

    private final NodeConfig config;
    private final Map<Integer, NodeGroup> groups;
    private final Map<Integer, Parts> parts = new ConcurrentHashMap<>();
    private final Consumer<NodeDisk.Group> add;
    private final IntConsumer ended;
    private final PeerLinks links;
    private final NodeFormation formation;
    private final Supplier<@Nullable NbdServer> clients;

    /**
     * @param groups of the node; one that has ended is taken out
     * @param add puts a group together, into {@code groups}, and tells {@link #note}
     * @param ended whoever else knows the group forgets it
     */
    GroupsAtRunTime(
            NodeConfig config,
            Map<Integer, NodeGroup> groups,
            Consumer<NodeDisk.Group> add,
            IntConsumer ended,
            PeerLinks links,
            NodeFormation formation,
            Supplier<@Nullable NbdServer> clients) {
        this.config = config;
        this.groups = groups;
        this.add = add;
        this.ended = ended;
        this.links = links;
        this.formation = formation;
        this.clients = clients;
    }

    /** What has to end with a group. */
    void note(int groupId, WalStage wal, GroupBackground background, @Nullable ThreadedApplyStage apply) {
        parts.put(groupId, new Parts(wal, background, apply));
    }

    @Override
    public boolean isOpen(int groupId) {
        return groups.containsKey(groupId);
    }

    @Override
    public void open(NodeDisk.Group g) {
        add.accept(g);
        NodeGroup group = groups.get(g.groupId());
        if (group == null) {
            throw new AssertionError("group " + g.groupId() + " was not added");
        }
        group.loop().start();
        if (formation.isOpen()) {
            group.open(formation.founders());
        }
        for (int peer : NodeSettings.voters(config)) {
            if (peer != config.nodeId() && links.connected(peer)) {
                group.onConnected(peer, true);
                if (!links.connected(peer)) {
                    // Lost in between: that was told to the groups that were there.
                    group.onConnected(peer, false);
                }
            }
        }
    }

    @Override
    public void close(int groupId) throws InterruptedException {
        NodeGroup group = groups.get(groupId);
        Parts own = parts.get(groupId);
        if (group == null || own == null) {
            return;
        }
        try {
            boolean unused = group.end(own.wal).get(END_TIMEOUT_MS, TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new IllegalStateException("group " + groupId + " does not end: " + e.getMessage(), e);
        }
        if (!own.background.close(END_TIMEOUT_MS)) {
            throw new IllegalStateException("group " + groupId + " still uses its files");
        }
        groups.remove(groupId);
        group.loop().close();
        if (own.apply != null) {
            own.apply.close();
        }
        parts.remove(groupId);
        ended.accept(groupId);
    }

    @Override
    public void endClients(String volume) {
        NbdServer s = clients.get();
        if (s != null) {
            s.endClients(volume, endGraceMs(config.nbd().stopGraceNs()));
        }
    }

    /**
     * How long the clients of a deleted volume are waited for: other nodes may have closed its groups already, and then no request
     * ends any more.
     *
     * @param stopGraceNs {@code nbd.stop_grace}
     */
    static long endGraceMs(long stopGraceNs) {
        return Math.min(END_GRACE_MS_MAX, TimeUnit.NANOSECONDS.toMillis(stopGraceNs));
    }

    /** At the end of the node, after the groups' loops. */
    @Override
    public void close() {
        for (Parts own : parts.values()) {
            if (own.apply != null) {
                own.apply.close();
            }
        }
    }
}
