package io.parablock.raft.scenario;

import io.parablock.raft.Output;
import io.parablock.raft.message.Message;
import io.parablock.raft.state.Checkpoint;
import java.util.Map;
import java.util.TreeMap;

/** The block stores' part in the installs of a scenario (protocol.md §7). */
final class ScenarioInstalls {
    private final ScenarioCluster cluster;

    ScenarioInstalls(ScenarioCluster cluster) {
        this.cluster = cluster;
    }

    /** The durable steps: the flag, and the end. */
    void step(SimulatedNode n) {
        n.installStepDue = false;
        Checkpoint image = n.core().installCheckpoint();
        cluster.checker.insist(
                n.applying.isEmpty() && (image.installing() || n.installWrites.isEmpty()),
                "node " + n.id + ": an install's step while its store is at work");
        cluster.checker.onInstallStep(n, image);
        n.fsyncedDevice.clear();
        n.fsyncedDevice.putAll(n.device);
        n.disk.checkpoint = image;
        if (image.installing()) {
            cluster.suite.onInstallBegun(n.id);
        } else {
            n.applied.clear();
            n.startedFrom = image.a();
            n.readableFrom = image.e();
            cluster.suite.onCheckpointDurable(n.id, image, true);
        }
        cluster.note("n" + n.id + (image.installing() ? " installing" : " installed " + image.a() + " e " + image.e()));
        n.core().onCheckpointDurable(image, cluster.clock(n));
        cluster.work(n);
    }

    /** The core hands a piece to the store. */
    void take(SimulatedNode n, Message.InstallExtent m) {
        cluster.suite.onInstallPiece(n.id, m.installId(), m.offsetBytes(), m.lengthBytes());
        n.installWrites.add(m);
    }

    /** The store writes the oldest piece that it was handed. */
    void write(SimulatedNode n) {
        Message.InstallExtent m = n.installWrites.remove(0);
        cluster.checker.insist(
                n.disk.checkpoint.installing(), "node " + n.id + " takes a piece and its flag is not durable");
        cluster.checker.insist(n.applying.isEmpty(), "node " + n.id + " takes a piece while it applies");
        for (long sector = m.offsetBytes() / 512; sector < (m.offsetBytes() + m.lengthBytes()) / 512; sector++) {
            n.device.remove(sector);
        }
        if (m.payload() instanceof Map<?, ?> content) {
            content.forEach((sector, slot) -> n.device.put((Long) sector, (Long) slot));
        }
        cluster.suite.onInstallPieceWritten(n.id, m.installId(), m.offsetBytes(), m.lengthBytes());
        n.core().onInstallWritten(m.installId(), m.offsetBytes(), cluster.clock(n));
        cluster.work(n);
    }

    /** The leader's store gives a piece. */
    void read(SimulatedNode n, Output.InstallRead r) {
        cluster.checker.insist(
                !n.disk.checkpoint.installing(),
                "node " + n.id + " is the source of an install in the middle of its own");
        Map<Long, Long> content = new TreeMap<>();
        for (long sector = r.offsetBytes() / 512; sector < (r.offsetBytes() + r.lengthBytes()) / 512; sector++) {
            Long slot = n.device.get(sector);
            if (slot != null) {
                content.put(sector, slot);
            }
        }
        cluster.send(
                n,
                r.to(),
                new Message.InstallExtent(
                        r.term(),
                        r.installId(),
                        r.offsetBytes(),
                        r.lengthBytes(),
                        0,
                        content.isEmpty() ? null : content));
    }
}
