package io.parablock.perf.bench;

import java.io.IOException;
import java.net.SocketAddress;
import java.net.URI;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A cluster that runs and is measured: one variant. */
public interface MeasuredCluster {
    /** What is particular about it, for people. */
    String variant();

    /** The variant that is as this one but strict, while this one is parallel; null if there is none. */
    @Nullable
    String strictVariant();

    /** The export to attach to. */
    String export();

    /** Where the node that leads now serves NBD, TCP or unix; waits for one. */
    SocketAddress leader() throws IOException, InterruptedException;

    /** What the daemons say of themselves: mode, durability, engine, transport and the like. */
    Map<String, String> facts() throws IOException, InterruptedException;

    /**
     * Its daemons run on with these keys besides those that it was started with, and without those of the last call.
     *
     * @throws IOException if one of them does not take them, in words for people
     */
    void reconfigure(Map<String, String> keys) throws IOException, InterruptedException;

    /** Where the daemons serve their pages. */
    List<URI> pages();

    /** The daemons. */
    List<ProcessHandle> processes();
}
