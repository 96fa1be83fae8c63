package io.parablock.main;

import io.parablock.blockdev.nbd.netty.NbdReadings;
import io.parablock.blockdev.nbd.netty.NbdServer;
import io.parablock.config.NodeConfig;
import io.parablock.http.NbdClient;
import io.parablock.metrics.Metric;
import io.parablock.metrics.NodeMeters;
import io.parablock.transport.PeerTransport;
import java.io.File;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The figures of a process that nobody counts as they happen and no group knows: read before each scrape, on its thread. */
final class ProcessFigures implements Runnable {
    /** Named limit: clients in {@code /status}. */
    private static final int CLIENTS_MAX = 100;

    private final NodeMeters meters;
    private final Supplier<@Nullable NbdServer> nbd;
    private final List<Runnable> others = new ArrayList<>();

    /** @param nbd null while it does not serve yet */
    ProcessFigures(NodeMeters meters, Supplier<@Nullable NbdServer> nbd) {
        this.meters = meters;
        this.nbd = nbd;
    }

    /** Its disk. */
    ProcessFigures ofNode(NodeConfig config) {
        File dir = config.dataDir().toFile();
        others.add(() -> {
            meters.figure(Metric.DISK_FREE, dir.getUsableSpace());
            meters.figure(Metric.DISK_TOTAL, dir.getTotalSpace());
            meters.figure(Metric.WAL_RESERVE, config.wal().reserveBytes());
        });
        return this;
    }

    /** @param lanes that there are to be to each peer */
    ProcessFigures ofPeers(int lanes, Supplier<List<PeerTransport.PeerReading>> peers) {
        others.add(() -> {
            for (PeerTransport.PeerReading p : peers.get()) {
                String peer = Integer.toString(p.peer());
                meters.figure(Metric.PEER_CONNECTED, p.connected() ? 1 : 0, peer);
                meters.figure(Metric.PEER_LANES, lanes, peer);
                meters.figure(Metric.PEER_LANES_UP, p.lanesUp(), peer);
                meters.figure(Metric.PEER_QUEUED, p.queuedBytes(), peer);
                meters.figure(Metric.PEER_CONNECTS, p.reconnects(), peer);
                meters.figure(Metric.PEER_FRAMES_REFUSED, p.refusedFrames(), peer);
            }
        });
        return this;
    }

    ProcessFigures inUse(String role, int id, String transport, String pipeline) {
        meters.figure(Metric.IN_USE, 1, role, Integer.toString(id), transport, pipeline);
        return this;
    }

    @Override
    public void run() {
        meters.figure(Metric.LOG_LINES_DROPPED, LogQueue.droppedLines());
        NbdServer s = nbd.get();
        if (s != null) {
            s.exports().forEach(this::set);
            meters.figure(Metric.NBD_IN_WORK, s.inWorkBytes());
            meters.figure(Metric.NBD_WAITING, s.waiting());
        }
        others.forEach(Runnable::run);
    }

    private void set(NbdReadings.Export export) {
        meters.figure(Metric.NBD_CONNECTIONS, export.connections(), export.name());
        for (NbdReadings.Command c : export.commands()) {
            meters.figure(Metric.NBD_REQUESTS, c.requests(), export.name(), c.op());
            meters.figure(Metric.NBD_BYTES, c.bytes(), export.name(), c.op());
            meters.figure(Metric.NBD_ERRORS, c.errors(), export.name(), c.op());
        }
    }

    /** For {@code /status}: who is attached, those that came first. */
    static List<NbdClient> clients(@Nullable NbdServer nbd) {
        return nbd == null
                ? List.of()
                : nbd.clients(CLIENTS_MAX).stream()
                        .map(c -> new NbdClient(
                                c.address(), c.export(), c.sinceMs(), c.inFlight(), c.requests(), c.bytes()))
                        .toList();
    }
}
