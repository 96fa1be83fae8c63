package io.parablock.http;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.parablock.metrics.Metric;
import io.parablock.metrics.NodeMeters;
import java.util.List;
import java.util.function.ToLongFunction;

/**
 * What a gateway without a replica says of itself at one moment.
 *
 * @param id its number in this run
 * @param nbd where it listens, as the configuration would say; empty until a node has told what there is to serve
 * @param nbdClients who is attached to its volumes, a limited number of them
 * @param groups none until then
 */
public record GatewayReading(
        int id,
        String cluster,
        String nbd,
        String http,
        String transport,
        String pipeline,
        List<Member> members,
        List<NbdClient> nbdClients,
        List<Group> groups)
        implements Reading {
    /** A node of the cluster. */
    public record Member(int id, boolean connected, int lanesUp, long queuedBytes) {}

    /** @param leader 0 while none is known */
    public record Group(
            int id, int leader, long unanswered, long sessions, long resends, long timeouts, long sessionsLost) {}

    public GatewayReading {
        members = List.copyOf(members);
        nbdClients = List.copyOf(nbdClients);
        groups = List.copyOf(groups);
    }

    @Override
    public ObjectNode json() {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("role", "gateway").put("id", id).put("cluster", cluster);
        json.put("pid", ProcessHandle.current().pid());
        json.put("nbd", nbd).put("http", http).put("transport", transport).put("pipeline", pipeline);
        json.put("unanswered", sum(Group::unanswered));
        json.put("resends", sum(Group::resends));
        json.put("timeouts", sum(Group::timeouts));
        json.put("sessions", sum(Group::sessions));
        json.put("sessions_lost", sum(Group::sessionsLost));
        for (Member m : members) {
            json.withArray("/members")
                    .addObject()
                    .put("id", m.id)
                    .put("connected", m.connected)
                    .put("lanes_up", m.lanesUp)
                    .put("queued_bytes", m.queuedBytes);
        }
        NbdClient.put(json, nbdClients);
        for (Group g : groups) {
            ObjectNode group = json.withArray("/groups").addObject();
            group.put("group", g.id);
            if (g.leader == 0) {
                group.putNull("leader");
            } else {
                group.put("leader", g.leader);
            }
            group.put("unanswered", g.unanswered).put("sessions", g.sessions).put("resends", g.resends);
            group.put("timeouts", g.timeouts).put("sessions_lost", g.sessionsLost);
        }
        return json;
    }

    @Override
    public void figures(NodeMeters meters) {
        groups.forEach(g -> meters.figure(Metric.LEADER, g.id, g.leader));
        meters.figure(Metric.GATEWAY_UNANSWERED, sum(Group::unanswered));
        meters.figure(Metric.GATEWAY_SESSIONS, sum(Group::sessions));
        meters.figure(Metric.GATEWAY_RESENDS, sum(Group::resends));
        meters.figure(Metric.GATEWAY_TIMEOUTS, sum(Group::timeouts));
        meters.figure(Metric.GATEWAY_SESSIONS_LOST, sum(Group::sessionsLost));
    }

    private long sum(ToLongFunction<Group> figure) {
        return groups.stream().mapToLong(figure).sum();
    }
}
