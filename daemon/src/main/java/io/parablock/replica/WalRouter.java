package io.parablock.replica;

import io.parablock.wal.WalFailedException;
import io.parablock.wal.WalListener;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.LongConsumer;

/** Routes the shared WAL's completions to the groups by their tokens: the high 16 bits are the group. */
public final class WalRouter implements WalListener {
    static final int GROUP_SHIFT = 48;

    private final ConcurrentHashMap<Integer, LongConsumer> groups = new ConcurrentHashMap<>();
    private volatile Consumer<WalFailedException> failures = failure -> {};

    /** In place: {@code replica::onWalDurable}; over a ring, the stage's own consumer. */
    public void register(int groupId, LongConsumer consumer) {
        groups.put(groupId, consumer);
    }

    /** Hears of a write that failed while nobody was in a call. */
    public void onFailure(Consumer<WalFailedException> consumer) {
        failures = consumer;
    }

    @Override
    public void onFailed(WalFailedException failure) {
        failures.accept(failure);
    }

    public void unregister(int groupId) {
        groups.remove(groupId);
    }

    static long token(int groupId, long counter) {
        return (long) groupId << GROUP_SHIFT | counter;
    }

    @Override
    public void onDurable(long token) {
        LongConsumer c = groups.get((int) (token >>> GROUP_SHIFT));
        if (c != null) {
            c.accept(token);
        }
    }
}
