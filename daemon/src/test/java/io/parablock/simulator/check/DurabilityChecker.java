package io.parablock.simulator.check;

/** Invariant 16: no reply before the durability that it promises. A record that has rotted since counts as written. */
final class DurabilityChecker implements Checker {
    private final Ledger ledger;

    DurabilityChecker(Ledger ledger) {
        this.ledger = ledger;
    }

    private void require(boolean durable, int node, String what) {
        if (!durable) {
            throw new Violation(16, name(), "node " + node + " " + what);
        }
    }

    @Override
    public void onAckSent(int node, long term, long first, long last) {
        DiskBook d = ledger.disk(node);
        for (long s = first; s <= last; s++) {
            if (!d.mayHoldEffective(s)) {
                throw new Violation(
                        16, name(), "node " + node + " acknowledges slot " + s + ", not durable, term " + term);
            }
        }
        if (ledger.shape().strict() && d.contigPrefix() < last) {
            throw new Violation(
                    16, name(), "node " + node + " acknowledges slot " + last + " over a hole in strict mode");
        }
    }

    @Override
    public void onPrefixSent(int node, long term, long prefix) {
        requirePrefix(node, prefix);
    }

    private void requirePrefix(int node, long prefix) {
        long held = ledger.disk(node).contigPrefix();
        if (held < prefix) {
            throw new Violation(
                    16, name(), "node " + node + " claims the prefix " + prefix + ", its disk holds only " + held);
        }
    }

    @Override
    public void onSyncAckSent(int node, long term) {
        DiskBook d = ledger.disk(node);
        if (d.syncTerm() != term || d.hard().syncTerm() != term) {
            throw new Violation(
                    16,
                    name(),
                    "node " + node + " acknowledges the merged log of term " + term
                            + " before SYNCREC and META are durable");
        }
    }

    @Override
    public void onSyncBeginSent(int node, long term, long m) {
        require(ledger.disk(node).syncTerm() == term, node, "leads term " + term + " before its SYNCREC is durable");
    }

    @Override
    public void onVoteRequested(int candidate, long term, long syncTerm, long contigPrefix) {
        DiskBook d = ledger.disk(candidate);
        require(d.term() == term && d.hard().votedFor() == candidate, candidate, "campaigns before META is durable");
        requirePrefix(candidate, contigPrefix);
    }

    @Override
    public void onVoteSent(int voter, VoteReport r) {
        DiskBook d = ledger.disk(voter);
        require(
                d.hard().term() == r.term() && d.hard().votedFor() == r.candidate(),
                voter,
                "votes before META is durable: " + r);
        r.present().forEach(run -> {
            for (long s = run.first(); s <= run.last(); s++) {
                if (!d.mayHoldEffective(s)) {
                    throw new Violation(16, name(), "node " + voter + " reports slot " + s + ", not durable: " + r);
                }
            }
        });
    }
}
