package io.parablock.raft.scenario;

import io.parablock.raft.LeaseConfig;
import io.parablock.raft.Mode;
import io.parablock.raft.Mutation;
import io.parablock.raft.ProposeResult;
import io.parablock.raft.Role;
import io.parablock.raft.log.Entry;
import io.parablock.raft.log.EntryKind;
import io.parablock.raft.log.SlotRun;
import io.parablock.raft.message.Message;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The commands of a scenario file. A line is a command, its plain words (node ids, slots) and {@code key=value} words:
 *
 * <pre>
 * cluster nodes=3 mode=parallel span=8 retain=64 frame=4 fetch=8 durability=mapped reads=index|lease
 * elect N | campaign N | run MS | tick MS [N] | settle [filter] | deliver [filter] | dup [filter] | drop [filter]
 * hold [filter] | release | cut N [M] | mend | mark
 * auto N durable=on|off apply=on|off | durable N [SLOT..] | apply N [SLOT..]
 * session N gateway=G boot=B nonce=X | close N session=X | propose N lba=L len=1 seq=S low=L session=X bytes=OFF+LEN kind=TRIM
 * read N ID lba=L len=1 | checkpoint N | crash N [keep] | crash-at N POINT | restart N | damage N SLOT | reconnect N
 * power-loss N [SLOT..] (of what is not forced, these are lost; all if none is named) | force N | flush N ID
 * piece N (the store takes the next piece of an install) | install-step N (its due checkpoint)
 * suspend N MS (its machine sleeps, the others run) | hand-over N [TO] (the leader gives its office away)
 * inject from=A to=B kind=K field=value | expect ... (see ScenarioExpectations)
 * </pre>
 */
final class ScenarioInterpreter {
    private static final long ELECT_STEPS_MAX = 400;

    private final List<Map<String, String>> held = new ArrayList<>();
    private final Map<String, Long> sessions = new HashMap<>();
    private final Map<Long, Long> nextSeq = new HashMap<>();
    private @Nullable ScenarioCluster cluster;

    @Nullable
    ProposeResult result;

    private int shown;

    void run(String line) {
        String[] words = line.split("\\s+");
        List<String> plain = new ArrayList<>();
        Map<String, String> named = new LinkedHashMap<>();
        for (int i = 1; i < words.length; i++) {
            int eq = words[i].indexOf('=');
            if (eq > 0) {
                named.put(words[i].substring(0, eq), words[i].substring(eq + 1));
            } else {
                plain.add(words[i]);
            }
        }
        if (words[0].equals("cluster")) {
            boolean lease = named.getOrDefault("reads", "index").equals("lease");
            cluster =
                    new ScenarioCluster(shape(named), 1, Mutation.NONE, lease ? ScenarioReads.LEASE : LeaseConfig.OFF);
        } else if (words[0].equals("expect")) {
            new ScenarioExpectations(cluster(), result).check(plain, named);
        } else if (!network(words[0], plain, named) && !life(words[0], plain, named)) {
            client(words[0], plain, named);
        }
    }

    private ScenarioCluster cluster() {
        if (cluster == null) {
            throw new IllegalArgumentException("a scenario begins with cluster");
        }
        return cluster;
    }

    List<String> takeTranscript() {
        List<String> all = cluster().transcript;
        List<String> fresh = List.copyOf(all.subList(shown, all.size()));
        shown = all.size();
        return fresh;
    }

    String history() {
        return cluster == null ? "" : String.join("\n", cluster.transcript);
    }

    private static ScenarioCluster.Shape shape(Map<String, String> named) {
        return new ScenarioCluster.Shape(
                number(named, "nodes", 3),
                Mode.valueOf(named.getOrDefault("mode", "PARALLEL").toUpperCase(Locale.ROOT)),
                number(named, "span", 8),
                number(named, "retain", 64),
                number(named, "frame", 4),
                number(named, "fetch", 8),
                number(named, "sessions", 4),
                number(named, "window", 8),
                "mapped".equals(named.get("durability")));
    }

    static int number(Map<String, String> named, String key, int otherwise) {
        String value = named.get(key);
        return value == null ? otherwise : Integer.parseInt(value);
    }

    private boolean passes(Packet p) {
        return held.stream().noneMatch(p::matches);
    }

