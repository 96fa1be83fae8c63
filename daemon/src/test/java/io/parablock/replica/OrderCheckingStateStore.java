package io.parablock.replica;

import static org.assertj.core.api.Assertions.assertThat;

import io.parablock.raft.message.Message;
import io.parablock.wal.MemoryStateStore;
import io.parablock.wal.StateStore;

/** Knows what is durable, and checks every message that leaves against it: persist BEFORE send. */
final class OrderCheckingStateStore implements StateStore {
    private final MemoryStateStore to = new MemoryStateStore();
    private long term;
    private long syncTerm;
    private long syncRecordTerm;
    int saves;

    void beforeSend(Message m) {
        if (m instanceof Message.PreVote || m instanceof Message.PreVoteReply) {
            return;
        }
        assertThat(m.term()).as("%s before its term is durable", m).isLessThanOrEqualTo(term);
        if (m instanceof Message.SyncAck || m instanceof Message.SyncBegin) {
            assertThat(syncRecordTerm).as("%s before its SYNCREC is durable", m).isEqualTo(m.term());
            assertThat(syncTerm).as("%s before its META is durable", m).isEqualTo(m.term());
        }
    }

    @Override
    public byte[] loadMeta() {
        return to.loadMeta();
    }

    @Override
    public void saveMeta(byte[] bytes) {
        StateCodec.Meta m = StateCodec.decodeMeta(bytes);
        assertThat(m.hardState().syncTerm()).as("SYNCREC before META").isEqualTo(syncRecordTerm);
        to.saveMeta(bytes);
        term = m.hardState().term();
        syncTerm = m.hardState().syncTerm();
        saves++;
    }

    @Override
    public byte[] loadSyncRecord() {
        return to.loadSyncRecord();
    }

    @Override
    public void saveSyncRecord(byte[] bytes) {
        to.saveSyncRecord(bytes);
        syncRecordTerm = StateCodec.decodeSyncRecord(bytes).term();
    }

    @Override
    public byte[] loadCheckpoint() {
        return to.loadCheckpoint();
    }

    @Override
    public void saveCheckpoint(byte[] bytes) {
        to.saveCheckpoint(bytes);
    }

    @Override
    public int damagedCopies(Part part) {
        return to.damagedCopies(part);
    }

    /** All copies of it rot. */
    void lose(Part part) {
        to.lose(part);
    }

    @Override
    public void close() {}
}
