package io.parablock.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.parablock.raft.log.EntryKind;
import io.parablock.replica.client.ClientMessage;
import io.parablock.replica.client.ClientMessage.KeepAlive;
import io.parablock.replica.client.ClientMessage.Mutate;
import io.parablock.replica.client.ClientMessage.MutateReply;
import io.parablock.replica.client.ClientMessage.OpenSession;
import io.parablock.replica.client.ClientMessage.SessionOpened;
import io.parablock.replica.client.ClientMessage.Status;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The gateway against a leader that is played by hand. */
class GroupGatewayTest {
    private static final long MS = 1_000_000;
    private static final long SESSION = 77;

    private record Sent(int to, ClientMessage message) {}

    private final List<Sent> sent = new ArrayList<>();
    private final List<KeepAlive> signs = new ArrayList<>();
    private final List<String> ended = new ArrayList<>();
    private final List<ByteBuf> buffers = new ArrayList<>();
    private long now = 1_000 * MS;

    private GroupGateway gateway = gateway(0);

    private GroupGateway gateway(long timeoutNs) {
        GatewayConfig config =
                new GatewayConfig(1 << 20, 32 << 20, 2, 4, 1_000 * MS, 20 * MS, 400 * MS, 5_000 * MS, timeoutNs);
        return new GroupGateway(
                1,
                5,
                config,
                (to, m) -> {
                    if (m instanceof Mutate mutate && mutate.payload() != null) {
                        mutate.payload().release();
                    }
                    if (m instanceof KeepAlive k) {
                        signs.add(k);
                    } else {
                        sent.add(new Sent(to, m));
                    }
                },
                now);
    }

    @AfterEach
    void everyPayloadIsReleasedAtTheEnd() {
        gateway.endSessions();
        assertThat(buffers).allSatisfy(b -> assertThat(b.refCnt()).isZero());
    }

    private void write(GroupSession s, String name) {
        ByteBuf payload = Unpooled.directBuffer(512).writeZero(512);
        buffers.add(payload);
        gateway.mutate(
                s,
                EntryKind.WRITE,
                0,
                512,
                false,
                1,
                payload,
                (ok, p) -> ended.add(name + (ok ? " ok" : " error")),
                now);
    }

    /** Its first write, with seq 1, is answered. */
    private GroupSession openedSession() {
        gateway.onLeader(2, now);
        GroupSession s = gateway.attach();
        write(s, "first");
        opened(2, SESSION);
        answer(2, 1, Status.OK, 2);
        assertThat(ended).containsExactly("first ok");
        ended.clear();
        sent.clear();
        return s;
    }

    private void opened(int from, long session) {
        long nonce = 0;
        for (Sent m : sent) {
            nonce = m.message() instanceof OpenSession open ? open.nonce() : nonce;
        }
        gateway.onReply(from, new SessionOpened(nonce, session, Status.OK, from), now);
    }

    private void answer(int from, long seq, Status status, int hint) {
        gateway.onReply(from, new MutateReply(SESSION, seq, status, hint), now);
    }

    private List<String> mutates() {
        return sent.stream()
                .filter(m -> m.message() instanceof Mutate)
                .map(m -> m.to() + ":" + ((Mutate) m.message()).session() + "/" + ((Mutate) m.message()).seq() + ">="
                        + ((Mutate) m.message()).lowestOutstanding())
                .toList();
    }

    @Test
    void shouldHoldRequestsUntilALeaderIsKnownAndTheSessionIsOpen() {
        GroupSession s = gateway.attach();
        write(s, "a");
        assertThat(sent).isEmpty();

        gateway.onLeader(2, now);
        assertThat(mutates()).isEmpty();
        opened(2, SESSION);

        assertThat(mutates()).containsExactly("2:77/1>=1");
        answer(2, 1, Status.OK, 2);
        assertThat(ended).containsExactly("a ok");
    }

