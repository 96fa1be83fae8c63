package io.parablock.blockdev.nbd.conformance;

import static io.parablock.blockdev.nbd.conformance.Proto.*;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What INFO or GO tells of an export; proto.md, heading "Option reply types", NBD_REP_INFO.
 *
 * @param sizes the advertised constraints, or the document's defaults
 */
record ExportFacts(
        long sizeBytes,
        int flags,
        BlockSizes sizes,
        @Nullable String name,
        @Nullable String description) {

    static ExportFacts of(List<OptionReply> replies) {
        long sizeBytes = -1;
        int flags = 0;
        BlockSizes sizes = BlockSizes.DEFAULT;
        String name = null;
        String description = null;
        Set<Integer> seen = new HashSet<>();
        for (OptionReply reply : replies) {
            if (reply.type() != REP_INFO) {
                continue;
            }
            int length = reply.content().length;
            Violation.unless(length >= 2, "NBD_REP_INFO of %d bytes", length);
            ByteBuffer view = reply.view();
            int type = view.getShort();
            Violation.unless(seen.add(type), "information %d comes twice", type);
            if (type == INFO_EXPORT) {
                Violation.unless(length == 12, "NBD_INFO_EXPORT of %d bytes", length);
                sizeBytes = view.getLong();
                flags = view.getShort() & 0xffff;
            } else if (type == INFO_BLOCK_SIZE) {
                Violation.unless(length == 14, "NBD_INFO_BLOCK_SIZE of %d bytes", length);
                sizes = new BlockSizes(u32(view), u32(view), u32(view));
            } else if (type == INFO_NAME) {
                name = string(reply);
            } else if (type == INFO_DESCRIPTION) {
                description = string(reply);
            }
        }
        if (Haggle.last(replies).type() == REP_ACK) {
            Violation.unless(seen.contains(INFO_EXPORT), "success without NBD_INFO_EXPORT");
            Violation.unless((flags & HAS_FLAGS) != 0, "NBD_FLAG_HAS_FLAGS is not set");
        }
        return new ExportFacts(sizeBytes, flags, sizes, name, description);
    }

    private static long u32(ByteBuffer view) {
        return view.getInt() & 0xffffffffL;
    }

    private static String string(OptionReply reply) {
        return Haggle.utf8(Arrays.copyOfRange(reply.content(), 2, reply.content().length));
    }
}
