package io.parablock.raft.scenario;

import io.parablock.raft.ProposeResult;
import io.parablock.raft.RaftStatus;
import io.parablock.raft.log.Entry;
import java.lang.reflect.InvocationTargetException;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The {@code expect} lines; one that is not met is a failure, whatever the transcript says.
 *
 * <pre>
 * committed|not-committed N SLOT..    as node N knows it        chosen|not-chosen SLOT..   as the acknowledgements say
 * answered|not-answered SLOT..        some client has its reply
 * applied|not-applied N SLOT..        in N's block store        durable|not-durable N SLOT..
 * log N SLOT origin=O [kind=K] | hole N SLOT..                  status N field=value..     fields of RaftStatus
 * disk N term= voted= sync= m=        what META and SYNCREC say
 * sent|unsent filter..                since the last mark       held|pool filter..         still on its way
 * result R | read ID ok|failed|waiting | flush ID ok|failed|waiting | device N lba=L slot=S | same-devices
 * </pre>
 */
final class ScenarioExpectations {
    private final ScenarioCluster cluster;
    private final @Nullable ProposeResult result;

    ScenarioExpectations(ScenarioCluster cluster, @Nullable ProposeResult result) {
        this.cluster = cluster;
        this.result = result;
    }

    void check(List<String> plain, Map<String, String> named) {
        String what = plain.get(0);
        List<String> rest = plain.subList(1, plain.size());
        boolean no = what.startsWith("not-");
        switch (what) {
            case "result" -> same(rest.get(0), String.valueOf(result));
            case "sent" -> yes(cluster.sent.stream().anyMatch(p -> p.matches(named)), "not sent: " + named);
            case "unsent" ->
                cluster.sent.stream().filter(p -> p.matches(named)).forEach(p -> yes(false, "sent: " + p.summary()));
            case "pool" -> yes(cluster.pool.stream().anyMatch(p -> p.matches(named)), "not on its way: " + named);
            case "read" -> {
                Boolean r = cluster.reads.answers.get(Long.parseLong(rest.get(0)));
                same(rest.get(1), r == null ? "waiting" : r ? "ok" : "failed");
            }
            case "flush" -> {
                Boolean f = cluster.flushes.get(Long.parseLong(rest.get(0)));
                same(rest.get(1), f == null ? "waiting" : f ? "ok" : "failed");
            }
            case "same-devices" -> {
                Map<Long, Long> expected = cluster.checker.deviceAt(Long.MAX_VALUE);
                cluster.nodes.values().forEach(n -> yes(n.device.equals(expected), "node " + n.id + " " + n.device));
            }
            case "answered", "not-answered" -> each(rest, s -> cluster.checker.answered.contains(s) != no, what);
            case "chosen", "not-chosen" -> each(rest, s -> cluster.checker.committed.containsKey(s) != no, what);
            default -> ofNode(what, cluster.node(Integer.parseInt(rest.get(0))), rest.subList(1, rest.size()), named);
        }
    }

    private void ofNode(String what, SimulatedNode n, List<String> slots, Map<String, String> named) {
        boolean no = what.startsWith("not-");
        switch (what) {
            case "committed", "not-committed" -> each(slots, s -> n.core().isCommitted(s) != no, what);
            case "applied", "not-applied" -> each(slots, s -> n.hasApplied(s) != no, what);
            case "durable", "not-durable" ->
                each(slots, s -> n.disk.holdsEffective(s) != no && n.core().isDurable(s) != no, what);
            case "hole" -> each(slots, s -> n.core().entry(s) == null, what);
            case "log" -> {
                Entry e = n.core().entry(Long.parseLong(slots.get(0)));
                yes(e != null, "no entry at " + slots);
                if (e != null) {
                    same(named.getOrDefault("origin", ""), String.valueOf(e.origin()));
                    same(named.getOrDefault("kind", e.kind().name()), e.kind().name());
                }
            }
            case "up" -> yes(n.isUp(), "down");
            case "down" -> yes(!n.isUp(), "up");
            case "status" ->
                named.forEach(
                        (k, v) -> same(k + "=" + v, k + "=" + field(n.core().status(), k)));
            case "needs-install" ->
                same(named.getOrDefault("is", "true"), String.valueOf(n.core().needsInstall()));
            case "disk" -> {
                same(named.getOrDefault("term", String.valueOf(n.disk.hard.term())), "" + n.disk.hard.term());
                same(named.getOrDefault("voted", "" + n.disk.hard.votedFor()), "" + n.disk.hard.votedFor());
                same(named.getOrDefault("sync", "" + n.disk.syncTerm()), "" + n.disk.syncTerm());
                same(named.getOrDefault("m", "" + n.disk.mSync()), "" + n.disk.mSync());
            }
            case "device" -> {
                long sector = Long.parseLong(named.getOrDefault("lba", "0")) * 8;
                same(named.getOrDefault("slot", ""), String.valueOf(n.device.getOrDefault(sector, 0L)));
            }
            default -> throw new IllegalArgumentException("unknown expectation " + what);
        }
    }

    private interface SlotTest {
        boolean holds(long slot);
    }

    private static void each(List<String> slots, SlotTest test, String what) {
        for (String s : slots) {
            yes(test.holds(Long.parseLong(s)), what + " is not so for slot " + s);
        }
    }

    private static String field(RaftStatus status, String name) {
        try {
            return String.valueOf(RaftStatus.class.getMethod(name).invoke(status));
        } catch (NoSuchMethodException | IllegalAccessException | InvocationTargetException e) {
            throw new IllegalArgumentException("no status field " + name, e);
        }
    }

    private static void same(String wanted, String found) {
        yes(wanted.equals(found), "expected " + wanted + ", found " + found);
    }

    private static void yes(boolean condition, String what) {
        SafetyChecker.require(condition, what);
    }
}
