package io.parablock.wal.segment;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.OpenOption;
import java.nio.file.Path;

/** How an engine opens the segment files of its own run: through the page cache or past it. */
@FunctionalInterface
public interface FileOpener {
    FileOpener BUFFERED = FileChannel::open;

    FileChannel open(Path path, OpenOption... options) throws IOException;
}