    @Test
    void shouldOpenASessionWithTheFirstMutationOnly() {
        gateway.onLeader(2, now);
        GroupSession s = gateway.attach();
        for (Part.Kind kind : List.of(Part.Kind.READ, Part.Kind.FLUSH, Part.Kind.ALLOCATION, Part.Kind.PREFETCH)) {
            gateway.ask(s, Part.ask(kind, 0, 512, (ok, p) -> ended.add(kind + " " + ok), now), now);
        }
        gateway.onLeader(3, now);
        gateway.onPeer(3, true, now);
        assertThat(sent).hasSize(12).noneMatch(m -> m.message() instanceof OpenSession);
        assertThat(gateway.sessions()).isZero();
        for (Sent m : List.copyOf(sent)) {
            if (m.message() instanceof ClientMessage.Flush f) {
                gateway.onReply(3, new ClientMessage.FlushReply(f.requestId(), Status.OK, 3), now);
            }
        }
        assertThat(ended).as("without a session").containsExactly("FLUSH true");
        sent.clear();
        write(s, "a");
        write(s, "b");
        assertThat(sent).containsExactly(new Sent(3, new OpenSession(5, s.nonce)));
        assertThat(gateway.sessions()).isEqualTo(1);
        opened(3, SESSION);
        assertThat(mutates()).containsExactly("3:77/1>=1", "3:77/2>=1");
        gateway.close(s, now);
        assertThat(gateway.sessions()).isZero();
    }

    @Test
    void shouldAskForNoEndOfASessionThatWasNeverOpened() {
        gateway.onLeader(2, now);
        GroupSession s = gateway.attach();
        gateway.close(s, now);
        assertThat(sent).isEmpty();
        assertThat(signs).isEmpty();
    }

    @Test
    void shouldFailTheWriteThatFindsTooManySessionsAndAskAgainWithTheNext() {
        gateway.onLeader(2, now);
        GroupSession s = gateway.attach();
        write(s, "a");
        gateway.onReply(2, new SessionOpened(s.nonce, 0, Status.INVALID, 2), now);
        assertThat(ended).containsExactly("a error");
        assertThat(gateway.sessions()).isZero();
        sent.clear();
        write(s, "b");
        assertThat(sent).containsExactly(new Sent(2, new OpenSession(5, s.nonce)));
        opened(2, SESSION);
        answer(2, 1, Status.OK, 2);
        assertThat(ended).containsExactly("a error", "b ok");
    }

    @Test
    void shouldAnswerOutOfOrderAndOnceOnly() {
        GroupSession s = openedSession();
        write(s, "a");
        write(s, "b");
        answer(2, 3, Status.OK, 2);
        answer(2, 3, Status.OK, 2);
        write(s, "c");
        answer(2, 2, Status.OK, 2);
        write(s, "d");

        assertThat(ended).containsExactly("b ok", "a ok");
        assertThat(mutates()).containsExactly("2:77/2>=2", "2:77/3>=2", "2:77/4>=2", "2:77/5>=4");
    }

    @Test
    void shouldSendUnansweredRequestsAgainInOrderWhenTheLeaderChanges() {
        GroupSession s = openedSession();
        write(s, "a");
        write(s, "b");
        write(s, "c");
        answer(2, 3, Status.OK, 2);
        sent.clear();

        gateway.onLeader(0, now);
        gateway.onLeader(3, now);

        assertThat(mutates()).containsExactly("3:77/2>=2", "3:77/4>=2");
        answer(2, 2, Status.OK, 2);
        answer(3, 2, Status.OK, 3);
        answer(3, 4, Status.OK, 3);
        assertThat(ended).containsExactly("b ok", "a ok", "c ok");
        assertThat(gateway.unanswered()).isZero();
    }

    @Test
    void shouldFollowAHintButNotAStaleOne() {
        GroupSession s = openedSession();
        write(s, "a");
        sent.clear();
        now += 100 * MS;

        answer(2, 2, Status.NOT_LEADER, 3);
        assertThat(mutates()).containsExactly("3:77/2>=2");
        answer(2, 2, Status.NOT_LEADER, 1);
        assertThat(mutates()).hasSize(1);
    }

    @Test
    void shouldNotStormWhenTwoNodesNameEachOther() {
        GroupSession s = openedSession();
        write(s, "a");
        sent.clear();
        now += 100 * MS;
        for (int i = 0; i < 50; i++) {
            int from = gateway.leader();
            answer(from, 2, Status.NOT_LEADER, from == 2 ? 3 : 2);
            now += MS;
            gateway.tick(now);
        }
        assertThat(mutates().size()).isBetween(2, 4);
    }

