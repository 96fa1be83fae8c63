package io.parablock.replica;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.Unpooled;
import io.parablock.raft.log.EntryKind;
import io.parablock.replica.client.ClientMessage;
import org.junit.jupiter.api.Test;

class ProposalQueueTest {
    private static ProposalQueue.Queued write(int bytes) {
        return new ProposalQueue.Queued(
                1,
                new ClientMessage.Mutate(
                        1,
                        1,
                        1,
                        EntryKind.WRITE,
                        0,
                        bytes,
                        false,
                        0,
                        Unpooled.buffer().writeZero(bytes)));
    }

    @Test
    void shouldBoundItsPayloadsButTakeASingleLargerOne() {
        ProposalQueue queue = new ProposalQueue(10, 1024);
        assertThat(queue.offer(write(4096))).isTrue();
        assertThat(queue.offer(write(512))).isFalse();
        assertThat(queue.poll()).isNotNull();
        assertThat(queue.offer(write(512))).isTrue();
        assertThat(queue.offer(write(512))).isTrue();
        assertThat(queue.offer(write(512))).as("above the bytes").isFalse();
        ClientMessage flush = new ClientMessage.Flush(1);
        assertThat(queue.offer(new ProposalQueue.Queued(1, flush))).isTrue();
        assertThat(queue.size()).isEqualTo(3);
    }

    @Test
    void shouldBoundItsRequests() {
        ProposalQueue queue = new ProposalQueue(2, 1 << 20);
        assertThat(queue.offer(write(512))).isTrue();
        assertThat(queue.offer(write(512))).isTrue();
        assertThat(queue.offer(write(512))).isFalse();
        assertThat(queue.poll()).isNotNull();
        assertThat(queue.offer(write(512))).isTrue();
    }
}