    private boolean network(String command, List<String> plain, Map<String, String> named) {
        ScenarioCluster c = cluster();
        Predicate<Packet> wanted = p -> p.matches(named);
        switch (command) {
            case "settle" -> c.settle(p -> passes(p) && wanted.test(p));
            case "deliver" -> c.pool.stream().filter(wanted).toList().forEach(c::deliver);
            case "dup" -> c.pool.stream().filter(wanted).toList().forEach(c::hand);
            case "drop" -> c.pool.removeIf(wanted);
            case "hold" -> held.add(named);
            case "release" -> held.clear();
            case "mend" -> c.cuts.clear();
            case "mark" -> c.sent.clear();
            case "cut" -> cut(plain);
            case "inject" -> c.hand(c.forge(number(named, "from", 0), number(named, "to", 0), message(named)));
            case "run" -> c.run(Long.parseLong(plain.get(0)), this::passes);
            case "tick" -> {
                c.now += Long.parseLong(plain.get(0)) * ScenarioCluster.MS;
                for (SimulatedNode n : c.nodes.values()) {
                    if (n.isUp() && (plain.size() < 2 || plain.contains(String.valueOf(n.id)))) {
                        c.tick(n);
                    }
                }
            }
            default -> {
                return false;
            }
        }
        return true;
    }

    private void cut(List<String> plain) {
        int a = Integer.parseInt(plain.get(0));
        for (SimulatedNode n : cluster().nodes.values()) {
            if (n.id != a && (plain.size() < 2 || plain.contains(String.valueOf(n.id)))) {
                cluster().cuts.add(a * 100 + n.id);
                cluster().cuts.add(n.id * 100 + a);
            }
        }
    }

    private static Message message(Map<String, String> f) {
        long term = Long.parseLong(f.getOrDefault("term", "0"));
        long sync = Long.parseLong(f.getOrDefault("syncTerm", "0"));
        long contig = Long.parseLong(f.getOrDefault("contigPrefix", "0"));
        long round = Long.parseLong(f.getOrDefault("round", "0"));
        String slot = f.get("slot");
        List<SlotRun> slots =
                slot == null ? List.of() : List.of(new SlotRun(Long.parseLong(slot), Long.parseLong(slot)));
        return switch (f.getOrDefault("kind", "")) {
            case "PreVote" -> new Message.PreVote(term, sync, contig, false);
            case "Vote" -> new Message.Vote(term, sync, contig, Boolean.parseBoolean(f.get("transfer")), false);
            case "TimeoutNow" -> new Message.TimeoutNow(term);
            case "SyncAck" -> new Message.SyncAck(term);
            case "SyncRequest" -> new Message.SyncRequest(term);
            case "TermRefusal" -> new Message.TermRefusal(term);
            case "Heartbeat" ->
                new Message.Heartbeat(
                        term,
                        round,
                        new Message.CommitNotice(Long.parseLong(f.getOrDefault("watermark", "0")), slots, 0));
            case "AppendAck" -> new Message.AppendAck(term, slots, round, contig, 1000);
            default -> throw new IllegalArgumentException("cannot make a " + f.get("kind"));
        };
    }

    private boolean life(String command, List<String> plain, Map<String, String> named) {
        if (plain.isEmpty()) {
            throw new IllegalArgumentException("unknown command, or no node: " + command);
        }
        ScenarioCluster c = cluster();
        SimulatedNode n = c.node(Integer.parseInt(plain.get(0)));
        List<Long> slots = new ArrayList<>();
        if (command.equals("durable") || command.equals("apply")) {
            plain.subList(1, plain.size()).forEach(s -> slots.add(Long.parseLong(s)));
        }
        switch (command) {
            case "elect" -> elect(n);
            case "campaign" -> campaign(n);
            case "auto" -> {
                n.autoDurable = named.getOrDefault("durable", n.autoDurable ? "on" : "off")
                        .equals("on");
                n.autoApply =
                        named.getOrDefault("apply", n.autoApply ? "on" : "off").equals("on");
            }
            case "durable" -> chosen(n.appending, slots).forEach(e -> c.durable(n, e));
            case "apply" -> chosen(n.applying, slots).forEach(e -> c.complete(n, e));
            case "crash" -> c.crash(n, plain.contains("keep"));
            case "power-loss" ->
                c.power.lose(
                        n,
                        false,
                        e -> plain.size() < 2 || plain.subList(1, plain.size()).contains("" + e.slot()));
            case "force" -> List.copyOf(n.forcing).forEach(f -> c.power.forced(n, f));
            case "flush" -> c.power.flush(n, Long.parseLong(plain.get(1)));
            case "crash-at" -> n.crashAt = SimulatedNode.CrashPoint.valueOf(plain.get(1));
            case "restart" -> c.start(n);
            case "damage" -> c.damage(n, Long.parseLong(plain.get(1)));
            case "checkpoint" -> c.checkpoint(n);
            case "reconnect" -> reconnect(n);
            case "piece" -> c.installWrite(n);
            case "install-step" -> c.installStep(n);
            case "suspend" -> {
                c.now += Long.parseLong(plain.get(1)) * ScenarioCluster.MS;
                n.suspendedNs += Long.parseLong(plain.get(1)) * ScenarioCluster.MS;
            }
            case "hand-over" -> {
                Object started = plain.size() < 2
                        ? n.core().handOver(c.clock(n))
                        : n.core().handOver(Integer.parseInt(plain.get(1)), c.clock(n));
                c.transcript.add("hand-over " + started);
                c.work(n);
            }
            default -> {
                return false;
            }
        }
        return true;
    }