    @Test
    void shouldSendOnlyWhatTheLeaderItselfRefusedAgainAndLessAndLessOften() {
        GroupSession s = openedSession();
        write(s, "taken");
        write(s, "refused");
        gateway.ask(s, Part.ask(Part.Kind.FLUSH, 0, 0, (ok, p) -> ended.add("flush " + ok), now), now);
        ClientMessage.Flush flush = (ClientMessage.Flush) sent.get(2).message();
        sent.clear();
        answer(2, 3, Status.NOT_LEADER, 2);
        gateway.onReply(2, new ClientMessage.FlushReply(flush.requestId(), Status.NOT_LEADER, 2), now);
        now += 19 * MS;
        gateway.tick(now);
        assertThat(sent).isEmpty();
        now += MS;
        gateway.tick(now);
        assertThat(sent).hasSize(2).last().isEqualTo(new Sent(2, flush));
        assertThat(mutates()).containsExactly("2:77/3>=2");
        // Twice as long after each refusal, up to the wait for an answer.
        for (long waitMs : new long[] {40, 80, 160, 320, 640, 1_000, 1_000}) {
            sent.clear();
            answer(2, 3, Status.NOT_LEADER, 2);
            now += waitMs * MS - 1;
            gateway.tick(now);
            assertThat(mutates()).doesNotContain("2:77/3>=2");
            now += 1;
            gateway.tick(now);
            assertThat(mutates()).contains("2:77/3>=2");
        }
        sent.clear();
        answer(2, 3, Status.NOT_LEADER, 2);
        gateway.onLeader(3, now);
        assertThat(mutates()).as("another leader is asked at once").containsExactly("3:77/2>=2", "3:77/3>=2");
    }

    @Test
    void shouldReturnFromADeadHintToTheLeaderThatTheReplicaKnows() {
        GroupSession s = openedSession();
        write(s, "a");
        now += 100 * MS;
        answer(2, 2, Status.NOT_LEADER, 3);
        sent.clear();

        now += 1_000 * MS;
        gateway.tick(now);
        assertThat(mutates()).containsExactly("2:77/2>=2");
    }

    @Test
    void shouldSendAgainAfterALostReplyAndOnReconnect() {
        GroupSession s = openedSession();
        write(s, "a");
        sent.clear();

        now += 999 * MS;
        gateway.tick(now);
        assertThat(sent).isEmpty();
        now += MS;
        gateway.tick(now);
        assertThat(mutates()).containsExactly("2:77/2>=2");
        gateway.onPeer(3, true, now);
        gateway.onPeer(2, true, now);
        assertThat(mutates()).hasSize(2);
    }

    @Test
    void shouldKeepTheWindow() {
        GroupSession s = openedSession();
        for (int i = 1; i <= 6; i++) {
            write(s, "w" + i);
        }
        assertThat(mutates()).hasSize(4);
        answer(2, 4, Status.OK, 2);
        assertThat(mutates()).hasSize(4);
        answer(2, 2, Status.OK, 2);
        assertThat(mutates()).hasSize(5).last().isEqualTo("2:77/6>=3");
    }

    @Test
    void shouldFailWhatWasSentUnderAnExpiredSessionAndOpenAnother() {
        GroupSession s = openedSession();
        for (int i = 1; i <= 5; i++) {
            write(s, "w" + i);
        }
        sent.clear();
        answer(2, 2, Status.UNKNOWN_SESSION, 2);
        answer(2, 3, Status.UNKNOWN_SESSION, 2);

        assertThat(ended).containsExactly("w1 error", "w2 error", "w3 error", "w4 error");
        opened(2, 99);
        assertThat(mutates()).containsExactly("2:99/1>=1");
        gateway.onReply(2, new MutateReply(99, 1, Status.OK, 2), now);
        assertThat(ended).last().isEqualTo("w5 ok");
    }

    @Test
    void shouldTimeOutWhenConfigured() {
        gateway = gateway(500 * MS);
        GroupSession s = openedSession();
        write(s, "a");
        gateway.ask(s, Part.ask(Part.Kind.READ, 0, 512, (ok, p) -> ended.add("read" + ok), now), now);
        now += 499 * MS;
        gateway.tick(now);
        assertThat(ended).isEmpty();
        now += MS;
        gateway.tick(now);
        assertThat(ended).containsExactlyInAnyOrder("a error", "readfalse");
    }

