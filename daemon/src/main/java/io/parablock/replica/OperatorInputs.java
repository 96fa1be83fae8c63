package io.parablock.replica;

import io.parablock.raft.RaftNode;
import io.parablock.raft.TransferResult;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/** What operators ask of a replica. On the group's thread. */
public final class OperatorInputs {
    private final RaftNode core;
    private final Scrub scrub;
    private final LongSupplier nowNs;
    private final Consumer<Runnable> input;

    /** @param input takes an input of the replica; one of a stopped replica does not run */
    OperatorInputs(RaftNode core, Scrub scrub, LongSupplier nowNs, Consumer<Runnable> input) {
        this.core = core;
        this.scrub = scrub;
        this.nowNs = nowNs;
        this.input = input;
    }

    /**
     * A leader hands over, to stop, or to go on as a follower. Ask again soon while it is {@link TransferResult#UNDER_WAY}.
     *
     * @param wanted the node that is to take over, or 0 for the peer that holds most
     */
    public TransferResult handOver(int wanted) {
        TransferResult[] result = {TransferResult.NOT_LED};
        input.accept(() -> result[0] = core.handOver(wanted, nowNs.getAsLong()));
        return result[0];
    }

    /** A round of the scrub begins now. */
    public ScrubStart startScrub() {
        ScrubStart[] result = {ScrubStart.OFF};
        input.accept(() -> result[0] = scrub.startNow(nowNs.getAsLong()));
        return result[0];
    }
}
