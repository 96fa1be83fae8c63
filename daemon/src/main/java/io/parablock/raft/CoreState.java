package io.parablock.raft;

import io.parablock.lookbehind.LookBehindBuffer;
import io.parablock.lookbehind.SlotSet;
import io.parablock.raft.apply.ApplyScheduler;
import io.parablock.raft.log.Entry;
import io.parablock.raft.log.EntryKind;
import io.parablock.raft.log.OriginRuns;
import io.parablock.raft.log.RaftLog;
import io.parablock.raft.log.SlotRun;
import io.parablock.raft.message.Message;
import io.parablock.raft.session.SessionTable;
import io.parablock.raft.state.Checkpoint;
import io.parablock.raft.state.HardState;
import io.parablock.raft.state.RecoveredState;
import io.parablock.raft.state.SyncRecord;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** What the roles of one node share: durable state, log, commit and apply tracking. Single-threaded. */
final class CoreState {
    /** How many spans above its contiguous prefix a node takes slots. */
    static final int WINDOW_SPANS = 4;

    final RaftConfig config;
    final Guards guards;
    final Output output;

    // Durable; every change goes out with Output.hardState before any message that depends on it.
    long term;
    int votedFor;
    long syncTerm;
    long mSync;
    /** Origins of slots 1..mSync; above it every effective entry has origin syncTerm. */
    OriginRuns origins;

    List<SlotRun> noops = List.of();

    final RaftLog log;
    /** Invariant: a slot in it has one value for ever. The watermark is the commit watermark. */
    final SlotSet committed;

    final ApplyScheduler apply;
    final LookBehindBuffer lookBehind;
    final StoreMatch storeMatch;
    final Configs configs;
    /** The dedupe table of exactly the entries {@code <=} the applied prefix. */
    final SessionTable appliedSessions = new SessionTable();

    private long sessionsFedTo;
    /** The last checkpoint's slot. */
    long checkpoint;
    /** The leader's floor, as last heard or computed. */
    long floor;

    /** Of the UNKNOWN slots, those whose record lies above D: nobody may have been told of it (protocol.md §12). */
    final Set<Long> unknownAboveDurable = new HashSet<>();

    /** Some slot has been UNKNOWN for so long that nobody seems to have a readable copy in its log. */
    boolean repairIsStuck;

    Role role = Role.FOLLOWER;
    int leader;
    /** Its log may lack acknowledged entries (protocol.md §11): no vote, no acknowledgement; ends with the cure. */
    boolean amnesiac;
    /** Durable, see {@link HardState#suspect}. */
    boolean suspect;
    /** Of this process: its block store has not been installed yet, though it must be before it counts. */
    boolean mustReinstall;
    /** It may take part in a merge over every voter: nothing that was flushed is missing here. */
    private boolean flushedIsHere;
    /** False: META or SYNCREC is lost (protocol.md §12), and what was promised with it. */
    final boolean curable;

    boolean needsInstall;
    /** The leader's log base when that came up. */
    long goneUpTo;
    /** An install is overwriting the block store: durable, in CKPT. */
    boolean installing;
    /** An install was begun and has not ended; its flag may still wait for applies that are under way. */
    boolean installBegun;
    /** A CKPT of an install is on its way to the disk; until it is there, nothing new may begin. */
    boolean installStepUnderWay;
    /** The last durable CKPT. */
    Checkpoint durable;
    /** e of the last install: below it the store may hold parts of slots that are not applied yet. */
    long readableFrom;
    /** No install that ended has a later one. */
    private long readableTerm;
    /** Leader: the log above this slot is kept for installs, whatever the floor is. */
    long pinned = Long.MAX_VALUE;

    long nowNs;
    /** How long the machine was suspended in all, as far as it is known; {@link #nowNs} does not count it. */
    long suspendedNs;

    long ackedOutOfOrder;
    long sentAgainOvertaken;
    long committedOutOfOrder;
    long elections;

