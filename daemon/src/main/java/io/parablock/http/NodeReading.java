package io.parablock.http;

import io.parablock.replica.ReplicaStatus;
import java.util.List;

/**
 * What a node says of itself at one moment.
 *
 * @param nbd where it really listens, host:port
 * @param forming what it waits for before it may take part; empty once the cluster has formed
 * @param unanswered requests that its gateway has not answered yet
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
        long unanswered,
        long resends,
        long timeouts,
        long sessions,
        List<ReplicaStatus> groups) {
    public NodeReading {
        groups = List.copyOf(groups);
    }
}
