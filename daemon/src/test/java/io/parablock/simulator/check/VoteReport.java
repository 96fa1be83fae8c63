package io.parablock.simulator.check;

import io.parablock.raft.log.SlotRun;
import java.util.List;

/**
 * What a voter said with its granted vote (VoteReply, protocol.md §2).
 *
 * @param candidateContigPrefix the report covers the slots above it
 */
public record VoteReport(
        long term,
        int candidate,
        long candidateContigPrefix,
        long syncTerm,
        long mSync,
        long logBase,
        long appliedPrefix,
        List<SlotRun> present,
        List<SlotRun> unknown) {}