    CoreState(RaftConfig config, Guards guards, Output output, RecoveredState recovered, long nowNs) {
        this.config = config;
        this.guards = guards;
        this.output = output;
        this.nowNs = nowNs;
        HardState hard = recovered.hardState();
        SyncRecord sync = recovered.syncRecord();
        Checkpoint ckpt = recovered.checkpoint();
        term = hard.term();
        votedFor = hard.votedFor();
        // SYNCREC is written first, so it may be ahead of META; behind it, it is lost (protocol.md §1).
        boolean syncLost = hard.syncTerm() > (sync == null ? 0 : sync.term());
        curable = !recovered.stateLost() && !syncLost;
        suspect = hard.suspect();
        mustReinstall = suspect && guards.oneStoreCounts;
        amnesiac = recovered.amnesiac() || suspect || !curable;
        flushedIsHere = curable && (!recovered.amnesiac() || recovered.flushedIsHere());
        syncTerm = sync == null ? 0 : sync.term();
        mSync = sync == null ? 0 : sync.m();
        term = Math.max(term, syncTerm);
        origins = new OriginRuns(sync == null ? List.of() : sync.runs());
        noops = sync == null ? List.of() : sync.noops();
        checkpoint = ckpt.a();
        durable = ckpt;
        installing = ckpt.installing();
        readableFrom = ckpt.e();
        readableTerm = Math.max(term, hard.term());
        sessionsFedTo = ckpt.a();
        appliedSessions.load(ckpt.sessions());
        log = new RaftLog(ckpt.logBase(), ckpt.a());
        committed = new SlotSet(WINDOW_SPANS * config.span());
        committed.reset(ckpt.a());
        apply = new ApplyScheduler(
                config.span(),
                config.mode() == Mode.STRICT,
                guards.applyInOrder,
                config.inFlightBytesMax(),
                log,
                committed,
                ckpt.a());
        lookBehind = new LookBehindBuffer(Math.max(64, config.span()));
        configs = new Configs(log, config.members(), ckpt.members(), ckpt.a());
        if (installing && guards.appliesRestInInstall) {
            apply.pause();
        }
        recoverLog(recovered);
        storeMatch = new StoreMatch(this);
        rebuildLookBehind();
        if (term != hard.term() || syncTerm != hard.syncTerm()) {
            // Crashed between SYNCREC and META: META follows before anything is said.
            persistHardState();
        }
    }

    private void recoverLog(RecoveredState recovered) {
        for (long slot : recovered.damagedSlots()) {
            if (slot > log.base() && guards.unreadableIsUnknown) {
                log.putUnknown(slot);
            }
        }
        unknownAboveDurable.addAll(recovered.damagedAboveDurable());
        for (SlotRun run : noops) {
            for (long s = Math.max(run.first(), log.base() + 1); s <= run.last(); s++) {
                log.putDurable(Entry.noop(s, origins.origin(s)));
            }
        }
        for (Entry e : recovered.entries()) {
            if (e.slot() > log.base() && isEffective(e.slot(), e.origin())) {
                log.putDurable(e);
            }
        }
        dropBelowGap(recovered.damagedSlots());
    }

    /** A power loss may have taken records that the store covers: up to such a gap this log can serve nobody. */
    private void dropBelowGap(List<Long> damaged) {
        for (long s = checkpoint; s > log.base(); s--) {
            if (!log.isDurable(s) && !damaged.contains(s)) {
                log.truncate(s, new ArrayList<>());
            }
        }
    }

    /** The S rule on one node: slots up to mSync are fixed by the merged log, the rest must be of syncTerm. */
    boolean isEffective(long slot, long origin) {
        return slot <= mSync ? origins.origin(slot) == origin : origin == syncTerm;
    }

    /** The origin that the effective log has, or would have, at a slot. */
    long effectiveOrigin(long slot) {
        return slot <= mSync ? origins.origin(slot) : syncTerm;
    }

    /** What the leader hears from this seat counts: it drops what another disk says than the one that the seat has. */
    boolean counts(int node) {
        return configs.inForce().isTaken(node) || !guards.learnerCountsNot;
    }

    boolean isStrict() {
        return config.mode() == Mode.STRICT;
    }

    boolean isSynced() {
        return syncTerm == term;
    }

    /** Nothing is acknowledged in a term that this node is not synced to. */
    boolean mayAck() {
        return isSynced() || !guards.ackOnlySynced;
    }

    /** A replica with amnesia neither votes nor campaigns (protocol.md §11). */
    boolean mayVote() {
        return !amnesiac || !guards.amnesiacSilent;
    }

