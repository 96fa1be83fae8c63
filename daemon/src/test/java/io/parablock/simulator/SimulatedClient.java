package io.parablock.simulator;

import io.netty.buffer.ByteBuf;
import io.parablock.blockdev.nbd.Nbd;
import io.parablock.blockdev.nbd.NbdSession;
import io.parablock.blockdev.store.AllocationRun;
import io.parablock.simulator.check.History;
import io.parablock.simulator.check.History.Kind;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A client at the gateway of some node: overlapping requests of different lengths, several at once. It repeats nothing:
 * that is the gateway's business.
 */
final class SimulatedClient {
    static final int SECTOR = 512;
    /** Of the reads, those that ask whether there is anything to read. */
    private static final int ALLOCATION_PER_MILLE = 100;

    private final int id;
    private final SimulatedCluster cluster;
    private final Simulation sim;
    private final SimulationSettings settings;
    private final History history;
    private final Seeded random;
    private @Nullable NbdSession session;
    private int node;
    /** Grows with each connection: what an earlier one answers is not heard. */
    private long connection;

    private int outstanding;
    private boolean asking = true;
    private long stamps;
    private long answered;
    private long failed;

    SimulatedClient(int id, SimulatedCluster cluster, History history) {
        this.id = id;
        this.cluster = cluster;
        this.sim = cluster.simulation();
        this.settings = cluster.settings();
        this.history = history;
        this.random = sim.random("client " + id);
    }

    void start() {
        sim.after(random.exponential(settings.electionTimeoutNs), this::live);
    }

    private void live() {
        if (session == null) {
            connect();
        }
        NbdSession s = session;
        if (s != null && asking) {
            int burst = random.perMille(100) ? settings.depth : 1;
            for (int i = 0; i < burst && outstanding < settings.depth && session == s; i++) {
                ask(s);
            }
        }
        sim.after(random.exponential(settings.thinkNs) + 1, this::live);
    }

    private void connect() {
        List<SimulatedNode> up = new ArrayList<>();
        for (SimulatedNode n : cluster.nodes()) {
            if (n.isUp() && !n.isPaused()) {
                up.add(n);
            }
        }
        if (!up.isEmpty()) {
            SimulatedNode n = up.get(random.below(up.size()));
            node = n.id();
            connection++;
            session = n.attach();
            sim.note("client " + id + " connects to node " + node);
        }
    }

    // ---------------------------------------------------------------- requests

    private void ask(NbdSession s) {
        int dice = random.below(100);
        boolean fua = random.perMille(100);
        if (dice < 45) {
            write(s, fua);
        } else if (dice < 80) {
            long sectors = length(48);
            long first = place(sectors);
            int op = invoke(Kind.READ, first, sectors, 0);
            long mine = connection;
            if (random.perMille(ALLOCATION_PER_MILLE)) {
                s.blockStatus(
                        first * SECTOR,
                        sectors * SECTOR,
                        false,
                        (error, runs) -> onAllocation(mine, op, runs, sectors));
                return;
            }
            s.read(first * SECTOR, (int) sectors * SECTOR, (error, content) -> onRead(mine, op, error, content, first));
        } else if (dice < 87) {
            long sectors = length(128);
            long first = place(sectors);
            int op = invoke(Kind.ZERO, first, sectors, 0);
            long mine = connection;
            s.zero(first * SECTOR, sectors * SECTOR, random.coin(), fua, error -> onEnd(mine, op, error));
        } else if (dice < 93) {
            long sectors = length(128);
            long first = place(sectors);
            int op = invoke(Kind.ZERO, first, sectors, 0);
            long mine = connection;
            s.trim(first * SECTOR, sectors * SECTOR, fua, error -> onEnd(mine, op, error));
        } else {
            int op = invoke(Kind.FLUSH, 0, 0, 0);
            long mine = connection;
            s.flush(error -> onEnd(mine, op, error));
        }
    }

