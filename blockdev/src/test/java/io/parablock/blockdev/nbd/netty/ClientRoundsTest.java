package io.parablock.blockdev.nbd.netty;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.util.concurrent.DefaultEventExecutor;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("one-jdk")
class ClientRoundsTest {
    private static final int CLIENTS = 100;

    private final DefaultEventExecutor loop = new DefaultEventExecutor();
    private final ClientRounds rounds = new ClientRounds(loop);

    @AfterEach
    void stop() {
        loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
    }

    private ClientRounds.Place join(Runnable look) throws Exception {
        return loop.submit(() -> rounds.join(look)).get();
    }

    @Test
    void shouldLookAfterEachClientOnceInARound() throws Exception {
        List<AtomicInteger> looks = new ArrayList<>();
        List<ClientRounds.Place> places = new ArrayList<>();
        long beganNs = System.nanoTime();
        for (int i = 0; i < CLIENTS; i++) {
            AtomicInteger count = new AtomicInteger();
            looks.add(count);
            places.add(join(count::incrementAndGet));
            Thread.sleep(5);
        }
        assertThat(looks.get(CLIENTS - 1)).as("none before its time").hasValue(0);
        Thread.sleep(2 * ClientRounds.ROUND_MS);
        List<Integer> counts = loop.submit(
                        () -> looks.stream().map(AtomicInteger::get).toList())
                .get();
        long roundsPassed = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - beganNs) / ClientRounds.ROUND_MS;
        assertThat(counts).allSatisfy(n -> assertThat(n).isBetween(1, (int) roundsPassed + 1));
        for (ClientRounds.Place place : places) {
            loop.submit(place::leave).get();
        }
        List<Integer> after = loop.submit(
                        () -> looks.stream().map(AtomicInteger::get).toList())
                .get();
        Thread.sleep(ClientRounds.ROUND_MS + 100);
        assertThat(looks.stream().map(AtomicInteger::get)).isEqualTo(after);
    }

    @Test
    void shouldGoOnAfterAFailureAndAfterEverybodyHasLeft() throws Exception {
        ClientRounds.Place bad = join(() -> {
            throw new IllegalStateException("a client's check fails");
        });
        AtomicInteger count = new AtomicInteger();
        Thread.sleep(100);
        ClientRounds.Place good = join(count::incrementAndGet);
        Thread.sleep(2 * ClientRounds.ROUND_MS);
        assertThat(count).hasPositiveValue();
        loop.submit(bad::leave).get();
        loop.submit(good::leave).get();
        loop.submit(good::leave).get();
        Thread.sleep(ClientRounds.ROUND_MS / 2);
        int before = count.get();
        ClientRounds.Place again = join(count::incrementAndGet);
        Thread.sleep(2 * ClientRounds.ROUND_MS);
        assertThat(count).hasValueGreaterThan(before);
        loop.submit(again::leave).get();
    }

    @Test
    void shouldNotLookAtWhoHasJustBeenClosedByAnother() throws Exception {
        AtomicInteger looks = new AtomicInteger();
        ClientRounds.Place[] places = new ClientRounds.Place[2];
        loop.submit(() -> {
                    for (int i = 0; i < 2; i++) {
                        int other = 1 - i;
                        places[i] = rounds.join(() -> {
                            looks.incrementAndGet();
                            places[other].leave();
                        });
                    }
                })
                .get();
        Thread.sleep(3 * ClientRounds.ROUND_MS / 2);
        assertThat(looks).hasValue(1);
    }
}
