package io.parablock.transport.impair;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.embedded.EmbeddedChannel;
import java.nio.channels.ClosedChannelException;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** On virtual time. */
class ImpairedLaneTest {
    private static final long MS = 1_000_000;
    private static final int BYTES = 1000;
    private static final int COUNTED = BYTES + ImpairedLane.MESSAGE_BYTES;

    private long nowNs = 5;
    private final EmbeddedChannel channel = new EmbeddedChannel();

    @AfterEach
    void leaveNothing() {
        assertThat(channel.finish()).as("nothing unread").isFalse();
    }

    private void lane(LinkImpairment wrong, long sentBytesMax, long heldBytesMax) {
        channel.freezeTime();
        channel.pipeline()
                .addLast(new ImpairedLane(new ImpairedLink(wrong, 1), sentBytesMax, heldBytesMax, () -> nowNs));
    }

    private static LinkImpairment delay(long ns) {
        return new LinkImpairment(ns, 0, 0, 0, 0, 0, 0);
    }

    private void pass(long ns) {
        nowNs += ns;
        channel.advanceTimeBy(ns, TimeUnit.NANOSECONDS);
        channel.runPendingTasks();
        channel.runScheduledPendingTasks();
    }

    private static ByteBuf message(int number) {
        return Unpooled.buffer(BYTES).writeInt(number).writeZero(BYTES - Integer.BYTES);
    }

    /** What has come out, by its numbers. */
    private List<Integer> out() {
        List<Integer> out = new ArrayList<>();
        for (ByteBuf b = channel.readOutbound(); b != null; b = channel.readOutbound()) {
            out.add(b.readInt());
            assertThat(b.release()).isTrue();
        }
        return out;
    }

    @Test
    void shouldPassOnAtOnceWhatIsNotLate() {
        lane(delay(0), 0, 10 * BYTES);
        ChannelFuture written = channel.write(message(1));
        assertThat(out()).as("not flushed").isEmpty();
        channel.flush();
        assertThat(out()).containsExactly(1);
        assertThat(written.isSuccess()).isTrue();
    }

    @Test
    void shouldReleaseAndFlushInOrderWhenItIsTime() {
        lane(delay(3 * MS), 0, 100 * BYTES);
        ChannelFuture first = channel.writeAndFlush(message(1));
        pass(2 * MS);
        ChannelFuture second = channel.writeAndFlush(message(2));
        assertThat(out()).isEmpty();
        pass(MS - 1);
        assertThat(out()).isEmpty();
        pass(1);
        assertThat(out()).containsExactly(1);
        assertThat(first.isSuccess()).isTrue();
        assertThat(second.isDone()).isFalse();
        pass(2 * MS);
        assertThat(out()).containsExactly(2);
        assertThat(second.isSuccess()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    void shouldLoseAndReorderNothing(long seed) {
        lane(new LinkImpairment(MS / 10, 2 * MS, 0.05, 20 * MS, 0.05, 5 * MS, 2_000_000), seed % 2 * 7 * BYTES, BYTES);
        SplittableRandom random = new SplittableRandom(seed);
        List<Integer> seen = new ArrayList<>();
        List<ChannelFuture> writes = new ArrayList<>();
        for (int i = 0; i < 2_000; i++) {
            writes.add(channel.write(message(i)));
            if (random.nextInt(3) == 0) {
                channel.flush();
            }
            pass(random.nextLong(2 * MS));
            seen.addAll(out());
        }
        channel.flush();
        pass(LinkImpairment.TIME_NS_MAX);
        seen.addAll(out());
        assertThat(seen).hasSize(2_000).isSorted();
        assertThat(writes).allMatch(ChannelFuture::isSuccess);
        assertThat(channel.isWritable()).isTrue();
    }

    @Test
    void shouldLetABufferLookSentAndHeedItsBounds() {
        lane(delay(3 * MS), 2 * COUNTED, 3 * COUNTED);
        List<ChannelFuture> writes = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            assertThat(channel.isWritable()).isTrue();
            writes.add(channel.writeAndFlush(message(i)));
            pass(MS / 2);
        }
        assertThat(writes).extracting(ChannelFuture::isSuccess).containsExactly(true, true, false, false);
        assertThat(channel.isWritable()).isFalse();
        pass(MS);
        assertThat(out()).containsExactly(0);
        assertThat(writes).extracting(ChannelFuture::isSuccess).containsExactly(true, true, true, false);
        assertThat(channel.isWritable()).as("three of four are held").isFalse();
        pass(MS);
        assertThat(out()).containsExactly(1, 2);
        assertThat(channel.isWritable()).isTrue();
        pass(MS);
        assertThat(out()).containsExactly(3);
    }

    @Test
    void shouldNotLetAListenersMessageOvertake() {
        lane(delay(3 * MS), COUNTED, 10 * BYTES);
        channel.write(message(1));
        // Looks sent once the first is out: its listener writes while that is under way.
        channel.write(message(2)).addListener(f -> channel.writeAndFlush(message(3)));
        pass(3 * MS);
        assertThat(out()).containsExactly(1, 2);
        pass(3 * MS);
        assertThat(out()).containsExactly(3);
    }

    @Test
    void shouldLetGoOfWhatIsHeldWhenTheConnectionEnds() {
        lane(delay(3 * MS), COUNTED, 10 * BYTES);
        List<ByteBuf> messages = List.of(message(1), message(2), message(3));
        List<ChannelFuture> writes = messages.stream().map(channel::write).toList();
        channel.close();
        pass(10 * MS);
        assertThat(out()).isEmpty();
        assertThat(messages).allMatch(m -> m.refCnt() == 0);
        assertThat(writes.get(0).isSuccess()).as("it looked sent").isTrue();
        assertThat(writes.get(1).cause()).isInstanceOf(ClosedChannelException.class);
        assertThat(writes.get(2).cause()).isInstanceOf(ClosedChannelException.class);
        ByteBuf late = message(4);
        assertThat(channel.write(late).isSuccess()).isFalse();
        assertThat(late.refCnt()).isZero();
    }

    @Test
    void shouldRunWhatIsWrittenWhenItIsItsTurn() {
        lane(delay(3 * MS), 0, 10 * BYTES);
        List<String> ran = new ArrayList<>();
        Runnable turn = () -> ran.add("turn");
        channel.write(message(1));
        ChannelFuture written = channel.write(turn);
        pass(3 * MS - 1);
        assertThat(ran).isEmpty();
        pass(1);
        assertThat(ran).containsExactly("turn");
        assertThat(written.isSuccess()).isTrue();
        assertThat(out()).containsExactly(1);
    }
}