    private void write(NbdSession s, boolean fua) {
        int sectors = (int) length(48);
        long first = place(sectors);
        long stamp = (long) id << 40 | ++stamps;
        ByteBuf payload = cluster.allocator().buffer(sectors * SECTOR, sectors * SECTOR);
        for (int i = 0; i < sectors; i++) {
            payload.writeLong(stamp).writeLong(first + i).writeZero(SECTOR - 16);
        }
        int op = invoke(Kind.WRITE, first, sectors, stamp);
        long mine = connection;
        s.write(first * SECTOR, payload, fua, error -> onEnd(mine, op, error));
    }

    private long length(int most) {
        return random.perMille(150) ? 1 + random.below(most) : 1 + random.below(12);
    }

    /** Most of it where everybody writes. */
    private long place(long sectors) {
        long all = settings.sizeBytes() / SECTOR;
        long room = (random.perMille(800) ? Math.min(all, 192) : all) - sectors;
        long first = random.below((int) room + 1);
        return random.coin() ? first & ~7L : first;
    }

    private int invoke(Kind kind, long first, long sectors, long stamp) {
        outstanding++;
        int op = history.invoke(id, kind, first, (int) sectors, stamp, sim.nowNs());
        if (sim.isRecording()) {
            sim.detail("client " + id + " asks " + op + ": " + kind + " sectors " + first + "+" + sectors + " stamp "
                    + Long.toHexString(stamp));
        }
        return op;
    }

    // ---------------------------------------------------------------- answers

    private void onRead(long ofConnection, int op, int error, @Nullable ByteBuf content, long first) {
        if (ofConnection != connection) {
            if (content != null) {
                content.release();
            }
            return;
        }
        if (error != 0 || content == null) {
            onEnd(ofConnection, op, error);
            return;
        }
        long[] found = new long[content.readableBytes() / SECTOR];
        for (int i = 0; i < found.length; i++) {
            found[i] = content.getLong(content.readerIndex() + i * SECTOR);
            long sector = content.getLong(content.readerIndex() + i * SECTOR + 8);
            if (found[i] != 0 && sector != first + i) {
                cluster.watch().fail("client " + id + " read sector " + sector + " in place of " + (first + i), null);
            }
        }
        content.release();
        end(op, 0);
        history.okRead(op, found, sim.nowNs());
    }

    /** A hole is a read that found zeros; anything else tells nothing, as a read without an answer. */
    private void onAllocation(long ofConnection, int op, @Nullable List<AllocationRun> runs, long sectors) {
        if (ofConnection != connection) {
            return;
        }
        end(op, runs == null ? Nbd.EIO : 0);
        if (runs != null && runs.equals(List.of(new AllocationRun(sectors * SECTOR, true)))) {
            history.okRead(op, new long[(int) sectors], sim.nowNs());
        }
    }

    private void onEnd(long ofConnection, int op, int error) {
        if (ofConnection != connection) {
            return;
        }
        end(op, error);
        // After an error it may have happened, or may happen yet: no answer.
        if (error == 0) {
            history.ok(op, sim.nowNs());
        }
    }

    private void end(int op, int error) {
        outstanding--;
        answered += error == 0 ? 1 : 0;
        failed += error == 0 ? 0 : 1;
        sim.trace(3, id, op, error);
        if (sim.isRecording()) {
            sim.detail("client " + id + " ends " + op + (error == 0 ? "" : " with error " + error));
        }
    }

    // ---------------------------------------------------------------- ends

    /** Nothing that is under way is answered any more. */
    private void disconnect() {
        session = null;
        connection++;
        outstanding = 0;
    }

    void onNodeDown(int down) {
        if (session != null && node == down) {
            disconnect();
        }
    }

    /** Every request gets an error now, as on a disk that is gone. */
    void onWritesLost(int at) {
        if (session != null && node == at) {
            boolean unused = die();
        }
    }

    /** The client goes away, and another one comes in its place. Returns false if there was none. */
    boolean die() {
        NbdSession s = session;
        if (s == null) {
            return false;
        }
        sim.note("client " + id + " dies with " + outstanding + " requests under way");
        disconnect();
        s.detach();
        return true;
    }

    /** Leaves a node that is not to be waited for. */
    void leave() {
        boolean unused = die();
    }

    int node() {
        return session == null ? 0 : node;
    }

    void stopAsking() {
        asking = false;
    }

    int outstanding() {
        return outstanding;
    }

    long answered() {
        return answered;
    }

    long failed() {
        return failed;
    }
}