    /**
     * Not with a store that may lack what was flushed (protocol.md §11). Nor while the end of an install is on its way to the
     * disk: it would look like that of the install which has to follow the merge.
     */
    boolean mayVoteWithEveryVoter() {
        return flushedIsHere && !installStepUnderWay;
    }

    /** The cure has ended, and with it whatever this node lacked. */
    void onCured() {
        amnesiac = false;
        flushedIsHere = curable;
        storeMatch.onCured();
        if (suspect) {
            suspect = false;
            persistHardState();
        }
    }

    /** The merge may make another node's block store the one that counts. */
    void becomeSuspect() {
        // What only others held is committed no more, and may be gone.
        long issued = apply.issuedPrefix();
        committed.reset(issued);
        for (long s = issued + 1; s <= apply.issuedHighest(); s++) {
            if (apply.isIssued(s)) {
                committed.add(s);
            }
        }
        floor = 0;
        amnesiac = true;
        suspect = true;
        mustReinstall = guards.oneStoreCounts;
        output.writesLost = true;
    }

    /** The own store is the one that counts. */
    void becomeTrusted() {
        amnesiac = false;
        flushedIsHere = true;
        suspect = false;
        mustReinstall = false;
        needsInstall = false;
        output.cured = true;
        output.adoptStore = true;
    }

    /** ... and acknowledges nothing of its log. */
    boolean isSilent() {
        return amnesiac && guards.amnesiacNoAck;
    }

    /** Not over META or SYNCREC that are lost: the next start must find them so, too (protocol.md §12). */
    void persistHardState() {
        if (!curable) {
            return;
        }
        output.hardState = new HardState(term, votedFor, syncTerm, mSync, suspect);
    }

    void send(int to, Message message) {
        output.messages.add(new Output.Outgoing(to, message));
    }

    void sendToOthers(Message message) {
        for (int voter : config.voters()) {
            if (voter != config.nodeId()) {
                send(voter, message);
            }
        }
    }

    /** The highest slot that this node takes now: bounded by its window and by what it keeps unapplied. */
    long acceptLimit() {
        return Math.min(
                log.contigPrefix() + (long) WINDOW_SPANS * config.span(),
                apply.appliedPrefix() + config.retainSlotsMax());
    }

    /** An installing node takes no merged log (protocol.md §7), nor one whose store does not count. */
    boolean maySync() {
        return !(installing && guards.installingTakesNoSync) && !mustReinstall;
    }

    /** The flag may become durable while a sync fetches: none may start, but one that is complete is still confirmed. */
    boolean isAboutToInstall() {
        return (installBegun || installStepUnderWay) && guards.installingTakesNoSync;
    }

    /**
     * Installs the merged log of {@code record.term()}: ONE durable step. The caller has put every entry of it into the log;
     * everything above m is dead now.
     */
    void adopt(SyncRecord record) {
        // After an install the log base may lie above m: what it covers was committed in this term.
        for (long s = log.last(); s > Math.max(record.m(), log.base()) && guards.dropDead; s--) {
            dropDead(s);
        }
        syncTerm = record.term();
        mSync = record.m();
        // Nothing of it is missing; a leader could not be installed either.
        needsInstall = false;
        storeMatch.onAdopted(mSync);
        origins = new OriginRuns(record.runs());
        noops = record.noops();
        if (record.term() > readableTerm) {
            // What the store may hold was committed in an earlier term; e itself may be a slot that never was.
            readableFrom = Math.min(readableFrom, record.m());
        }
        output.syncRecord = record;
        persistHardState();
        rebuildLookBehind();
        apply.restart(output.applies);
        feedSessions();
    }

    /**
     * The sync that it was fetched for has ended; it stays if it is of the own effective log: the WAL has it, and a restart
     * would find it there.
     *
     * @return false if it is nothing to this node
     */
    boolean keepFetched(Entry e, boolean durable) {
        byte held = log.state(e.slot());
        boolean lacks = held == RaftLog.ABSENT || held == RaftLog.UNKNOWN;
        if (!lacks || e.slot() <= log.base() || !isEffective(e.slot(), e.origin())) {
            return false;
        }
        if (durable) {
            log.putDurable(e);
        } else {
            log.putWriting(e);
        }
        return true;
    }

