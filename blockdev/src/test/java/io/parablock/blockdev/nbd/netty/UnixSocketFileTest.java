package io.parablock.blockdev.nbd.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UnixSocketFileTest {
    @TempDir
    private Path dir;

    private static ServerSocketChannel listenAt(Path path) throws IOException {
        return ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(UnixDomainSocketAddress.of(path));
    }

    @Test
    void shouldReplaceNothingButTheSocketOfADeadProcess() throws Exception {
        Path fifo = dir.resolve("fifo");
        assertThat(new ProcessBuilder("mkfifo", fifo.toString()).start().waitFor())
                .isZero();
        assertThatThrownBy(() -> UnixSocketFile.makeRoom(fifo)).hasMessageContaining("is no socket");
        assertThat(fifo).exists();
        Path socket = dir.resolve("socket");
        try (ServerSocketChannel alive = listenAt(socket)) {
            assertThat(alive.isOpen()).isTrue();
            assertThatThrownBy(() -> UnixSocketFile.makeRoom(socket)).hasMessageContaining("in use");
            assertThat(Files.exists(socket)).isTrue();
        }
        UnixSocketFile.makeRoom(socket);
        assertThat(Files.exists(socket)).isFalse();
    }

    @Test
    void shouldDeleteOnlyWhatWasBound() throws IOException {
        Path path = dir.resolve("socket");
        Path place = UnixSocketFile.placeBeside(path);
        try (ServerSocketChannel mine = listenAt(place)) {
            UnixSocketFile file = UnixSocketFile.publish(place, path);
            assertThat(Files.exists(place)).isFalse();
            Path kept = dir.resolve("kept");
            Files.move(path, kept);
            try (ServerSocketChannel others = listenAt(path)) {
                file.delete();
                assertThat(Files.exists(path)).as(others + " is another's").isTrue();
            }
            Files.delete(path);
            file.delete();
            Files.move(kept, path);
            file.delete();
            assertThat(Files.exists(path)).as("the socket of " + mine).isFalse();
        }
    }

    @Test
    void shouldNotTakeThePathOfOneWhoWasQuicker() throws IOException {
        Path path = dir.resolve("socket");
        Path place = UnixSocketFile.placeBeside(path);
        try (ServerSocketChannel mine = listenAt(place);
                ServerSocketChannel quicker = listenAt(path)) {
            assertThat(mine.isOpen() && quicker.isOpen()).isTrue();
            assertThatThrownBy(() -> UnixSocketFile.publish(place, path)).hasMessageContaining("in use");
            assertThat(Files.exists(place)).isFalse();
            try (SocketChannel client = SocketChannel.open(UnixDomainSocketAddress.of(path))) {
                assertThat(client.isConnected()).isTrue();
            }
        }
    }

    @Test
    void shouldBindInTheSameFolderUnderANameThatFits() throws IOException {
        String folder = dir.toString() + "/";
        for (int length : new int[] {1, 5, 107 - folder.length()}) {
            Path path = Path.of(folder + "s".repeat(length));
            Path place = UnixSocketFile.placeBeside(path);
            assertThat(place.getParent()).isEqualTo(dir);
            assertThat(place.toString().length()).isLessThanOrEqualTo(107);
        }
        Path longest = Path.of("/" + "d".repeat(104) + "/s");
        assertThat(UnixSocketFile.placeBeside(longest).toString()).hasSize(107);
        Path here = UnixSocketFile.placeBeside(Path.of("socket"));
        assertThat(here.getParent()).isNull();
    }
}
