package io.parablock.blockdev.nbd;

/**
 * How a handshake ended.
 *
 * @param allocation {@code base:allocation} was selected for this export: NBD_CMD_BLOCK_STATUS is allowed
 */
public record Negotiated(NbdExport export, ReplyMode mode, boolean allocation) {}
