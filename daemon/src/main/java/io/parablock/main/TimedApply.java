package io.parablock.main;

import io.netty.buffer.ByteBuf;
import io.parablock.raft.log.Entry;
import io.parablock.replica.ApplyStage;
import org.jspecify.annotations.Nullable;

/** Puts one entry at a time of those that a stage applies into a recording, if there is one. On the group's thread. */
final class TimedApply implements ApplyStage {
    private final int groupId;
    private final ApplyStage stage;
    private long timedSlot;
    private FlightEvents.@Nullable Apply flight;

    TimedApply(int groupId, ApplyStage stage) {
        this.groupId = groupId;
        this.stage = stage;
    }

    @Override
    public void listener(Listener listener) {
        stage.listener(new Listener() {
            @Override
            public void onApplied(Entry entry) {
                end(entry);
                listener.onApplied(entry);
            }

            @Override
            public void onApplyFailed(Entry entry, Throwable cause) {
                end(entry);
                listener.onApplyFailed(entry, cause);
            }
        });
    }

    private void end(Entry entry) {
        FlightEvents.Apply f = flight;
        if (f != null && entry.slot() == timedSlot) {
            flight = null;
            f.commit();
        }
    }

    @Override
    public void apply(Entry entry, @Nullable ByteBuf payload) {
        if (flight == null) {
            flight = FlightEvents.Apply.begin(groupId, entry.slot(), entry.payloadLength());
            timedSlot = entry.slot();
        }
        stage.apply(entry, payload);
    }

    @Override
    public boolean endOfBatch() {
        return stage.endOfBatch();
    }

    @Override
    public void close() {
        stage.close();
    }
}
