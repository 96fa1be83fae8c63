package io.parablock.blockdev.nbd.netty;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.parablock.blockdev.nbd.Nbd;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The bound over all connections, with a backend that answers when it is told to. */
class NbdTotalBytesTest {
    private static final int REQUEST = 256 << 10;
    private static final long TOTAL = 4L * REQUEST;
    private static final long OWN = 8L * REQUEST;
    private static final int CLIENTS = 4;
    private static final long WAIT_MS = 10_000;

    /** A request's offset says whose it is. */
    private final HoldingBackend backend = new HoldingBackend(1L << 30);

    private final Queue<HoldingBackend.Begun> begun = backend.begun;
    private final List<Socket> sockets = new ArrayList<>();
    private final List<Thread> threads = new ArrayList<>();
    private EventLoopGroup loops;
    private NbdServer server;

    @BeforeEach
    void start() {
        TransportKind kind = TransportKind.choose("auto").kind();
        loops = new MultiThreadIoEventLoopGroup(2, kind.ioHandler());
        server = NbdServer.listen(
                loops,
                kind,
                new InetSocketAddress("127.0.0.1", 0),
                backend,
                new NbdServerConfig(16, WAIT_MS, OWN, TOTAL));
    }

    @AfterEach
    void stop() throws Exception {
        for (Socket s : sockets) {
            s.close();
        }
        for (Thread t : threads) {
            t.join(WAIT_MS);
            assertThat(t.isAlive()).isFalse();
        }
        server.close();
        loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
    }

    private static void await(String what, BooleanSupplier done) {
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(WAIT_MS);
        while (!done.getAsBoolean()) {
            assertThat(System.nanoTime()).as("timed out: " + what).isLessThan(deadline);
            LockSupport.parkNanos(500_000);
        }
    }

    private Socket attached() throws IOException {
        Socket s = new Socket("127.0.0.1", server.address().getPort());
        sockets.add(s);
        s.setSoTimeout((int) WAIT_MS);
        ByteBuffer hello = ByteBuffer.allocate(24);
        hello.putInt(3).putLong(Nbd.IHAVEOPT).putInt(Nbd.OPT_EXPORT_NAME).putInt(4);
        hello.put("disk".getBytes(StandardCharsets.UTF_8));
        s.getOutputStream().write(hello.array());
        new DataInputStream(s.getInputStream()).skipNBytes(18 + 10);
        return s;
    }

    private static byte[] requests(int type, int client, int count, int length) {
        boolean write = type == Nbd.CMD_WRITE;
        ByteBuffer b = ByteBuffer.allocate(count * (28 + (write ? length : 0)));
        for (int i = 0; i < count; i++) {
            b.putInt(Nbd.REQUEST_MAGIC).putShort((short) 0).putShort((short) type);
            b.putLong(i).putLong((long) client * REQUEST).putInt(length);
            if (write) {
                b.position(b.position() + length);
            }
        }
        return b.array();
    }

    /** On a thread of its own, because the server stops reading. */
    private void send(Socket s, byte[] bytes) {
        Thread t = new Thread(() -> {
            try {
                s.getOutputStream().write(bytes);
            } catch (IOException closedByTheTest) {
                assertThat(s.isClosed()).isTrue();
            }
        });
        threads.add(t);
        t.start();
    }

    private int answerNext() {
        await("a request", () -> !begun.isEmpty());
        HoldingBackend.Begun next = begun.remove();
        assertThat(server.inWorkBytes()).isLessThanOrEqualTo(TOTAL);
        next.answer().run();
        return (int) (next.offsetBytes() / REQUEST);
    }

    private static void requireAnswers(Socket s, int count, int contentBytes) throws IOException {
        DataInputStream in = new DataInputStream(s.getInputStream());
        for (int i = 0; i < count; i++) {
            assertThat(in.readInt()).isEqualTo(Nbd.SIMPLE_REPLY_MAGIC);
            assertThat(in.readInt()).isZero();
            assertThat(in.readLong()).isEqualTo(i);
            in.skipNBytes(contentBytes);
        }
    }

