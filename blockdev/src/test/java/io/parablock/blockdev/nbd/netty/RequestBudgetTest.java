package io.parablock.blockdev.nbd.netty;

import static org.assertj.core.api.Assertions.assertThat;

import io.parablock.blockdev.nbd.Nbd;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RequestBudgetTest {
    private static final int CONNECTIONS = 16;
    private static final long MAX = 2L * Nbd.PAYLOAD_MAX;
    private static final long ALLOWANCE = MAX / 8 / CONNECTIONS;
    private static final long COMMON = MAX - CONNECTIONS * ALLOWANCE;

    private final RequestBudget budget = new RequestBudget(MAX, CONNECTIONS);
    private final List<String> turns = new ArrayList<>();

    private RequestBudget.Share join(String name) {
        return budget.join(bytes -> turns.add(name + " " + bytes));
    }

    /** One large request for each client, until the common part has no room for another. */
    private List<RequestBudget.Share> announcers(int count) {
        List<RequestBudget.Share> out = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            RequestBudget.Share s = join("large " + i);
            boolean taken = s.take(Nbd.PAYLOAD_MAX);
            assertThat(taken).isEqualTo(i == 0);
            out.add(s);
        }
        return out;
    }

    @Test
    void shouldKeepAnAllowanceForEveryConnection() {
        List<RequestBudget.Share> large = announcers(CONNECTIONS - 1);
        RequestBudget.Share small = join("small");
        for (long held = 0; held < ALLOWANCE; held += 4096) {
            assertThat(small.take(4096)).as("with %d held", held).isTrue();
        }
        assertThat(small.take(4096)).as("the allowance is used up").isFalse();
        small.giveBack(4096);
        assertThat(turns).as("room of its own again").containsExactly("small 4096");
        large.get(0).leave();
        assertThat(turns).containsExactly("small 4096", "large 1 " + Nbd.PAYLOAD_MAX);
    }

    @Test
    void shouldTakeTurnsInTheOrderOfAskingAndStarveNobody() {
        List<RequestBudget.Share> large = announcers(3);
        RequestBudget.Share small = join("small");
        assertThat(small.take(ALLOWANCE + 1)).as("beyond its own").isFalse();
        RequestBudget.Share stream = join("stream");
        for (int i = 0; i < 100; i++) {
            assertThat(stream.take(ALLOWANCE)).isTrue();
            stream.giveBack(ALLOWANCE);
        }
        assertThat(turns).isEmpty();
        for (int i = 0; i < 3; i++) {
            large.get(i).giveBack(Nbd.PAYLOAD_MAX);
        }
        assertThat(turns)
                .containsExactly(
                        "large 1 " + Nbd.PAYLOAD_MAX, "large 2 " + Nbd.PAYLOAD_MAX, "small " + (ALLOWANCE + 1));
    }

    @Test
    void shouldGiveTooManyConnectionsNoAllowance() {
        for (int i = 0; i < CONNECTIONS; i++) {
            RequestBudget.Share unused = join("here");
        }
        RequestBudget.Share large = join("large");
        assertThat(large.take(COMMON)).isTrue();
        RequestBudget.Share oneMore = join("one more");
        assertThat(oneMore.take(512)).isFalse();
        oneMore.leave();
        large.leave();
        assertThat(budget.waiting()).isZero();
        assertThat(turns).isEmpty();
    }

    @Test
    void shouldMakeNoReserveWhereALargeRequestNeedsAll() {
        RequestBudget tight = new RequestBudget(Nbd.PAYLOAD_MAX, CONNECTIONS);
        RequestBudget.Share one = tight.join(bytes -> {});
        RequestBudget.Share two = tight.join(bytes -> {});
        assertThat(one.take(Nbd.PAYLOAD_MAX)).isTrue();
        assertThat(two.take(512)).isFalse();
    }

    /** Any order of requests, ends and departures: the bound holds, and at the end nothing is held and nobody waits. */
    @Test
    void shouldKeepTheBoundAndServeEverybody() {
        Random random = new Random(7);
        for (int round = 0; round < 200; round++) {
            RequestBudget b = new RequestBudget(MAX, CONNECTIONS);
            List<Client> clients = new ArrayList<>();
            for (int i = 0; i < CONNECTIONS; i++) {
                clients.add(new Client(b));
            }
            for (int step = 0; step < 300; step++) {
                Client c = clients.get(random.nextInt(CONNECTIONS));
                if (!c.isWaiting() && random.nextBoolean()) {
                    c.ask(random.nextInt(3) == 0 ? 1 + random.nextInt(Nbd.PAYLOAD_MAX) : 512 + random.nextInt(8192));
                } else if (random.nextInt(50) == 0) {
                    c.share.leave();
                    clients.set(clients.indexOf(c), new Client(b));
                } else {
                    c.endOne();
                }
                assertThat(b.inWorkBytes()).isBetween(0L, MAX);
            }
            for (int i = 0; i < 300 * CONNECTIONS; i++) {
                clients.get(i % CONNECTIONS).endOne();
            }
            assertThat(b.waiting()).isZero();
            assertThat(b.inWorkBytes()).isZero();
            assertThat(clients).allSatisfy(c -> assertThat(c.isWaiting()).isFalse());
        }
    }

    private static final class Client {
        final RequestBudget.Share share;
        private final List<Long> inWork = new ArrayList<>();
        private long asked;

        Client(RequestBudget budget) {
            share = budget.join(this::begun);
        }

        private void begun(long bytes) {
            assertThat(bytes).isEqualTo(asked);
            asked = 0;
            inWork.add(bytes);
        }

        boolean isWaiting() {
            return asked > 0;
        }

        void ask(long bytes) {
            asked = bytes;
            if (share.take(bytes)) {
                begun(bytes);
            }
        }

        void endOne() {
            if (!inWork.isEmpty()) {
                share.giveBack(inWork.remove(0));
            }
        }
    }
}
