package io.parablock.replica;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.parablock.replica.client.ClientMessage;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class LeasedReadsTest {
    private final List<String> log = new ArrayList<>();
    private boolean holds = true;

    private final LeasedReads leased = new LeasedReads(() -> {
        log.add("lease?");
        return holds;
    });

    private ByteBuf read(int from, long id) {
        ByteBuf content = Unpooled.buffer(512).writeZero(512);
        leased.add(new LeasedReads.Answered(
                from,
                new ClientMessage.Read(id, 0, 512),
                DamagedReads.NO_DEADLINE,
                new ClientMessage.ReadReply(id, ClientMessage.Status.OK, 1, content)));
        return content;
    }

    private void endBatch() {
        leased.endBatch(
                a -> log.add("answer " + a.request().requestId()),
                a -> log.add("again " + a.request().requestId()));
    }

    @Test
    void shouldAskTheLeaseOnceAfterTheLastReadAndBeforeTheFirstAnswer() {
        read(1, 7);
        read(2, 8);
        assertThat(log).isEmpty();
        endBatch();
        assertThat(log).containsExactly("lease?", "answer 7", "answer 8");
        assertThat(leased.granted()).isEqualTo(2);
        assertThat(leased.missed()).isZero();
        log.clear();
        endBatch();
        assertThat(log).isEmpty();
    }

    @Test
    void shouldHandOutNothingThatTheLeaseDidNotOutlast() {
        ByteBuf content = read(1, 7);
        holds = false;
        endBatch();
        assertThat(log).containsExactly("lease?", "again 7");
        assertThat(content.refCnt()).isZero();
        assertThat(leased.granted()).isZero();
        assertThat(leased.missed()).isEqualTo(1);
    }

    @Test
    void shouldNotTakeALaterTermsLeaseForWhatWasReadBefore() {
        ByteBuf content = read(1, 7);
        leased.dropAll(a -> log.add("dropped " + a.request().requestId()));
        endBatch();
        assertThat(log).containsExactly("dropped 7");
        assertThat(content.refCnt()).isZero();
        assertThat(leased.size()).isZero();
    }
}