    @Test
    void shouldStopReadingAboveTheTotalAndGoOnInTurns() throws IOException {
        int each = 6;
        List<Socket> clients = new ArrayList<>();
        for (int c = 0; c < CLIENTS; c++) {
            clients.add(attached());
        }
        for (int c = 0; c < CLIENTS; c++) {
            send(clients.get(c), requests(Nbd.CMD_WRITE, c, each, REQUEST));
        }
        await("all connections to wait", () -> server.waiting() == CLIENTS && begun.size() == TOTAL / REQUEST);
        assertThat(server.inWorkBytes()).isEqualTo(TOTAL);

        int first = (int) (TOTAL / REQUEST);
        List<Integer> turns = new ArrayList<>();
        for (int i = 0; i < each * CLIENTS; i++) {
            // Receiving takes time: begun in the order of turns only if one at a time is under way.
            if (i < first) {
                answerNext();
                int begunNow = first;
                await("the next in turn", () -> begun.size() == begunNow);
            } else {
                turns.add(answerNext());
            }
        }
        assertThat(turns.subList(0, CLIENTS)).as("each client once").containsExactlyInAnyOrder(0, 1, 2, 3);
        for (Socket s : clients) {
            requireAnswers(s, each, 0);
        }
        await("nothing in work", () -> server.inWorkBytes() == 0);
        assertThat(server.waiting()).isZero();
    }

    @Test
    void shouldLetASingleRequestAboveTheTotalThrough() throws IOException {
        Socket large = attached();
        Socket small = attached();
        send(large, requests(Nbd.CMD_READ, 0, 1, (int) TOTAL * 3));
        await("the large one", () -> begun.size() == 1);
        send(small, requests(Nbd.CMD_WRITE, 1, 2, REQUEST));
        await("the small ones to wait", () -> server.waiting() == 1);
        HoldingBackend.Begun first = begun.remove();
        assertThat(begun).isEmpty();
        first.answer().run();
        requireAnswers(large, 1, (int) TOTAL * 3);
        assertThat(answerNext()).isEqualTo(1);
        assertThat(answerNext()).isEqualTo(1);
        requireAnswers(small, 2, 0);
        // And a large write, which comes in many pieces.
        send(large, requests(Nbd.CMD_WRITE, 0, 1, (int) TOTAL * 3));
        await("the large write", () -> begun.size() == 1);
        begun.remove().answer().run();
        requireAnswers(large, 1, 0);
    }

    @Test
    void shouldCountEveryRequestOfOnePacket() throws IOException {
        Socket one = attached();
        send(one, requests(Nbd.CMD_READ, 0, 100, REQUEST));
        await("as many as the total allows", () -> begun.size() == TOTAL / REQUEST && server.waiting() == 1);
        for (int i = 0; i < 100; i++) {
            assertThat(begun.size()).isLessThanOrEqualTo((int) (TOTAL / REQUEST));
            answerNext();
            if (i % 10 == 9) {
                requireAnswersFrom(one, i - 9);
            }
        }
        await("nothing in work", () -> server.inWorkBytes() == 0);
    }

    private static void requireAnswersFrom(Socket s, int first) throws IOException {
        DataInputStream in = new DataInputStream(s.getInputStream());
        for (int i = 0; i < 10; i++) {
            in.skipNBytes(8);
            assertThat(in.readLong()).isEqualTo(first + i);
            in.skipNBytes(REQUEST);
        }
    }

    @Test
    void shouldForgetTheRequestsOfAConnectionThatEnds() throws IOException {
        Socket halfWay = attached();
        byte[] whole = requests(Nbd.CMD_WRITE, 0, 1, (int) TOTAL);
        send(halfWay, java.util.Arrays.copyOf(whole, whole.length / 2));
        await("a payload under way", () -> server.inWorkBytes() == TOTAL);
        Socket waits = attached();
        send(waits, requests(Nbd.CMD_READ, 1, 1, REQUEST));
        await("a connection that waits", () -> server.waiting() == 1);
        Socket alsoWaits = attached();
        send(alsoWaits, requests(Nbd.CMD_READ, 2, 1, REQUEST));
        await("another one", () -> server.waiting() == 2);
        halfWay.close();
        // Both get their turn at once, each on its own event loop.
        assertThat(List.of(answerNext(), answerNext())).containsExactlyInAnyOrder(1, 2);
        requireAnswers(waits, 1, REQUEST);
        requireAnswers(alsoWaits, 1, REQUEST);
        await("nothing in work", () -> server.inWorkBytes() == 0);
    }
}
