package io.parablock.wal.segment;

import java.io.IOException;
import java.nio.channels.FileChannel;

/** The one call that makes mapped pages durable: a seam, so that tests can make it fail. */
@FunctionalInterface
public interface StableStorage {
    /**
     * fdatasync: every dirty page of the file, whichever mapping dirtied it. The queue's own sync misses the tail of a
     * chunk that a batch has just left.
     */
    StableStorage FDATASYNC = channel -> channel.force(false);

    void force(FileChannel channel) throws IOException;
}
