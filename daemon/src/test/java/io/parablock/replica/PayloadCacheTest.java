package io.parablock.replica;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.parablock.raft.log.Entry;
import io.parablock.raft.log.EntryKind;
import org.junit.jupiter.api.Test;

class PayloadCacheTest {
    private final PayloadCache cache = new PayloadCache(2048);

    private Entry entry(long slot) {
        Entry e = new Entry(slot, 1, EntryKind.WRITE, 0, 1024, 1, slot, 1, 0, 1024, new long[0]);
        e.payload = Unpooled.buffer().writeZero(1024);
        cache.add(e);
        return e;
    }

    private static void assertReleased(Entry e, ByteBuf payload) {
        assertThat(e.payload).isNull();
        assertThat(payload.refCnt()).isZero();
    }

    @Test
    void shouldReleaseAnAppliedEntryOnAFollower() {
        Entry e = entry(1);
        ByteBuf payload = PayloadCache.payloadOf(e);
        cache.onDurable(e);
        cache.onApplied(e, false);
        assertReleased(e, payload);
        assertThat(cache.bytes()).isZero();
    }

    @Test
    void shouldKeepAnAppliedEntryOnTheLeaderUntilEveryPeerHasIt() {
        Entry e = entry(1);
        ByteBuf payload = PayloadCache.payloadOf(e);
        cache.onDurable(e);
        cache.onApplied(e, true);
        cache.releaseAppliedTo(0);
        assertThat(payload.refCnt()).isEqualTo(1);
        cache.releaseAppliedTo(1);
        assertReleased(e, payload);
    }

    @Test
    void shouldLetTheOldestDurableOnesGoAboveTheLimit() {
        Entry a = entry(1);
        Entry b = entry(2);
        Entry c = entry(3);
        ByteBuf payload = PayloadCache.payloadOf(a);
        assertThat(cache.bytes()).isEqualTo(3072);
        cache.onDurable(b);
        assertThat(payload.refCnt()).as("not durable: nowhere else").isEqualTo(1);
        cache.onDurable(a);
        assertReleased(a, payload);
        assertThat(b.payload).isNotNull();
        cache.drop(a);
        cache.close();
        assertThat(b.payload).isNull();
        assertThat(c.payload).isNull();
        assertThat(cache.bytes()).isZero();
    }
}
