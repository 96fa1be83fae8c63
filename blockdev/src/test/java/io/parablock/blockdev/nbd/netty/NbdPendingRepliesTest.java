package io.parablock.blockdev.nbd.netty;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.parablock.blockdev.nbd.Nbd;
import io.parablock.blockdev.nbd.NbdBackend;
import io.parablock.blockdev.nbd.NbdExport;
import io.parablock.blockdev.nbd.NbdSession;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Clients that do not take their replies or leave them behind, and sessions that fail. */
class NbdPendingRepliesTest {
    /** More than the sockets and the reply queue hold. */
    private static final int LARGE = Nbd.PAYLOAD_MAX;

    private static final int SMALL = 512;
    private static final long WAIT_MS = 10_000;
    /** A read here throws; one there finds a buffer that cannot be read. */
    private static final long THROWS = 512;

    private static final long UNREADABLE = 1024;

    private final HoldingBackend backend = new HoldingBackend(1L << 30);
    private final TransportKind kind = TransportKind.choose("auto").kind();
    private final EventLoopGroup loops = new MultiThreadIoEventLoopGroup(2, kind.ioHandler());
    private NbdServer server = listen(backend, 2L * LARGE, 4L * LARGE);

    private NbdServer listen(NbdBackend served, long ownBytes, long totalBytes) {
        return NbdServer.listen(
                loops,
                kind,
                new InetSocketAddress("127.0.0.1", 0),
                served,
                new NbdServerConfig(16, WAIT_MS, ownBytes, totalBytes));
    }

    private void listenAgain(NbdBackend served, long totalBytes) {
        server.close();
        server = listen(served, 2L * LARGE, totalBytes);
    }

    @AfterEach
    void stop() {
        server.close();
        loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
    }

    private RawClient attached() throws IOException {
        return new RawClient(server.address()).attached();
    }

    private static void await(String what, BooleanSupplier done) {
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(WAIT_MS);
        while (!done.getAsBoolean()) {
            assertThat(System.nanoTime()).as("timed out: " + what).isLessThan(deadline);
            LockSupport.parkNanos(500_000);
        }
    }

    private void answer() {
        await("a request", () -> !backend.begun.isEmpty());
        backend.begun.remove().answer().run();
    }

    @Test
    void shouldReceiveAnAdmittedPayloadThoughRepliesArePending() throws IOException {
        try (RawClient c = attached()) {
            byte[] half = new byte[64 << 10];
            c.request(0, Nbd.CMD_READ, 1, 0, LARGE);
            c.request(0, Nbd.CMD_WRITE, 2, 4096, 2L * half.length);
            c.out.write(half);
            await("both in work", () -> server.inWorkBytes() == LARGE + 2L * half.length);
            answer();
            assertThat(c.error(1)).isZero();
            c.out.write(half);
            answer();
            c.in.skipNBytes(LARGE);
            assertThat(c.error(2)).isZero();
        }
    }

    @Test
    void shouldCountAReadUntilItsReplyIsTaken() throws IOException {
        listenAgain(backend, SMALL);
        try (RawClient slow = attached();
                RawClient other = attached()) {
            slow.request(0, Nbd.CMD_READ, 1, 0, LARGE);
            answer();
            assertThat(slow.error(1)).isZero();
            assertThat(server.inWorkBytes()).isEqualTo(LARGE);
            other.request(0, Nbd.CMD_READ, 1, 0, SMALL);
            await("the other one to wait", () -> server.waiting() == 1);
            assertThat(backend.begun).isEmpty();
            slow.in.skipNBytes(LARGE);
            answer();
            assertThat(other.error(1)).isZero();
            await("nothing in work", () -> server.inWorkBytes() == 0);
        }
    }

    @Test
    void shouldCountNothingOfAClientThatIsGone() throws IOException {
        RawClient gone = attached();
        gone.request(0, Nbd.CMD_READ, 1, 0, LARGE);
        gone.request(0, Nbd.CMD_READ, 2, 0, SMALL);
        await("both in work", () -> backend.begun.size() == 2);
        answer();
        assertThat(gone.error(1)).isZero();
        assertThat(server.inWorkBytes()).isEqualTo(LARGE + SMALL);
        gone.close();
        await("nothing in work", () -> server.inWorkBytes() == 0);
        answer();
        try (RawClient c = attached()) {
            c.request(0, Nbd.CMD_READ, 1, 0, SMALL);
            answer();
            assertThat(c.error(1)).isZero();
            c.in.skipNBytes(SMALL);
        }
        await("nothing in work", () -> server.inWorkBytes() == 0);
    }

    @Test
    void shouldCountWhatTheSessionSaysThatARequestTakes() throws IOException {
        try (RawClient c = attached()) {
            c.request(Nbd.CMD_FLAG_NO_HOLE, Nbd.CMD_WRITE_ZEROES, 1, 0, 1 << 30);
            await("the zeros", () -> server.inWorkBytes() == HoldingBackend.WRITTEN_ZEROS_BYTES_MAX);
            answer();
            assertThat(c.error(1)).isZero();
            c.request(0, Nbd.CMD_WRITE_ZEROES, 2, 0, 1 << 30);
            await("the hole", () -> server.inWorkBytes() == NbdSession.REQUEST_COST_BYTES);
            answer();
            assertThat(c.error(2)).isZero();
        }
    }

    private NbdBackend faulty() {
        return new NbdBackend() {
            @Override
            public List<NbdExport> exports() {
                return backend.exports();
            }

            @Override
            public NbdSession attach(NbdExport export) {
                NbdSession good = backend.attach(export);
                return (NbdSession) Proxy.newProxyInstance(
                        NbdSession.class.getClassLoader(), new Class<?>[] {NbdSession.class}, (p, method, args) -> {
                            boolean read = method.getName().equals("read");
                            if (read && (long) args[0] == THROWS) {
                                throw new IllegalStateException("as the test wants it");
                            }
                            if (read && (long) args[0] == UNREADABLE) {
                                ByteBuf freed = Unpooled.buffer(SMALL).writeZero(SMALL);
                                freed.release();
                                NbdSession.ReadCompletion done = (NbdSession.ReadCompletion) args[2];
                                backend.begun.add(new HoldingBackend.Begun(UNREADABLE, () -> done.complete(0, freed)));
                                return null;
                            }
                            return method.invoke(good, args);
                        });
            }
        };
    }

    @Test
    void shouldAnswerARequestInWhichTheSessionFails() throws IOException {
        listenAgain(faulty(), LARGE);
        try (RawClient c = attached()) {
            c.request(0, Nbd.CMD_READ, 1, THROWS, SMALL);
            assertThat(c.error(1)).isEqualTo(Nbd.EIO);
            c.request(0, Nbd.CMD_FLUSH, 2, 0, 0);
            answer();
            assertThat(c.error(2)).isZero();
        }
    }

    @Test
    void shouldCloseAConnectionWhoseReplyFails() throws IOException {
        listenAgain(faulty(), LARGE);
        try (RawClient c = attached()) {
            c.request(0, Nbd.CMD_READ, 1, UNREADABLE, SMALL);
            c.request(0, Nbd.CMD_READ, 2, 0, SMALL);
            await("both in work", () -> backend.begun.size() == 2);
            answer();
            assertThat(c.isClosed()).as("no part of a reply").isTrue();
            await("nothing in work", () -> server.inWorkBytes() == 0);
            answer();
            assertThat(server.inWorkBytes()).isZero();
        }
    }
}
