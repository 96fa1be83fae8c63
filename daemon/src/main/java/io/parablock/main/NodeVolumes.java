package io.parablock.main;

import io.netty.util.concurrent.DefaultThreadFactory;
import io.parablock.blockdev.store.BlockStoreException;
import io.parablock.catalogue.Catalogue;
import io.parablock.catalogue.CatalogueStore;
import io.parablock.catalogue.GroupNotes;
import io.parablock.config.NodeConfig;
import io.parablock.events.EventKind;
import io.parablock.events.EventLog;
import io.parablock.gateway.Gateway;
import io.parablock.http.CatalogueReading;
import io.parablock.raft.membership.Members;
import io.parablock.replica.ReplicaStatus;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings a node in line with the catalogue of volumes: what was created is opened here, what was deleted is closed and its files
 * go. On a thread of its own; each step is such that the next start goes on where a crash cut it short.
 *
 * <pre>
 *   CatalogueStore ─ taken ─► files and META ─► noted ─► groups take part ─► volumes are served
 *                        └──► noted as deleting ─► clients told ─► groups end ─► files go ─► note goes
 * </pre>
 */
final class NodeVolumes implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(NodeVolumes.class);
    private static final long RETRY_MS = 2_000;
    private static final long STOP_TIMEOUT_MS = 20_000;

    /** What a node does with groups at run time; called on one thread. */
    interface Groups {
        /** Whether it takes part. */
        boolean isOpen(int groupId);

        /** The replica may take part from here on; its group is noted. */
        void open(NodeDisk.Group group);

        /** The group's clients and replica end; nothing uses its files after that. */
        void close(int groupId) throws InterruptedException;

        /** The clients of a volume are disconnected in order, as at a stop; it is not offered any more. */
        void endClients(String volume);
    }

    private final NodeConfig config;
    private final NodeDisk disk;
    private final CatalogueStore store;
    private final Gateway gateway;
    private final Groups groups;
    private final Supplier<@Nullable Members> members;
    private final EventLog events;
    private final Set<String> configured;
    private final ScheduledThreadPoolExecutor thread =
            new ScheduledThreadPoolExecutor(1, new DefaultThreadFactory("volumes", true));

    /** What is served of the catalogue, by name; of the thread. */
    private final Map<String, Catalogue.Volume> served = new HashMap<>();
    /** Why the last attempt failed, so that it is told once. */
    private String failure = "";

    /** Of whoever waits for it; guarded by this. */
    private Catalogue followed = Catalogue.EMPTY;

    /** @param members whose disks count, as far as this node knows; null before the cluster has formed */
    NodeVolumes(
            NodeConfig config,
            NodeDisk disk,
            Gateway gateway,
            Groups groups,
            Supplier<@Nullable Members> members,
            EventLog events) {
        this.config = config;
        this.disk = disk;
        this.store = disk.catalogue();
        this.gateway = gateway;
        this.groups = groups;
        this.members = members;
        this.events = events;
        thread.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
        this.configured =
                config.volumes().stream().map(NodeConfig.Volume::name).collect(Collectors.toUnmodifiableSet());
    }

    /** Serves what was there at the last stop, and follows from here on. Before clients come. */
    void start() {
        // Groups that are noted run already; the store may be older than the notes until the log has been replayed.
        Catalogue noted = disk.notes().notes().catalogue();
        serve(noted, false);
        onFollowed(noted);
        store.onTaken(this::onTaken);
        onTaken();
    }

    private void onTaken() {
        try {
            thread.execute(this::follow);
        } catch (RejectedExecutionException e) {
            // The node stops; the next start follows.
        }
    }

    /** What an administrator may do here. */
    Catalogue.Rules rules() {
        return new Catalogue.Rules(config.limits().volumes(), configured, members.get());
    }

    /** The version that this node serves. */
    synchronized Catalogue followed() {
        return followed;
    }

    /** @param replicas of the node, with the catalogue's */
    CatalogueReading reading(List<ReplicaStatus> replicas) throws IOException {
        for (ReplicaStatus r : replicas) {
            if (r.groupId() == Catalogue.GROUP) {
                Catalogue now = followed();
                return new CatalogueReading(
                        r,
                        now.version(),
                        store.catalogue().version(),
                        now.volumes().size());
            }
        }
        throw new IOException("the node stops");
    }

    /** Waits until this node serves a version, or a later one. */
    synchronized boolean await(long version, long deadlineNs) throws InterruptedException {
        while (followed.version() < version) {
            long leftMs = TimeUnit.NANOSECONDS.toMillis(deadlineNs - System.nanoTime());
            if (leftMs <= 0) {
                return false;
            }
            wait(leftMs);
        }
        return true;
    }

    // ---------------------------------------------------------------- on the thread

    private void follow() {
        try {
            Catalogue now = store.catalogue();
            if (now.version() >= disk.notes().notes().catalogue().version()) {
                open(now);
                serve(now, true);
                delete();
                onFollowed(now);
            }
            failure = "";
        } catch (IOException | UncheckedIOException | BlockStoreException e) {
            onFailed(String.valueOf(e.getMessage()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            LOG.error("the volumes", e);
            onFailed(e.toString());
        }
    }

    private synchronized void onFollowed(Catalogue now) {
        followed = now;
        notifyAll();
    }

    private void onFailed(String why) {
        if (!why.equals(failure)) {
            failure = why;
            String text = "the volumes that were created cannot be followed: " + why + "; tried again every "
                    + RETRY_MS / 1_000 + " s";
            events.tell(EventKind.VOLUMES_FAILED, Catalogue.GROUP, text, why);
        }
        try {
            var unused = thread.schedule(this::follow, RETRY_MS, TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            // The node stops; the next start tries again.
        }
    }

    private void open(Catalogue now) throws IOException {
        GroupNotes.Notes notes = disk.notes().notes();
        List<GroupNotes.Noted> begun = new ArrayList<>();
        for (Catalogue.Volume v : now.volumes()) {
            for (int g : v.groups()) {
                if (notes.mayBegin(g)) {
                    GroupNotes.Noted n = new GroupNotes.Noted(
                            g,
                            v.name(),
                            v.chunkBytes(),
                            false,
                            now.beginsWith(g).orElse(null));
                    disk.begin(n);
                    begun.add(n);
                }
            }
        }
        GroupNotes.Notes next = notes.following(now, begun);
        if (!next.equals(notes)) {
            disk.notes().write(next);
        }
        for (GroupNotes.Noted n : next.groups().values()) {
            if (!n.deleting() && !groups.isOpen(n.group())) {
                groups.open(disk.group(n.group()));
            }
        }
    }

    /** @param news whether it is any */
    private void serve(Catalogue now, boolean news) {
        for (Catalogue.Volume v : now.volumes()) {
            Catalogue.Volume before = served.get(v.name());
            if (v.equals(before)) {
                continue;
            }
            if (configured.contains(v.name())) {
                events.tellSeldom(
                        EventKind.VOLUME_NAME_TAKEN,
                        v.name(),
                        0,
                        "volume " + v.name() + " was created, and the configuration has one of that name: that one is"
                                + " served",
                        v.name());
                continue;
            }
            if (before != null && !v.groups().containsAll(before.groups())) {
                // Deleted and created again, in one step as this node sees it.
                end(before);
                before = null;
            }
            gateway.addVolume(v.name(), v.sizeBytes(), v.chunkBytes(), false, v.groups());
            served.put(v.name(), v);
            if (news) {
                tell(events, v, before);
            }
        }
        for (Catalogue.Volume v : List.copyOf(served.values())) {
            if (now.volume(v.name()).isEmpty()) {
                end(v);
                events.tell(EventKind.VOLUME_DELETED, 0, "volume " + v.name() + " was deleted", v.name());
            }
        }
    }

    private void end(Catalogue.Volume v) {
        served.remove(v.name());
        gateway.removeVolume(v.name());
        groups.endClients(v.name());
    }

    /** @param before null for a volume that is new */
    static void tell(EventLog events, Catalogue.Volume v, Catalogue.@Nullable Volume before) {
        String size = v.name() + " of " + v.sizeBytes() + " bytes";
        if (before != null) {
            events.tell(
                    EventKind.VOLUME_RESIZED,
                    0,
                    "volume " + size + " is served; it had " + before.sizeBytes() + " bytes",
                    v.name(),
                    v.sizeBytes(),
                    before.sizeBytes());
        } else {
            events.tell(
                    EventKind.VOLUME_CREATED,
                    0,
                    "volume " + size + " is served",
                    v.name(),
                    v.sizeBytes(),
                    v.groups().size());
        }
    }

    private void delete() throws IOException, InterruptedException {
        for (GroupNotes.Noted n : disk.notes().notes().groups().values()) {
            if (n.deleting()) {
                groups.close(n.group());
                disk.remove(n);
            }
        }
    }

    /** Nothing is opened or closed any more once it returns. */
    @Override
    public void close() {
        // Without an interruption, which would close a file that is being written.
        thread.shutdown();
        try {
            if (!thread.awaitTermination(STOP_TIMEOUT_MS, TimeUnit.MILLISECONDS)) {
                LOG.warn("the volumes are still being followed after {} ms", STOP_TIMEOUT_MS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
