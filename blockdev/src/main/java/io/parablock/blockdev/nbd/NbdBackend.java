package io.parablock.blockdev.nbd;

import java.util.List;

/** What serves the exports. */
public interface NbdBackend {
    List<NbdExport> exports();

    /** One session per client connection. */
    NbdSession attach(NbdExport export);
}
