package io.parablock.blockdev.nbd;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * The data of NBD_OPT_LIST_META_CONTEXT and NBD_OPT_SET_META_CONTEXT (proto.md, "Metadata querying").
 *
 * @param exportName as the client wrote it
 * @param allocation whether the queries find {@code base:allocation}
 */
record ContextQuery(String exportName, boolean allocation) {
    /**
     * A query of another namespace finds nothing. The wildcards, {@code base:} and no query at all, are for listing only.
     *
     * @return null if the data is malformed
     */
    static @Nullable ContextQuery decode(ByteBuf content, boolean listing) {
        String name = string(content);
        if (name == null || content.readableBytes() < Integer.BYTES) {
            return null;
        }
        long count = content.readUnsignedInt();
        boolean found = listing && count == 0;
        for (long i = 0; i < count; i++) {
            String query = string(content);
            if (query == null) {
                return null;
            }
            found |= query.equals(Nbd.BASE_ALLOCATION) || (listing && query.equals(Nbd.BASE_NAMESPACE));
        }
        return content.isReadable() ? null : new ContextQuery(name, found);
    }

    /** proto.md, "Conventions" of strings: a length, then at most 4096 bytes. */
    static @Nullable String string(ByteBuf content) {
        if (content.readableBytes() < Integer.BYTES) {
            return null;
        }
        long length = content.readUnsignedInt();
        if (length > Handshake.NAME_BYTES_MAX || length > content.readableBytes()) {
            return null;
        }
        return content.readCharSequence((int) length, StandardCharsets.UTF_8).toString();
    }
}
