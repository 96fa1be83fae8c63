package io.parablock.simulator.check;

import io.parablock.raft.state.Checkpoint;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * Invariant 16 for a log that may have lost what it acknowledged (protocol.md §11): until the node is cured nothing leaves it
 * that counts; when it is, it is synced to its term, and holds on stable storage that term's merged log and every slot that
 * had been assigned in it when the node started.
 */
final class AmnesiaChecker implements Checker {
    /** An install's id begins with its leader's term. */
    private static final int INSTALL_TERM_SHIFT = 20;

    private final Ledger ledger;
    private final boolean[] amnesiac;
    /** By term: the highest slot assigned, now and when each node started last. */
    private final Map<Long, Long> assigned = new HashMap<>();

    private final Map<Integer, Map<Long, Long>> needed = new HashMap<>();
    private final Set<Long> everyVoterTerms = new HashSet<>();
    /** They voted for a merge over every voter, of this term, and were not installed since: 0 for none. */
    private final long[] suspect;

    private final long[] lastInstall;

    AmnesiaChecker(Ledger ledger) {
        this.ledger = ledger;
        this.amnesiac = new boolean[ledger.shape().voters() + 1];
        this.suspect = new long[ledger.shape().voters() + 1];
        this.lastInstall = new long[ledger.shape().voters() + 1];
    }

    @Override
    public void onEveryVoterCampaign(int candidate, long term) {
        everyVoterTerms.add(term);
    }

    /** Its store may be another one than that which counts, and it promised silence. */
    private void suspect(int node, long term) {
        amnesiac[node] = true;
        suspect[node] = term;
        needed.putIfAbsent(node, Map.of());
    }

    /** The candidate's own store counts from here on. */
    @Override
    public void onAmnesiacMerge(int node, long term) {
        suspect[node] = 0;
        needed.remove(node);
    }

    @Override
    public void onCheckpointDurable(int node, Checkpoint checkpoint, boolean installed) {
        // An earlier leader's store is not the one that counts.
        if (installed && lastInstall[node] >> INSTALL_TERM_SHIFT >= suspect[node]) {
            suspect[node] = 0;
        }
    }

    @Override
    public void onInstallPiece(int node, long installId, long offsetBytes, long lengthBytes) {
        lastInstall[node] = installId;
    }

    @Override
    public void onProposed(int node, long term, EntryView entry) {
        assigned.merge(term, entry.slot(), Math::max);
    }

    /** Only a cure ends it: a node that starts and does not know of it is watched all the same. */
    @Override
    public void onAmnesia(int node) {
        amnesiac[node] = true;
        needed.put(node, Map.copyOf(assigned));
    }

    @Override
    public void onWiped(int node) {
        amnesiac[node] = false;
        suspect[node] = 0;
    }

    @Override
    public void onCured(int node) {
        DiskBook d = ledger.disk(node);
        long term = d.syncTerm();
        Violation.require(
                amnesiac[node] && d.hard().term() == term && d.hard().syncTerm() == term,
                16,
                this,
                () -> "node " + node + " is cured in term " + d.hard().term() + ", synced to " + term);
        if (suspect[node] != 0) {
            throw new Violation(
                    16, name(), "node " + node + " is cured in term " + term + " without the store that counts");
        }
        for (long s = 1; s <= d.mSync(); s++) {
            requireForced(node, d, s, d.effectiveOrigin(s));
        }
        long to = needed.getOrDefault(node, Map.of()).getOrDefault(term, 0L);
        for (long s = d.mSync() + 1; s <= to; s++) {
            requireForced(node, d, s, term);
        }
        amnesiac[node] = false;
    }

    private void requireForced(int node, DiskBook d, long slot, long origin) {
        if (!d.isForced(slot, origin)) {
            throw new Violation(
                    16,
                    name(),
                    "node " + node + " is cured, and slot " + slot + " of origin " + origin + " is "
                            + d.state(slot, origin) + ", not forced");
        }
    }

    private void requireMemory(int node, String what) {
        if (amnesiac[node]) {
            throw new Violation(16, name(), "node " + node + " has amnesia and " + what);
        }
    }

    @Override
    public void onVoteRequested(int candidate, long term, long syncTerm, long contigPrefix) {
        if (everyVoterTerms.contains(term)) {
            suspect(candidate, term);
        } else {
            requireMemory(candidate, "campaigns in term " + term);
        }
    }

    @Override
    public void onVoteSent(int voter, VoteReport report) {
        if (everyVoterTerms.contains(report.term())) {
            suspect(voter, report.term());
        } else {
            requireMemory(voter, "votes: " + report);
        }
    }

    @Override
    public void onAckSent(int node, long term, long first, long last) {
        if (amnesiac[node]) {
            requireMemory(node, "acknowledges slots " + first + " to " + last + " of term " + term);
        }
    }

    @Override
    public void onSyncAckSent(int node, long term) {
        if (amnesiac[node]) {
            requireMemory(node, "acknowledges the merged log of term " + term);
        }
    }

    @Override
    public void onPrefixSent(int node, long term, long prefix) {
        if (amnesiac[node]) {
            requireMemory(node, "claims the prefix " + prefix + " in term " + term);
        }
    }
}
