package io.parablock.replica;

import io.parablock.wal.WalListener;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongConsumer;

/** Routes the shared WAL's completions to the groups by their tokens: the high 16 bits are the group. */
public final class WalRouter implements WalListener {
    static final int GROUP_SHIFT = 48;

    private final ConcurrentHashMap<Integer, LongConsumer> groups = new ConcurrentHashMap<>();

    /** In place: {@code replica::onWalDurable}; over a ring, the stage's own consumer. */
    public void register(int groupId, LongConsumer consumer) {
        groups.put(groupId, consumer);
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
