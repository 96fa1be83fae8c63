package io.parablock.main;

import io.parablock.replica.ReplicaStatus;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * What the groups of a node say of themselves.
 *
 * @param replicas one of each, in order
 * @param unanswered and what follows: of their gateways, in all
 */
record GroupsReading(List<ReplicaStatus> replicas, long unanswered, long resends, long timeouts, long sessions) {
    private record Asked(int groupId, Future<NodeGroup.Reading> answer) {}

    /**
     * Asks all of them, then waits: a group that answers at once has to be waited for no more.
     *
     * @throws IOException if one does not answer in time
     */
    static GroupsReading of(Collection<NodeGroup> groups, long timeoutMs) throws IOException {
        List<Asked> asked = new ArrayList<>();
        groups.forEach(g -> asked.add(new Asked(g.groupId(), g.read())));
        List<ReplicaStatus> replicas = new ArrayList<>();
        long unanswered = 0;
        long resends = 0;
        long timeouts = 0;
        long sessions = 0;
        for (Asked a : asked) {
            NodeGroup.Reading r = await(a, timeoutMs);
            replicas.add(r.replica());
            unanswered += r.gateway().unanswered();
            resends += r.gateway().resends();
            timeouts += r.gateway().timeouts();
            sessions += r.gateway().sessions();
        }
        return new GroupsReading(replicas, unanswered, resends, timeouts, sessions);
    }

    private static NodeGroup.Reading await(Asked asked, long timeoutMs) throws IOException {
        try {
            return asked.answer.get(timeoutMs, TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new IOException("group " + asked.groupId + " does not answer", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("the node stops", e);
        }
    }
}
