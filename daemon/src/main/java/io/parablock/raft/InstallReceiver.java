package io.parablock.raft;

import io.parablock.raft.message.Message;
import io.parablock.raft.state.Checkpoint;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/**
 * The follower's side of an install (protocol.md §7). It changes the block store and the durable flag {@code installing} and
 * nothing else; log, log base and sync term stay until the end, which is ONE durable step.
 *
 * <pre>
 *   wanted ─InstallBegin─► applies run out ─► flag durable ─► pieces ─InstallEnd─► CKPT{a=b, logBase=b, e} durable ─► done
 * </pre>
 */
public final class InstallReceiver {
    /** Election timeouts without a piece after which a new install is asked for. */
    private static final int SILENCE_TIMEOUTS_MAX = 4;

    private final CoreState state;
    private Message.@Nullable InstallBegin current;
    /** Handed to the store, and done by it, as bits by piece. */
    private final BitSet taken = new BitSet();

    private final BitSet written = new BitSet();
    /** The flag is durable: pieces may be written. */
    private boolean open;

    private boolean complete;
    private long e;
    private long lastDoneId;
    private long lastAskedNs = Long.MIN_VALUE / 2;
    private long lastHeardNs;
    private boolean ackWanted;

    InstallReceiver(CoreState state) {
        this.state = state;
    }

    /** A new term, leader or role: what was received so far is of no use, the flag stays. */
    void reset() {
        if (current == null) {
            return;
        }
        state.output.event = "install " + current.installId() + " ends unfinished at " + doneBytes() + " of "
                + totalBytes() + " bytes";
        follow(null);
        complete = false;
        ackWanted = false;
        taken.clear();
        written.clear();
        if (!state.installing && !state.installStepUnderWay) {
            state.apply.resume(state.output.applies);
        }
    }

    private void follow(Message.@Nullable InstallBegin install) {
        current = install;
        state.installBegun = install != null;
    }

    boolean isActive() {
        return current != null;
    }

    // ---------------------------------------------------------------- messages

    /** @return true if an install began: whatever else the follower was fetching is void */
    boolean step(Message.Install message) {
        if (message instanceof Message.InstallBegin m) {
            return onBegin(m);
        }
        if (message instanceof Message.InstallExtent m) {
            onExtent(m);
        } else if (message instanceof Message.InstallEnd m) {
            onEnd(m);
        }
        return false;
    }

    private boolean onBegin(Message.InstallBegin m) {
        Message.InstallBegin now = current;
        if (now != null && now.installId() >= m.installId()) {
            ackWanted |= open;
            return false;
        }
        boolean wanted = state.installing || state.needsInstall;
        // Below the own checkpoint there is no log left to apply again.
        if (state.installStepUnderWay || !wanted || m.image().a() < atLeast() || m.installId() <= lastDoneId) {
            return false;
        }
        if (m.storeBytes() != state.config.install().storeBytes()) {
            state.output.event = "install refused: the leader's block store has " + m.storeBytes() + " bytes, this one "
                    + state.config.install().storeBytes();
            return false;
        }
        follow(m);
        taken.clear();
        written.clear();
        complete = false;
        open = state.installing || !state.guards.flagBeforePieces;
        ackWanted = open;
        lastHeardNs = state.nowNs;
        if (state.guards.appliesRestInInstall) {
            state.apply.pause();
        }
        state.output.event =
                "install " + m.installId() + " begins: base slot " + m.image().a() + ", " + m.storeBytes() + " bytes";
        saveFlagWhenIdle();
        return true;
    }

    /** Applies under way must not land between the pieces. */
    void saveFlagWhenIdle() {
        if (current != null
                && state.role == Role.FOLLOWER
                && !state.installing
                && !state.installStepUnderWay
                && state.apply.isIdle()) {
            state.installStepUnderWay = true;
            state.output.installCheckpointDue = true;
        }
    }

