package io.parablock.perf.impair;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.parablock.blockdev.nbd.netty.TransportKind;
import io.parablock.transport.impair.LinkImpairment;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@Isolated("real time")
class ImpairmentProxyTest {
    private static final long MS = 1_000_000;
    private static final long TIMEOUT_NS = 15_000 * MS;
    private static final int BUFFER_BYTES = 64 << 10;
    private static final int SOCKET_BYTES = 64 << 10;
    private static final int MUCH_BYTES = 1 << 20;
    private static final LinkImpairment NOTHING = new LinkImpairment(0, 0, 0, 0, 0, 0, 0);

    private final List<AutoCloseable> open = new ArrayList<>();
    private final ConcurrentLinkedQueue<String> log = new ConcurrentLinkedQueue<>();

    static Stream<TransportKind> kinds() {
        return Stream.of(TransportKind.values()).filter(k -> {
            try {
                return TransportKind.choose(k.label()).kind() == k;
            } catch (IllegalArgumentException notHere) {
                return false;
            }
        });
    }

    @AfterEach
    void closeAll() throws Exception {
        for (int i = open.size() - 1; i >= 0; i--) {
            open.get(i).close();
        }
    }

    private static InetSocketAddress loopback(int port) {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    }

    private ServerSocket target() throws IOException {
        ServerSocket target = new ServerSocket();
        target.setReceiveBufferSize(SOCKET_BYTES);
        target.bind(loopback(0));
        target.setSoTimeout(10_000);
        open.add(target);
        return target;
    }

    private ImpairmentProxy proxy(TransportKind kind, int port, LinkImpairment wrong, int connectionsMax)
            throws IOException {
        ImpairmentProxy proxy = ImpairmentProxy.listen(
                new ProxySettings(loopback(0), loopback(port), wrong, BUFFER_BYTES, connectionsMax, 1), kind, log::add);
        open.add(proxy);
        return proxy;
    }

    private Socket connect(ImpairmentProxy proxy) throws IOException {
        Socket client = new Socket(proxy.address().getAddress(), proxy.address().getPort());
        client.setSoTimeout(10_000);
        open.add(client);
        return client;
    }

    private Socket accept(ServerSocket target) throws IOException {
        Socket server = target.accept();
        server.setSoTimeout(10_000);
        open.add(server);
        return server;
    }

