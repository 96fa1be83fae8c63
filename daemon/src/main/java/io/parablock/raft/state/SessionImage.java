package io.parablock.raft.state;

/**
 * One client session as kept in a checkpoint (protocol.md §10).
 *
 * @param seqs the sequence numbers {@code >= floor} that have a slot, beside {@code slots}
 */
public record SessionImage(
        long id, int gatewayNode, long gatewayBoot, long nonce, long floor, long[] seqs, long[] slots) {}