    private void onExtent(Message.InstallExtent m) {
        Message.InstallBegin now = current;
        if (now == null || now.installId() != m.installId() || !open || complete) {
            if (!state.guards.piecesOfOneInstall) {
                state.output.installWrites.add(m);
            }
            return;
        }
        lastHeardNs = state.nowNs;
        long end = m.offsetBytes() + m.lengthBytes();
        boolean aligned = m.offsetBytes() >= 0
                && m.lengthBytes() > 0
                && m.offsetBytes() % now.pieceBytes() == 0
                && end <= now.storeBytes()
                && (m.lengthBytes() == now.pieceBytes() || end == now.storeBytes());
        int piece = (int) (m.offsetBytes() / now.pieceBytes());
        if (!aligned || m.lengthBytes() > now.pieceBytes()) {
            return;
        }
        if (taken.get(piece)) {
            ackWanted = true;
            return;
        }
        taken.set(piece);
        state.output.installWrites.add(m);
    }

    /** The store has this piece. */
    void onWritten(long installId, long offsetBytes) {
        Message.InstallBegin now = current;
        if (now != null && now.installId() == installId) {
            written.set((int) (offsetBytes / now.pieceBytes()));
            ackWanted = true;
        }
    }

    private void onEnd(Message.InstallEnd m) {
        Message.InstallBegin now = current;
        if (now == null || now.installId() != m.installId()) {
            if (m.installId() == lastDoneId) {
                state.send(state.leader, new Message.InstallAck(state.term, lastDoneId, m.e(), true));
            }
            return;
        }
        lastHeardNs = state.nowNs;
        if (open && !state.installStepUnderWay && !complete && doneBytes() == now.storeBytes()) {
            complete = true;
            e = Math.max(m.e(), now.image().a());
            state.installStepUnderWay = true;
            state.output.installCheckpointDue = true;
        }
    }

    // ---------------------------------------------------------------- the two durable steps

    /** What to make durable now. */
    Checkpoint checkpoint() {
        Message.InstallBegin now = current;
        if (now == null || !complete) {
            return state.durable.asInstalling();
        }
        Checkpoint b = now.image();
        return new Checkpoint(b.a(), b.origins(), b.sessions(), b.a(), e, false, b.members());
    }

    /** @return false if this checkpoint is none of an install */
    boolean onDurable(Checkpoint image) {
        if (image.installing()) {
            state.installStepUnderWay = false;
            state.durable = image;
            state.installing = true;
            open = true;
            ackWanted = current != null;
            return true;
        }
        if (!state.installing) {
            return false;
        }
        state.installStepUnderWay = false;
        Message.InstallBegin now = current;
        follow(null);
        complete = false;
        state.completeInstall(image, now != null);
        state.output.event = "install complete: store at slot " + image.a() + ", readable from slot " + image.e();
        if (now != null && now.image().a() == image.a()) {
            lastDoneId = now.installId();
            state.send(state.leader, new Message.InstallAck(state.term, lastDoneId, now.storeBytes(), true));
        }
        return true;
    }

    // ---------------------------------------------------------------- time

    private long atLeast() {
        return Math.max(state.checkpoint, state.apply.appliedPrefix());
    }

    /** Follower only. A bystander asks for nothing: its term may be lower than that in which it applied. */
    void tick() {
        if (!state.curable) {
            return;
        }
        if (current != null) {
            saveFlagWhenIdle();
            if (!state.installStepUnderWay
                    && state.nowNs - lastHeardNs > SILENCE_TIMEOUTS_MAX * state.config.electionTimeoutNs()) {
                reset();
            }
        } else if ((state.installing || isStillNeeded())
                && state.leader != 0
                && !state.installStepUnderWay
                && state.nowNs - lastAskedNs >= state.config.retransmitNs()) {
            lastAskedNs = state.nowNs;
            state.send(state.leader, new Message.InstallRequest(state.term, 0, atLeast()));
        }
    }

    /** Another peer may have had what the leader has cut. */
    private boolean isStillNeeded() {
        boolean heldByNow = state.isSynced() && state.log.contigPrefix() >= state.goneUpTo;
        state.needsInstall &= state.mustReinstall || !heldByNow;
        return state.needsInstall;
    }

    void endOfBatch() {
        Message.InstallBegin now = current;
        if (ackWanted && now != null && state.leader != 0) {
            state.send(state.leader, new Message.InstallAck(state.term, now.installId(), doneBytes(), false));
        }
        ackWanted = false;
    }

    /** Everything below is in the store. */
    long doneBytes() {
        Message.InstallBegin now = current;
        return now == null ? 0 : Math.min(now.storeBytes(), (long) written.nextClearBit(0) * now.pieceBytes());
    }

    long totalBytes() {
        Message.InstallBegin now = current;
        return now == null ? 0 : now.storeBytes();
    }
}