    private static List<Entry> chosen(List<Entry> from, List<Long> slots) {
        List<Entry> chosen = from.stream()
                .filter(e -> slots.isEmpty() || slots.contains(e.slot()))
                .toList();
        if (chosen.isEmpty()) {
            throw new AssertionError("nothing of " + slots + " among " + from);
        }
        return chosen;
    }

    private void reconnect(SimulatedNode n) {
        for (SimulatedNode other : cluster().nodes.values()) {
            if (other != n && other.isUp()) {
                other.core().onPeerConnected(n.id, false, cluster().clock(other));
                other.core().onPeerConnected(n.id, true, cluster().clock(other));
                cluster().work(other);
            }
        }
    }

    /** Only this node's clock is read, until it asks for pre-votes. */
    private void campaign(SimulatedNode n) {
        int before = cluster().sent.size();
        for (int i = 0; i < ELECT_STEPS_MAX; i++) {
            cluster().now += 5 * ScenarioCluster.MS;
            cluster().tick(n);
            List<Packet> sent = cluster().sent;
            if (sent.subList(Math.min(before, sent.size()), sent.size()).stream()
                    .anyMatch(p -> p.from() == n.id && p.message() instanceof Message.PreVote)) {
                return;
            }
        }
        throw new AssertionError("node " + n.id + " does not campaign");
    }

    private void elect(SimulatedNode n) {
        for (int i = 0; i < 5; i++) {
            campaign(n);
            cluster().settle(this::passes);
            Role role = n.core().status().role();
            if (role == Role.LEADER || role == Role.LEADER_CANDIDATE) {
                return;
            }
        }
        throw new AssertionError("node " + n.id + " is not elected");
    }

    private void client(String command, List<String> plain, Map<String, String> named) {
        ScenarioCluster c = cluster();
        SimulatedNode n = c.node(Integer.parseInt(plain.get(0)));
        String name = named.getOrDefault("session", "s");
        Long known = sessions.get(name);
        long session = known != null ? known : name.matches("\\d+") ? Long.parseLong(name) : 0;
        switch (command) {
            case "session" -> {
                int gateway = number(named, "gateway", 1);
                int boot = number(named, "boot", 7);
                int nonce = number(named, "nonce", 99);
                result = n.core().proposeOpenSession(gateway, boot, nonce, c.clock(n));
                sessions.put(named.getOrDefault("name", "s"), n.core().sessionOf(gateway, boot, nonce));
            }
            case "close" -> result = n.core().proposeCloseSession(session, c.clock(n));
            case "propose" -> {
                long seq =
                        named.containsKey("seq") ? number(named, "seq", 0) : nextSeq.merge(session, 1L, Long::sum) - 1;
                String[] bytes = named.getOrDefault(
                                "bytes", number(named, "lba", 0) * 4096 + "+" + number(named, "len", 1) * 4096)
                        .split("\\+");
                result = c.propose(
                        n,
                        EntryKind.valueOf(named.getOrDefault("kind", "WRITE")),
                        Long.parseLong(bytes[0]),
                        Long.parseLong(bytes[1]),
                        session,
                        seq,
                        number(named, "low", 0));
            }
            case "read" ->
                c.read(
                        n,
                        Long.parseLong(plain.get(1)),
                        number(named, "lba", 0) * 4096L,
                        number(named, "len", 1) * 4096L);
            default -> throw new IllegalArgumentException("unknown command " + command);
        }
        if (!command.equals("read")) {
            c.transcript.add(command + " " + result);
        }
        c.work(n);
    }
}