    void dropDead(long slot) {
        if (slot <= committed.watermark() || committed.contains(slot)) {
            throw new AssertionError("invariant 7: committed slot " + slot + " is not in the merged log");
        }
        Entry gone = log.remove(slot);
        if (gone != null) {
            output.dropped.add(gone);
        }
    }

    /** Puts the extents of the last N slots of the effective log into the look-behind buffer. */
    private void rebuildLookBehind() {
        long last = Math.max(log.last(), mSync);
        lookBehind.reset(Math.max(1, last - config.span() + 1));
        for (long s = Math.max(log.base(), last - config.span()) + 1; s <= last; s++) {
            Entry e = log.get(s);
            if (e != null) {
                lookBehindPut(e);
            }
        }
    }

    void lookBehindPut(Entry e) {
        if (e.isBarrier()) {
            lookBehind.putBarrier(e.slot());
        } else {
            lookBehind.put(e.slot(), e.offsetBytes(), e.lengthBytes());
        }
    }

    /** Every slot up to {@code watermark} is committed. */
    void commitTo(long watermark) {
        long before = committed.watermark();
        if (watermark > before) {
            committed.advanceTo(watermark);
            apply.onCommitted(before, committed.watermark(), output.applies);
            feedSessions();
        }
    }

    /** One slot is committed. */
    void commit(long slot) {
        if (committed.canHold(slot) && committed.add(slot)) {
            if (slot > committed.watermark()) {
                committedOutOfOrder++;
            }
            apply.onCommitted(slot - 1, slot, output.applies);
            feedSessions();
        }
    }

    /** The dedupe table follows the applied prefix, in slot order. */
    void feedSessions() {
        long to = apply.appliedPrefix();
        while (sessionsFedTo < to) {
            sessionsFedTo++;
            Entry e = log.get(sessionsFedTo);
            configs.onApplied(sessionsFedTo, e);
            if (e != null) {
                appliedSessions.add(e);
            }
        }
    }

    /** The store is exactly what was applied: it may be read, checkpointed and copied (protocol.md §7). */
    boolean isReadable() {
        return !installing && (apply.appliedPrefix() >= readableFrom || !guards.readableFromE);
    }

    /**
     * The end of an install is durable. The log above its base stays.
     *
     * @param isOfThisLeader and of this term, so that its store is the one that counts
     */
    void completeInstall(Checkpoint image, boolean isOfThisLeader) {
        long b = image.a();
        if (b < checkpoint) {
            throw new AssertionError("invariant 13: an install from " + checkpoint + " back to " + b);
        }
        checkpoint = b;
        durable = image;
        readableFrom = image.e();
        readableTerm = term;
        installing = false;
        needsInstall = false;
        mustReinstall &= !isOfThisLeader;
        storeMatch.onInstalled();
        log.install(b, output.dropped);
        if (!amnesiac) {
            // Until the cure is done, damage that a restart must see again stays in the WAL.
            output.truncateTo = b;
        }
        committed.advanceTo(b);
        appliedSessions.load(image.sessions());
        configs.load(image.members(), b);
        sessionsFedTo = b;
        apply.reset(b, output.applies);
        feedSessions();
    }

    void onCheckpointDurable(Checkpoint done) {
        durable = done;
        checkpoint = Math.max(checkpoint, done.a());
        if (done.logBase() > log.base()) {
            if (done.logBase() > done.a() && guards.truncateBelowCheckpoint) {
                throw new AssertionError("invariant 13: log base above the checkpoint");
            }
            log.truncate(done.logBase(), output.dropped);
            output.truncateTo = done.logBase();
        }
    }

    /** Applied entries that touch no block need no store: the shell is not asked for them. */
    void settleApplies() {
        List<Entry> applies = output.applies;
        for (int i = 0; i < applies.size(); i++) {
            Entry e = applies.get(i);
            if (e.kind() == EntryKind.SESSION || e.kind() == EntryKind.CONFIG) {
                apply.onApplied(e.slot(), applies);
            }
        }
        applies.removeIf(e -> e.kind() == EntryKind.SESSION || e.kind() == EntryKind.CONFIG);
        feedSessions();
    }

    List<SlotRun> committedRunsAbove() {
        List<SlotRun> runs = new ArrayList<>();
        committed.forEachRunAbove((first, last) -> runs.add(new SlotRun(first, last)));
        return runs;
    }
}
