package io.parablock.main;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.parablock.blockdev.nbd.NbdExport;
import io.parablock.blockdev.nbd.NbdSession;
import io.parablock.catalogue.Catalogue;
import io.parablock.catalogue.RefusedChangeException;
import io.parablock.config.NodeConfig;
import io.parablock.gateway.Gateway;
import io.parablock.http.Answer;
import io.parablock.http.Routes;
import io.parablock.raft.RaftStatus;
import io.parablock.transport.GatewayOffer;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * The volumes over HTTP: {@code GET /volumes}, and from this machine {@code POST /admin/volume/create?name=N&size=BYTES
 * [&chunk_size=BYTES]}, {@code /admin/volume/resize?name=N&size=BYTES} and {@code /admin/volume/delete?name=N}, each
 * with {@code &timeout_ms=MS} if that is not to be 10000. A change is answered when it is decided and this node, and as far as that comes in time a majority, serves it. Thread-safe; one change at
 * a time on this node.
 */
final class VolumeActions {
    static final String PAGE = "/volumes";
    static final String CREATE = "/admin/volume/create";
    static final String RESIZE = "/admin/volume/resize";
    static final String DELETE = "/admin/volume/delete";

    /** How long a change, and that it is served, is waited for unless {@code timeout_ms} is given. */
    static final long TIMEOUT_MS_DEFAULT = 10_000;

    /** Named limit of {@code timeout_ms}. */
    static final long TIMEOUT_MS_MAX = 60_000;

    static final long CHUNK_BYTES_DEFAULT = 10L << 30;

    private static final String NAME = "name";
    private static final String SIZE = "size";
    private static final String CHUNK_SIZE = "chunk_size";
    private static final String TIMEOUT = "timeout_ms";

    /** Makes a change; its id is the first parameter. */
    @FunctionalInterface
    private interface Edit {
        Catalogue next(String id, Catalogue now) throws RefusedChangeException;
    }

    /** A wrong parameter. */
    private static final class BadParameterException extends Exception {
        private static final long serialVersionUID = 1;

        BadParameterException(String line) {
            super(line);
        }
    }

    private final NodeConfig config;
    private final NodeVolumes volumes;
    private final CatalogueClient catalogue;
    private final Gateway gateway;
    private final IntFunction<@Nullable NodeGroup> groups;
    private final ReentrantLock lock = new ReentrantLock();

    VolumeActions(NodeConfig config, NodeVolumes volumes, Gateway gateway, IntFunction<@Nullable NodeGroup> groups) {
        this.config = config;
        this.volumes = volumes;
        this.catalogue = new CatalogueClient(gateway);
        this.gateway = gateway;
        this.groups = groups;
    }

    void addTo(Routes routes) {
        routes.page(PAGE, query -> Answer.json(page()));
        routes.action(CREATE, this::create);
        routes.action(RESIZE, this::resize);
        routes.action(DELETE, this::delete);
    }

    // ---------------------------------------------------------------- what there is

    private ObjectNode page() throws IOException {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        Catalogue now = volumes.followed();
        json.put("node", config.nodeId()).put("version", now.version());
        putCatalogue(json.putObject("catalogue"));
        ArrayNode all = json.putArray("volumes");
        for (GatewayOffer.Volume v : NodeSettings.volumes(config)) {
            put(all.addObject(), v.name(), v.sizeBytes(), v.chunkBytes(), v.groups())
                    .put("read_only", v.readOnly())
                    .put("from", "configuration");
        }
        Set<String> configured = volumes.rules().configured();
        for (Catalogue.Volume v : now.volumes()) {
            if (!configured.contains(v.name())) {
                put(all.addObject(), v).put("read_only", false).put("from", "catalogue");
            }
        }
        return json;
    }

    /** Of the catalogue's group, which /status leaves out. */
    private void putCatalogue(ObjectNode json) throws IOException {
        NodeGroup group = groups.apply(Catalogue.GROUP);
        if (group == null) {
            throw new IOException("the node stops");
        }
        RaftStatus r = LeaderTransferAction.read(group);
        json.put("group", group.groupId())
                .put("role", NodeSettings.word(r.role()))
                .put("leader", r.leader())
                .put("ready", r.ready())
                .put("term", r.term())
                .put("commit_watermark", r.commitWatermark())
                .put("applied_watermark", r.appliedPrefix())
                .put("installing", r.installing())
                .put("amnesiac", r.amnesiac());
    }

    private static ObjectNode put(ObjectNode json, Catalogue.Volume v) {
        return put(json, v.name(), v.sizeBytes(), v.chunkBytes(), v.groups());
    }

    private static ObjectNode put(ObjectNode json, String name, long sizeBytes, long chunkBytes, List<Integer> groups) {
        json.put(NAME, name).put(SIZE, sizeBytes).put(CHUNK_SIZE, chunkBytes);
        ArrayNode ids = json.putArray("groups");
        groups.forEach(g -> ids.add(g.intValue()));
        return json;
    }

