package io.parablock.blockdev.nbd.netty;

/**
 * What a stopping server does with requests that have not been received when the stop begins (proto.md, "Terminating the
 * transmission phase"). What was received before is finished and answered either way.
 */
public enum StopReply {
    /** They are answered with NBD_ESHUTDOWN until the last one before them has been answered. */
    ESHUTDOWN,
    /** They are not read; behind the last reply the stream ends. Clients that connect again send them again. */
    CLOSE
}
