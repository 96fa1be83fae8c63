package io.parablock.simulator.check;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Invariant 12: what a merge takes and what it declares empty. A no-op needs a majority of sure ABSENTs; what is above mS has
 * origin S; a report hides nothing that was acknowledged.
 */
final class NoopChecker implements Checker, Ledger.Listener {
    private record Campaign(int candidate, long term) {}

    private final Ledger ledger;
    private final Map<Long, TreeMap<Integer, VoteReport>> reports = new HashMap<>();
    private final Map<Campaign, Long> candidateSyncTerm = new HashMap<>();
    private final Set<Long> everyVoterTerms = new HashSet<>();

    NoopChecker(Ledger ledger) {
        this.ledger = ledger;
        ledger.add(this);
    }

    @Override
    public void onEveryVoterCampaign(int candidate, long term) {
        everyVoterTerms.add(term);
    }

    @Override
    public void onVoteRequested(int candidate, long term, long syncTerm, long contigPrefix) {
        candidateSyncTerm.put(new Campaign(candidate, term), syncTerm);
    }

    @Override
    public void onVoteSent(int voter, VoteReport r) {
        reports.computeIfAbsent(r.term(), t -> new TreeMap<>()).put(voter, r);
        if (r.candidateSyncTerm() != r.syncTerm() || everyVoterTerms.contains(r.term())) {
            return;
        }
        long from = Math.max(Math.max(r.candidateContigPrefix(), r.mSync()), Math.max(r.logBase(), r.appliedPrefix()));
        for (long s = from + 1; s <= ledger.disk(voter).lastSlot(); s++) {
            if (ledger.hasAcked(voter, r.syncTerm(), s) && !r.lists(s)) {
                throw new Violation(
                        12, name(), "node " + voter + " acknowledged slot " + s + " and does not report it: " + r);
            }
        }
    }

    @Override
    public void onMerged(int node, long term, MergedLog log) {
        Long s = candidateSyncTerm.get(new Campaign(node, term));
        if (s == null || everyVoterTerms.contains(term)) {
            return;
        }
        MergedLog base = ledger.mergedLog(s);
        long baseM = base == null ? 0 : base.m();
        for (long slot = 1; slot <= Math.max(baseM, log.m()); slot++) {
            long origin = log.origin(slot);
            if (base != null && slot <= baseM) {
                if (origin != base.origin(slot)) {
                    throw new Violation(
                            12,
                            name(),
                            "the merged log of term " + term + " has origin " + origin + " at slot " + slot
                                    + ", that of S = " + s + " had " + base.origin(slot));
                }
            } else if (origin == term) {
                requireAbsent(node, term, slot, s);
            } else if (origin != s) {
                throw new Violation(
                        12,
                        name(),
                        "the merged log of term " + term + " takes origin " + origin + " at slot " + slot + ", S = "
                                + s);
            }
        }
    }

    /** Every voter has answered, and there is no readable copy (protocol.md §12); invariant 7 tells if one was committed. */
    private boolean isLostToEverybody(int candidate, long term, long slot, long syncTerm) {
        int answers = 1;
        for (VoteReport r : reports.getOrDefault(term, new TreeMap<>()).values()) {
            answers += r.candidate() == candidate ? 1 : 0;
        }
        for (int n = 1; n <= ledger.shape().voters(); n++) {
            if (ledger.disk(n).state(slot, syncTerm) == SlotState.PRESENT) {
                return false;
            }
        }
        return answers == ledger.shape().voters();
    }

    private void requireAbsent(int candidate, long term, long slot, long syncTerm) {
        DiskBook own = ledger.disk(candidate);
        int absent = !own.isCovered(slot) && own.state(slot, syncTerm) == SlotState.ABSENT ? 1 : 0;
        TreeMap<Integer, VoteReport> ofTerm = reports.getOrDefault(term, new TreeMap<>());
        for (int n = 1; n <= ledger.shape().voters(); n++) {
            VoteReport r = ofTerm.get(n);
            // What a disk held that was given up before this slot was assigned counts for nothing, nor does a
            // learner's.
            boolean isVacant = ledger.seats().isVacant(n, syncTerm, ledger.mergedLog(syncTerm), slot);
            boolean isAbsent = r != null && r.candidate() == candidate && r.isSurelyAbsent(slot, syncTerm);
            absent += isVacant || isAbsent ? 1 : 0;
        }
        if (absent < ledger.shape().quorum() && !isLostToEverybody(candidate, term, slot, syncTerm)) {
            throw new Violation(
                    12,
                    name(),
                    "node " + candidate + " puts a no-op of term " + term + " over slot " + slot + ", surely absent at "
                            + absent + " voters only");
        }
    }
}
