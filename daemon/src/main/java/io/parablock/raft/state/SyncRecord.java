package io.parablock.raft.state;

import io.parablock.raft.log.OriginRun;
import io.parablock.raft.log.SlotRun;
import java.util.List;

/**
 * SYNCREC (protocol.md §1): the merged log of a term. Durable before META.syncTerm, before SyncAck.
 *
 * @param m the last slot of the merged log; the runs cover 1..m without a gap
 * @param noops the slots above the writer's log base that are no-ops; they are in no WAL record
 */
public record SyncRecord(long term, long m, List<OriginRun> runs, List<SlotRun> noops) {}
