package io.parablock.http;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.parablock.raft.RaftStatus;
import io.parablock.raft.Role;
import io.parablock.replica.ReplicaStatus;
import io.parablock.replica.ScrubStatus;
import java.util.List;
import java.util.Locale;
import java.util.function.ToLongFunction;

/** {@code /status}: the node's figures, summed up over its groups, and each group's own. Scripts depend on the keys. */
final class StatusJson {
    private StatusJson() {}

    static ObjectNode of(NodeReading node) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("id", node.id());
        ReplicaStatus first = node.groups().get(0);
        // The node's own role and leader are those of its first group; with several groups see "groups".
        json.put("role", role(first.raft()));
        json.put("pid", ProcessHandle.current().pid());
        json.put("nbd", node.nbd());
        json.put("http", node.http());
        leader(json, first.raft());
        json.put("term", first.raft().term());
        json.put("mode", node.mode());
        json.put("durability", node.durability());
        json.put("wal_engine", node.walEngine());
        json.put("transport", node.transport());
        json.put("pipeline", node.pipeline());
        json.put("forming", node.forming());
        ids(json, "voters", node.voters());
        ids(json, "connected", node.connected());
        json.put("unanswered", node.unanswered());
        json.put("resends", node.resends());
        json.put("timeouts", node.timeouts());
        json.put("sessions", node.sessions());
        json.put("wal_bytes", first.walBytes());
        sums(json, node);
        scrub(json, node.groups());
        json.put("log_base", first.raft().logBase());
        json.put("checkpoint", first.raft().checkpoint());
        json.put(
                "needs_catch_up",
                node.groups().stream()
                        .anyMatch(g -> g.needsInstall() || g.raft().installing()));
        json.put("amnesiac", node.groups().stream().anyMatch(g -> g.raft().amnesiac()));
        vacant(json, node.groups());
        lag(json, first.raft(), node.voters());
        ArrayNode slow = json.putArray("slow_followers");
        node.slowFollowers().values().stream()
                .flatMap(List::stream)
                .distinct()
                .sorted()
                .forEach(slow::add);
        NbdClient.put(json, node.nbdClients());
        node.catalogue().into(json.putObject("catalogue"));
        for (ReplicaStatus group : node.groups()) {
            json.withArray("/groups").add(group(group, node.voters()));
        }
        return json;
    }

    /** The nodes whose disk was given up and that no other disk stands in for yet, in some group. */
    private static void vacant(ObjectNode json, List<ReplicaStatus> groups) {
        ids(
                json,
                "vacant",
                groups.stream()
                        .map(g -> g.raft().members())
                        .flatMapToInt(m -> m.seats().keySet().stream()
                                .filter(node -> !m.isTaken(node))
                                .mapToInt(Integer::intValue))
                        .distinct()
                        .sorted()
                        .toArray());
    }

    private static void ids(ObjectNode json, String key, int[] ids) {
        ArrayNode all = json.putArray(key);
        for (int id : ids) {
            all.add(id);
        }
    }

    private static void sums(ObjectNode json, NodeReading node) {
        sum(json, node, "commit_watermark", RaftStatus::commitWatermark);
        sum(json, node, "applied_watermark", RaftStatus::appliedPrefix);
        sum(json, node, "commit", RaftStatus::commitWatermark);
        sum(json, node, "applied", RaftStatus::appliedPrefix);
        sum(json, node, "last_slot", RaftStatus::lastSlot);
        sum(json, node, "holes", RaftStatus::holes);
        sum(json, node, "in_flight", RaftStatus::inFlight);
        sum(json, node, "acked_out_of_order", RaftStatus::ackedOutOfOrder);
        sum(json, node, "sent_again_overtaken", RaftStatus::sentAgainOvertaken);
        sum(json, node, "committed_out_of_order", RaftStatus::committedOutOfOrder);
        sum(json, node, "applied_out_of_order", RaftStatus::appliedOutOfOrder);
        sum(json, node, "conflicts_waited", RaftStatus::conflictsWaited);
        sum(json, node, "elections", RaftStatus::elections);
    }

    private static void sum(ObjectNode json, NodeReading node, String key, ToLongFunction<RaftStatus> figure) {
        json.put(
                key,
                node.groups().stream()
                        .map(ReplicaStatus::raft)
                        .mapToLong(figure)
                        .sum());
    }

    private static ObjectNode group(ReplicaStatus g, int[] voters) {
        RaftStatus r = g.raft();
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("group", g.groupId());
        json.put("role", role(r));
        leader(json, r);
        json.put("ready", r.ready());
        json.put("term", r.term());
        json.put("sync_term", r.syncTerm());
        json.put("members", r.members().toString());
        json.put("member_change", r.memberChange());
        json.put("commit_watermark", r.commitWatermark());
        json.put("applied_watermark", r.appliedPrefix());
        json.put("last_slot", r.lastSlot());
        json.put("holes", r.holes());
        json.put("in_flight", r.inFlight());
        json.put("log_base", r.logBase());
        json.put("checkpoint", r.checkpoint());
        json.put("checkpoints", g.checkpoints());
        json.put("floor", r.floor());
        json.put("acked_out_of_order", r.ackedOutOfOrder());
        json.put("sent_again_overtaken", r.sentAgainOvertaken());
        json.put("committed_out_of_order", r.committedOutOfOrder());
        json.put("applied_out_of_order", r.appliedOutOfOrder());
        json.put("conflicts_waited", r.conflictsWaited());
        json.put("elections", r.elections());
        json.put("needs_catch_up", g.needsInstall() || r.installing());
        json.put("installing", r.installing());
        json.put("install_done_bytes", r.installDoneBytes());
        json.put("install_total_bytes", r.installTotalBytes());
        json.put("amnesiac", r.amnesiac());
        json.put("reads", g.reads());
        json.put("lease_reads", g.leaseReads());
        json.put("lease_misses", g.leaseMisses());
        json.put("cure_held_slot", r.amnesiac() ? r.contigPrefix() : 0);
        json.put("cure_needed_slot", r.cureTo());
        json.put("payload_cache_bytes", g.payloadCacheBytes());
        json.put("proposals_queued", g.proposalsQueued());
        json.put("entries_refused", g.entriesRefused());
        json.put("messages_dropped", g.messagesDropped());
        json.put("fatal", g.fatal());
        scrub(json, List.of(g));
        lag(json, r, voters);
        return json;
    }

    /** Of one group; of several: sums, the fewest rounds and the least progress. */
    private static void scrub(ObjectNode json, List<ReplicaStatus> groups) {
        ObjectNode scrub = json.putObject("scrub");
        List<ScrubStatus> each = groups.stream().map(ReplicaStatus::scrub).toList();
        scrub.put("rounds", each.stream().mapToLong(ScrubStatus::rounds).min().orElse(0));
        scrub.put(
                "progress_percent",
                each.stream().mapToInt(ScrubStatus::progressPercent).min().orElse(0));
        scrub.put("bytes", each.stream().mapToLong(ScrubStatus::bytes).sum());
        scrub.put(
                "damaged_records",
                each.stream().mapToLong(ScrubStatus::damagedRecords).sum());
        scrub.put(
                "damaged_bytes",
                each.stream().mapToLong(ScrubStatus::damagedBytes).sum());
        scrub.put(
                "damaged_state",
                each.stream().mapToLong(ScrubStatus::damagedState).sum());
        scrub.put("lost_state", each.stream().mapToLong(ScrubStatus::lostState).sum());
        ObjectNode blocks = json.putObject("blocks");
        List<ReplicaStatus.Blocks> all =
                groups.stream().map(ReplicaStatus::blocks).toList();
        sum(blocks, "damaged_bytes", all, ReplicaStatus.Blocks::damagedBytes);
        sum(blocks, "pending_bytes", all, ReplicaStatus.Blocks::pendingBytes);
        sum(blocks, "mended_bytes", all, ReplicaStatus.Blocks::mendedBytes);
        sum(blocks, "lost_bytes", all, ReplicaStatus.Blocks::lostBytes);
        sum(blocks, "served_bytes", all, ReplicaStatus.Blocks::servedBytes);
        blocks.put("under_repair", all.stream().anyMatch(ReplicaStatus.Blocks::underRepair));
    }

    private static void sum(
            ObjectNode json, String key, List<ReplicaStatus.Blocks> all, ToLongFunction<ReplicaStatus.Blocks> figure) {
        json.put(key, all.stream().mapToLong(figure).sum());
    }

    private static void leader(ObjectNode json, RaftStatus r) {
        if (r.leader() == 0) {
            json.putNull("leader");
        } else {
            json.put("leader", r.leader());
        }
    }

    /** Slots that each peer's contiguous prefix is behind the leader's last slot; only a leader knows. */
    private static void lag(ObjectNode json, RaftStatus r, int[] voters) {
        ObjectNode lag = json.putObject("lag");
        for (int i = 0; i < voters.length && i < r.peerContig().length; i++) {
            if (r.role() == Role.LEADER && r.peerContig()[i] >= 0) {
                lag.put(Integer.toString(voters[i]), Math.max(0, r.lastSlot() - r.peerContig()[i]));
            }
        }
    }

    private static String role(RaftStatus r) {
        return r.role().name().toLowerCase(Locale.ROOT);
    }
}
