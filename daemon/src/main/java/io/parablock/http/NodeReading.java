package io.parablock.http;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.parablock.metrics.Metric;
import io.parablock.metrics.NodeMeters;
import io.parablock.replica.ReplicaStatus;
import java.util.List;
import java.util.Map;

/**
 * What a node says of itself at one moment.
 *
 * @param nbd where it really listens, host:port
 * @param forming what it waits for before it may take part; empty once the cluster has formed
 * @param connected the peers to which it has a connection
 * @param unanswered requests that its gateway has not answered yet
 * @param nbdClients who is attached to its volumes, a limited number of them
 * @param slowFollowers by group that it leads: ids of the followers that are slow; groups without one are left out
 * @param catalogue its group is among the groups only if there is no other
 */
public record NodeReading(
        int id,
        String nbd,
        String http,
        String mode,
        String durability,
        String walEngine,
        String transport,
        String pipeline,
        String forming,
        int[] voters,
        int[] connected,
        long unanswered,
        long resends,
        long timeouts,
        long sessions,
        List<NbdClient> nbdClients,
        List<ReplicaStatus> groups,
        Map<Integer, List<Integer>> slowFollowers,
        CatalogueReading catalogue)
        implements Reading {
    public NodeReading {
        nbdClients = List.copyOf(nbdClients);
        groups = List.copyOf(groups);
        slowFollowers = Map.copyOf(slowFollowers);
    }

    @Override
    public ObjectNode json() {
        return StatusJson.of(this);
    }

    @Override
    public void figures(NodeMeters meters) {
        for (ReplicaStatus g : groups) {
            ReplicaFigures.set(meters, g, voters);
            List<Integer> slow = slowFollowers.getOrDefault(g.groupId(), List.of());
            meters.figure(Metric.SLOW_FOLLOWERS, g.groupId(), slow.size());
        }
        meters.figure(Metric.WAL_BYTES, groups.get(0).walBytes());
        meters.figure(Metric.GATEWAY_UNANSWERED, unanswered);
        meters.figure(Metric.GATEWAY_RESENDS, resends);
        meters.figure(Metric.GATEWAY_TIMEOUTS, timeouts);
        meters.figure(Metric.GATEWAY_SESSIONS, sessions);
    }
}
