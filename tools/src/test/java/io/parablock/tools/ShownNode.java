package io.parablock.tools;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.micrometer.core.instrument.Timer;
import io.parablock.http.Answer;
import io.parablock.http.Reading;
import io.parablock.http.Routes;
import io.parablock.http.StatusServer;
import io.parablock.metrics.NodeMeters;
import io.parablock.metrics.RequestMeters.Operation;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * The status server of a node that has everything there is to show at once: a leader whose peers lag, one of them not connected
 * and another one just installed, writes that overtake each other, warnings, events. Or that of a gateway that has nothing of
 * it. Only what they say is made up.
 */
final class ShownNode implements AutoCloseable {
    static final int WRITE_US = 400;
    static final String EVENT = "node 2 lacks more than the log holds: it is installed from this node's store";
    static final String WARNING = "the disk is 91 % full";
    private static final String[] STAGES = {
        "receive", "wal_durable", "first_ack", "quorum_ack", "commit", "apply", "reply"
    };
    private static final int COMMITS = 4_096;
    private static final String LEADER = """
            {"id":1,"role":"leader","leader":1,"term":7,"elections":3,"mode":"parallel","durability":"fsync","forming":"",
             "voters":[1,2,3],"connected":[2],"holes":3,"in_flight":29,"unanswered":32,
             "scrub":{"rounds":3,"progress_percent":42,"damaged_records":0,"damaged_bytes":0,"damaged_state":0},
             "health":{"state":"in service","warnings":["WARNING"]},
             "groups":[{"group":0,"role":"leader","leader":1,"lag":{"1":0,"2":1200,"3":90000},
               "install_total_bytes":8589934592}]}
            """.replace("WARNING", WARNING);
    private static final String GATEWAY = """
            {"id":7001,"role":"gateway","cluster":"demo","nbd":"127.0.0.1:10820","unanswered":3,"resends":2,"timeouts":0,
             "sessions":1,"sessions_lost":0,
             "members":[{"id":1,"connected":true},{"id":2,"connected":true},{"id":3,"connected":false}],
             "groups":[{"group":0,"leader":2}]}
            """;

    private final NodeMeters meters = new NodeMeters();
    private final String status;
    private final StatusServer server;
    private final ScheduledExecutorService writer = Executors.newSingleThreadScheduledExecutor();
    private final long startNs = System.nanoTime();

    private record Said(ObjectNode json) implements Reading {
        @Override
        public void figures(NodeMeters meters) {}
    }

    private ShownNode(String status, Routes routes) throws IOException {
        this.status = status;
        this.server = StatusServer.bind(new InetSocketAddress("127.0.0.1", 0), this::read, routes, meters);
    }

    static ShownNode leader() throws IOException {
        ShownNode node = new ShownNode(LEADER, new Routes().page("/events", query -> Answer.json(events())));
        node.server.commitOrder(ShownNode::overtaking);
        node.write();
        node.server.start();
        return node;
    }

    static ShownNode gateway() throws IOException {
        ShownNode gateway = new ShownNode(GATEWAY, new Routes());
        gateway.server.start();
        return gateway;
    }

    private void write() {
        Timer[] stages = new Timer[STAGES.length];
        for (int i = 0; i < stages.length; i++) {
            stages[i] = Timer.builder("parablock.write.stage")
                    .tag("stage", STAGES[i])
                    .publishPercentileHistogram()
                    .minimumExpectedValue(Duration.ofNanos(10_000))
                    .register(meters.registry());
        }
        writer.scheduleWithFixedDelay(
                () -> {
                    for (int i = 0; i < 20; i++) {
                        long us = WRITE_US - 20L + 2L * i;
                        meters.onRequest(Operation.WRITE, 4096, TimeUnit.MICROSECONDS.toNanos(us), true);
                        for (int s = 0; s < stages.length; s++) {
                            stages[s].record(us * (s + 1) / stages.length, TimeUnit.MICROSECONDS);
                        }
                    }
                },
                0,
                10,
                TimeUnit.MILLISECONDS);
    }

    String url() {
        return "http://127.0.0.1:" + server.address().getPort() + "/";
    }

    private Reading read() {
        try {
            ObjectNode now = (ObjectNode) new ObjectMapper().readTree(status);
            long elapsedMs = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startNs);
            if (status.equals(LEADER)) {
                now.put("commit_watermark", 1_000_000 + 2 * elapsedMs);
                ((ObjectNode) now.at("/groups/0")).put("install_done_bytes", 100_000 * elapsedMs);
            }
            return new Said(now);
        } catch (JsonProcessingException e) {
            throw new AssertionError(e);
        }
    }

    private static ObjectNode events() {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        ArrayNode events = json.putArray("events");
        event(events, "info", "leader_elected", "node 1 leads group 0 in term 7");
        event(events, "warn", "peer_lost", "no connection to node 3");
        event(events, "info", "install_began", EVENT);
        return json;
    }

    private static void event(ArrayNode events, String level, String kind, String text) {
        events.addObject()
                .put("at", Instant.now().toString())
                .put("id", "PB-1001")
                .put("kind", kind)
                .put("group", 0)
                .put("level", level)
                .put("text", text);
    }

    /** Every fourth write overtakes; around the middle by far. */
    private static int[] overtaking() {
        int[] passed = new int[COMMITS];
        for (int i = 0; i < passed.length; i += 4) {
            passed[i] = Math.abs(i - COMMITS / 2) < 200 ? 300 : 1 + i % 7;
        }
        return passed;
    }

    @Override
    public void close() {
        writer.shutdownNow();
        server.close();
    }
}
