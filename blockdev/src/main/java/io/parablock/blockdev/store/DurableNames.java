package io.parablock.blockdev.store;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/** The names of files, as opposed to what is in them. */
final class DurableNames {
    private DurableNames() {}

    /**
     * A checkpoint vouches for what is in a file, so its name must outlive a power loss like the content; so must the names of
     * its folders, which a process that died may have created and not forced.
     */
    static void force(@Nullable Path directory) throws IOException {
        for (Path each = directory; each != null; each = each.getParent()) {
            try (FileChannel opened = FileChannel.open(each, StandardOpenOption.READ)) {
                opened.force(true);
            } catch (AccessDeniedException notOurs) {
                return; // what we may not even read we have not created
            }
        }
    }
}
