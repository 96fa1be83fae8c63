package io.parablock.raft;

/**
 * What a block store holds at some moment, by the log (docs/protocol.md, "Repair of blocks").
 *
 * @param syncTerm of the node: the log that the slots are counted in
 * @param applied every slot up to it is in the store
 * @param reach no slot above it is in the store, not even in part
 */
public record StorePoint(long syncTerm, long applied, long reach) {}
