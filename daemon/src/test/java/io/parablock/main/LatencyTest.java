package io.parablock.main;

import static org.assertj.core.api.Assertions.assertThat;

import io.parablock.raft.log.Entry;
import io.parablock.raft.log.EntryKind;
import io.parablock.raft.log.SlotRun;
import io.parablock.raft.message.Message;
import io.parablock.replica.InlineWalStage;
import io.parablock.replica.PeerSender;
import io.parablock.replica.WalStage;
import io.parablock.replica.client.ClientMessage;
import io.parablock.wal.MemoryWal;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** {@link WalLatency} and {@link AckLatency} on virtual time. */
class LatencyTest {
    private static final long GROUP_2 = 2L << 48;

    private long nowNs = 100;

    private static Entry entry(long slot) {
        return new Entry(slot, 1, EntryKind.NOOP, 0, 0, 0, 0, 0, 0, 0, new long[0]);
    }

    @Test
    void shouldTimeOneRecordAtATime() {
        List<Long> heard = new ArrayList<>();
        WalLatency latency = new WalLatency(heard::add, 2, () -> nowNs);
        WalStage stage = latency.timed(2, new InlineWalStage(new MemoryWal(token -> {})));
        assertThat(latency.takeNs(2)).isEqualTo(-1);
        stage.append(2, entry(1), null, GROUP_2 + 1);
        nowNs += 10;
        stage.append(2, entry(2), null, GROUP_2 + 2);
        nowNs += 20;
        latency.onDurable(GROUP_2 + 2);
        assertThat(latency.takeNs(2)).as("the age of the one that is timed").isEqualTo(30);
        nowNs += 20;
        latency.onDurable(GROUP_2 + 1);
        stage.append(2, entry(3), null, GROUP_2 + 3);
        nowNs += 10;
        latency.onDurable(GROUP_2 + 3);
        assertThat(latency.takeNs(2)).as("the mean").isEqualTo(30);
        assertThat(latency.takeNs(2)).as("nothing was written since").isEqualTo(-1);
        assertThat(latency.takeNs(1)).as("another group").isEqualTo(-1);
        assertThat(heard).containsExactly(GROUP_2 + 2, GROUP_2 + 1, GROUP_2 + 3);
    }

    @Test
    void shouldTimeTheAcknowledgementOfAnEntry() {
        List<Message> sent = new ArrayList<>();
        AckLatency acks = new AckLatency(List.of(1, 5, 9), 1, () -> nowNs);
        PeerSender sender = acks.timed(new PeerSender() {
            @Override
            public void send(int groupId, int to, Message message) {
                sent.add(message);
            }

            @Override
            public void sendClient(int groupId, int to, ClientMessage message) {}

            @Override
            public boolean connected(int peer) {
                return true;
            }
        });
        sender.send(1, 5, append(7, 8));
        sender.send(1, 9, append(7, 8));
        nowNs += 10;
        sender.send(1, 5, append(9));
        acks.onMessage(1, 5, ack(6, new SlotRun(9, 9)));
        nowNs += 10;
        acks.onMessage(1, 5, ack(6, new SlotRun(8, 9)));
        acks.onMessage(1, 9, ack(7));
        assertThat(acks.takeNs(1, 5)).isEqualTo(20);
        nowNs += 30;
        assertThat(acks.takeNs(1, 9)).as("not acknowledged yet").isEqualTo(50);
        acks.onMessage(1, 9, ack(8));
        assertThat(acks.takeNs(1, 9)).isEqualTo(50);
        sender.send(1, 9, append(10));
        acks.forget(1, 9);
        assertThat(acks.takeNs(1, 9)).isEqualTo(-1);
        acks.onMessage(1, 77, ack(10));
        acks.onMessage(99, 5, ack(10));
        assertThat(sent).hasSize(4);
    }

    private static Message.Append append(long... slots) {
        List<Entry> entries = new ArrayList<>();
        for (long slot : slots) {
            entries.add(entry(slot));
        }
        return new Message.Append(1, entries, 0, new long[0], 1, null);
    }

    private static Message.AppendAck ack(long contigPrefix, SlotRun... runs) {
        return new Message.AppendAck(1, List.of(runs), 1, contigPrefix, 100);
    }
}