    private static void await(String what, BooleanSupplier condition) throws InterruptedException {
        long end = System.nanoTime() + TIMEOUT_NS;
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as(what).isLessThan(end);
            Thread.sleep(2);
        }
    }

    /** Both halves are closed one after the other, each behind all its bytes. */
    @ParameterizedTest
    @MethodSource("kinds")
    void shouldPassOnAllBytesInOrderAndThenTheEndOfEachHalf(TransportKind kind) throws Exception {
        ServerSocket target = target();
        LinkImpairment wrong = new LinkImpairment(MS, 2 * MS, 0.05, 5 * MS, 0.02, 2 * MS, 0);
        ImpairmentProxy proxy = proxy(kind, target.getLocalPort(), wrong, 8);
        byte[] there = random(1);
        byte[] back = random(2);
        Socket client = connect(proxy);
        Socket server = accept(target);
        CompletableFuture<byte[]> received = CompletableFuture.supplyAsync(() -> all(server));
        client.getOutputStream().write(there);
        client.shutdownOutput();
        assertThat(received.get()).isEqualTo(there);
        // The other half is open still.
        CompletableFuture<byte[]> answered = CompletableFuture.supplyAsync(() -> all(client));
        server.getOutputStream().write(back);
        server.shutdownOutput();
        assertThat(answered.get()).isEqualTo(back);
        await("closed", () -> proxy.open() == 0);
        assertThat(log).isEmpty();
    }

    private static byte[] random(long seed) {
        byte[] bytes = new byte[MUCH_BYTES];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    private static byte[] all(Socket socket) {
        try {
            return socket.getInputStream().readAllBytes();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void shouldBeLateInBothDirections(TransportKind kind) throws Exception {
        ServerSocket target = target();
        ImpairmentProxy proxy = proxy(kind, target.getLocalPort(), new LinkImpairment(50 * MS, 0, 0, 0, 0, 0, 0), 8);
        Socket client = connect(proxy);
        Socket server = accept(target);
        for (int i = 1; i < 4; i++) {
            long sentNs = System.nanoTime();
            client.getOutputStream().write(i);
            assertThat(server.getInputStream().read()).isEqualTo(i);
            assertThat(System.nanoTime() - sentNs).isGreaterThanOrEqualTo(50 * MS);
            server.getOutputStream().write(i);
            assertThat(client.getInputStream().read()).isEqualTo(i);
            assertThat(System.nanoTime() - sentNs).isGreaterThanOrEqualTo(100 * MS);
        }
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void shouldReadNoMoreThanItMayHoldForATargetThatTakesNothing(TransportKind kind) throws Exception {
        ServerSocket target = target();
        ImpairmentProxy proxy = proxy(kind, target.getLocalPort(), NOTHING, 8);
        try (SocketChannel client = SocketChannel.open()) {
            client.setOption(java.net.StandardSocketOptions.SO_SNDBUF, SOCKET_BYTES);
            client.connect(proxy.address());
            client.configureBlocking(false);
            Socket server = accept(target);
            ByteBuffer much = ByteBuffer.allocate(MUCH_BYTES);
            long taken = 0;
            long quietSinceNs = System.nanoTime();
            while (System.nanoTime() - quietSinceNs < 300 * MS) {
                much.clear();
                int written = client.write(much);
                if (written > 0) {
                    taken += written;
                    quietSinceNs = System.nanoTime();
                    assertThat(taken).as("there is an end to it").isLessThan(64L << 20);
                } else {
                    Thread.sleep(5);
                }
            }
            client.shutdownOutput();
            long read = 0;
            InputStream in = server.getInputStream();
            byte[] piece = new byte[SOCKET_BYTES];
            for (int n = in.read(piece); n >= 0; n = in.read(piece)) {
                read += n;
            }
            assertThat(read).as("and nothing is lost").isEqualTo(taken);
        }
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void shouldCloseTheOtherConnectionOfOneThatBreaks(TransportKind kind) throws Exception {
        ServerSocket target = target();
        ImpairmentProxy proxy = proxy(kind, target.getLocalPort(), NOTHING, 1);
        Socket client = connect(proxy);
        Socket server = accept(target);
        client.getOutputStream().write(1);
        assertThat(server.getInputStream().read()).isEqualTo(1);
        Socket second = connect(proxy);
        assertThat(ended(second)).as("one connection too many").isTrue();
        await("told", () -> log.stream().anyMatch(line -> line.startsWith("refusing ")));
        // A reset, not an end.
        client.setSoLinger(true, 0);
        client.close();
        assertThat(ended(server)).isTrue();
        await("closed", () -> proxy.open() == 0);
    }

    /** By an end or by a reset. */
    private static boolean ended(Socket socket) throws IOException {
        try {
            return socket.getInputStream().read() < 0;
        } catch (java.net.SocketException reset) {
            return true;
        }
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void shouldSayInALineWhatCannotBeReached(TransportKind kind) throws Exception {
        ServerSocket target = target();
        int port = target.getLocalPort();
        target.close();
        ImpairmentProxy proxy = proxy(kind, port, NOTHING, 8);
        Socket client = connect(proxy);
        assertThat(ended(client)).isTrue();
        assertThat(log).hasSize(1).first().asString().startsWith("cannot connect to ");
        ProxySettings taken = new ProxySettings(proxy.address(), loopback(port), NOTHING, BUFFER_BYTES, 8, 1);
        assertThatThrownBy(() -> ImpairmentProxy.listen(taken, kind, log::add))
                .isInstanceOf(IOException.class)
                .hasMessageStartingWith("cannot listen at ");
    }
}