    // ---------------------------------------------------------------- changes

    private Answer create(Map<String, String> query) throws IOException {
        return change(query, Set.of(NAME, SIZE, CHUNK_SIZE), () -> {
            String name = text(query, NAME);
            long size = number(query, SIZE, 0);
            long chunk = number(query, CHUNK_SIZE, CHUNK_BYTES_DEFAULT);
            return (id, now) -> now.create(id, name, size, chunk, volumes.rules());
        });
    }

    private Answer resize(Map<String, String> query) throws IOException {
        return change(query, Set.of(NAME, SIZE), () -> {
            String name = text(query, NAME);
            long size = number(query, SIZE, 0);
            return (id, now) -> now.resize(id, name, size, volumes.rules());
        });
    }

    private Answer delete(Map<String, String> query) throws IOException {
        return change(query, Set.of(NAME), () -> {
            String name = text(query, NAME);
            return (id, now) -> now.delete(id, name, volumes.rules());
        });
    }

    private interface Asked {
        Edit edit() throws BadParameterException;
    }

    private Answer change(Map<String, String> query, Set<String> known, Asked asked) throws IOException {
        for (String name : query.keySet()) {
            if (!known.contains(name) && !name.equals(TIMEOUT)) {
                return Answer.error(400, "unknown parameter " + name);
            }
        }
        if (!lock.tryLock()) {
            return Answer.error(409, "another change of the volumes is under way at this node");
        }
        try {
            Edit edit = asked.edit();
            long timeoutMs = number(query, TIMEOUT, TIMEOUT_MS_DEFAULT);
            if (timeoutMs < 1 || timeoutMs > TIMEOUT_MS_MAX) {
                throw new BadParameterException("the parameter " + TIMEOUT + " is from 1 to " + TIMEOUT_MS_MAX);
            }
            long timeoutNs = TimeUnit.MILLISECONDS.toNanos(timeoutMs);
            long deadlineNs = System.nanoTime() + timeoutNs;
            String id = UUID.randomUUID().toString();
            Catalogue decided = catalogue.change(id, now -> edit.next(id, now), timeoutNs);
            return served(text(query, NAME), decided, deadlineNs);
        } catch (BadParameterException e) {
            return Answer.error(400, String.valueOf(e.getMessage()));
        } catch (RefusedChangeException e) {
            int code = switch (e.reason()) {
                case INVALID -> 400;
                case UNKNOWN -> 404;
                case CONFLICT -> 409;
            };
            return Answer.error(code, String.valueOf(e.getMessage()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("the node stops", e);
        } finally {
            lock.unlock();
        }
    }

    private static String text(Map<String, String> query, String key) throws BadParameterException {
        String value = query.get(key);
        if (value == null || value.isEmpty()) {
            throw new BadParameterException("the parameter " + key + " is required");
        }
        return value;
    }

    /** @param otherwise without the parameter; 0 if it is required */
    private static long number(Map<String, String> query, String key, long otherwise) throws BadParameterException {
        String value = query.get(key);
        if (value == null && otherwise != 0) {
            return otherwise;
        }
        if (value == null || !value.matches("[0-9]{1,18}")) {
            throw new BadParameterException("the parameter " + key + " wants a number");
        }
        return Long.parseLong(value);
    }

    /** Waits, and tells how far it came: {@code here} this node, {@code majority} whoever can answer for the volume's groups. */
    private Answer served(String name, Catalogue decided, long deadlineNs) throws InterruptedException {
        boolean here = volumes.await(decided.version(), deadlineNs);
        boolean majority = here && (decided.volume(name).isEmpty() || answers(name, deadlineNs));
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("version", decided.version()).put("here", here).put("majority", majority);
        decided.volume(name).ifPresent(v -> put(json.putObject("volume"), v));
        return Answer.json(json);
    }

    /** A flush is answered by each group's leader, and that has a majority. */
    private boolean answers(String name, long deadlineNs) throws InterruptedException {
        NbdExport export = gateway.exports().stream()
                .filter(e -> e.name().equals(name))
                .findFirst()
                .orElse(null);
        if (export == null) {
            return false;
        }
        NbdSession session;
        try {
            session = gateway.attach(export);
        } catch (IllegalArgumentException | RejectedExecutionException e) {
            // Deleted meanwhile.
            return false;
        }
        try {
            CompletableFuture<Integer> flushed = new CompletableFuture<>();
            session.flush(flushed::complete);
            return flushed.get(Math.max(0, deadlineNs - System.nanoTime()), TimeUnit.NANOSECONDS) == 0;
        } catch (ExecutionException | TimeoutException e) {
            return false;
        } finally {
            session.detach();
        }
    }
}