    @Test
    void shouldEndTheAsksOfAClientThatIsGoneAlsoWithoutALeader() {
        GroupSession gone = gateway.attach();
        GroupSession stays = gateway.attach();
        gateway.ask(gone, Part.ask(Part.Kind.READ, 0, 512, (ok, p) -> ended.add("read " + ok), now), now);
        gateway.ask(stays, Part.ask(Part.Kind.READ, 0, 512, (ok, p) -> ended.add("other " + ok), now), now);
        gateway.close(gone, now);
        assertThat(ended).containsExactly("read false");
        gateway.ask(gone, Part.ask(Part.Kind.FLUSH, 0, 0, (ok, p) -> ended.add("flush " + ok), now), now);
        assertThat(ended).containsExactly("read false", "flush false");
        assertThat(gateway.unanswered()).isEqualTo(1);
    }

    @Test
    void shouldCloseTheSessionWithItsClientAlsoWhenItOpensLate() {
        GroupSession s = openedSession();
        write(s, "a");
        sent.clear();
        gateway.close(s, now);
        assertThat(ended).containsExactly("a error");
        assertThat(sent).containsExactly(new Sent(2, new ClientMessage.CloseSession(SESSION)));

        GroupSession late = gateway.attach();
        write(late, "b");
        gateway.close(late, now);
        opened(2, 88);
        assertThat(sent).last().isEqualTo(new Sent(2, new ClientMessage.CloseSession(88)));
    }

    @Test
    void shouldBackOffWhenTheOpeningIsRefusedAgainAndAgain() {
        gateway.onLeader(2, now);
        GroupSession s = gateway.attach();
        write(s, "a");
        long nonce = s.nonce;
        int answered = 0;
        for (int i = 0; i < 1_000; i++) {
            for (; answered < sent.size(); answered++) {
                gateway.onReply(2, new SessionOpened(nonce, 0, Status.NOT_LEADER, 2), now);
            }
            now += 10 * MS;
            gateway.tick(now);
        }
        // 0, 20, 40 … 400 ms and then every 400 ms of ten seconds.
        assertThat(sent).hasSizeBetween(20, 32);
        gateway.onLeader(3, now);
        assertThat(sent).as("a new leader is asked at once").last().isEqualTo(new Sent(3, new OpenSession(5, nonce)));
        assertThat(ended).as("it has waited").isEmpty();
        opened(3, SESSION);
        assertThat(mutates()).containsExactly("3:77/1>=1");
        gateway.onReply(3, new MutateReply(SESSION, 1, Status.OK, 3), now);
    }

    @Test
    void shouldNameItsSessionsInEverySignOfLife() {
        gateway.tick(now);
        assertThat(signs).as("no leader is known").isEmpty();
        GroupSession s = openedSession();
        GroupSession opening = gateway.attach();
        write(opening, "waits");
        GroupSession reader = gateway.attach();
        gateway.ask(reader, Part.ask(Part.Kind.FLUSH, 0, 0, (ok, p) -> {}, now), now);
        gateway.tick(now);
        assertThat(signs).containsExactly(new KeepAlive(5, opening.nonce + 1, List.of(s.nonce, opening.nonce)));
        gateway.close(s, now);
        now += 4_999 * MS;
        gateway.tick(now);
        assertThat(signs).hasSize(1);
        now += MS;
        gateway.tick(now);
        assertThat(signs).last().isEqualTo(new KeepAlive(5, opening.nonce + 1, List.of(opening.nonce)));
    }

    @Test
    void shouldRepeatReadsAndFlushesAtTheNewLeader() {
        GroupSession s = openedSession();
        PartListener onRead = (ok, p) -> {
            ended.add("read " + ok);
            p.release();
        };
        gateway.ask(s, Part.ask(Part.Kind.READ, 4096, 512, onRead, now), now);
        gateway.ask(s, Part.ask(Part.Kind.FLUSH, 0, 0, (ok, p) -> ended.add("flush " + ok), now), now);
        sent.clear();
        gateway.onLeader(3, now);
        assertThat(sent).hasSize(2);
        for (Sent m : List.copyOf(sent)) {
            if (m.message() instanceof ClientMessage.Read r) {
                gateway.onReply(3, reply(r.requestId()), now);
                gateway.onReply(2, reply(r.requestId()), now);
            } else if (m.message() instanceof ClientMessage.Flush f) {
                gateway.onReply(3, new ClientMessage.FlushReply(f.requestId(), Status.OK, 3), now);
            }
        }
        assertThat(ended).containsExactlyInAnyOrder("read true", "flush true");
    }

    private ClientMessage.ReadReply reply(long id) {
        ByteBuf payload = Unpooled.directBuffer(512).writeZero(512);
        buffers.add(payload);
        return new ClientMessage.ReadReply(id, Status.OK, 3, payload);
    }
}
