package io.parablock.replica;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.parablock.raft.membership.Seat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IdentityFileTest {
    private static final long CLUSTER = 0x1234_5678_9abcL;
    private static final TreeMap<Integer, Long> MEMBERS = new TreeMap<>(Map.of(1, 11L, 2, -12L, 3, 13L));

    @TempDir
    private Path dir;

    private IdentityFile open(int node, Integer... voters) throws IOException {
        Iterator<Long> drawn = List.of(0L, -12L).iterator();
        return IdentityFile.open(dir, CLUSTER, node, List.of(voters), List.of("wal", "groups"), drawn::next);
    }

    @Test
    void shouldDrawAnIncarnationOnceAndKeepIt() throws IOException {
        NodeIdentity first = open(2, 1, 2, 3).identity();
        assertThat(first).isEqualTo(new NodeIdentity(CLUSTER, 2, -12, 0, new TreeMap<>()));
        Files.createDirectory(dir.resolve("wal"));
        IdentityFile again = IdentityFile.open(dir, CLUSTER, 2, List.of(3, 1, 2), List.of("wal"), () -> {
            throw new AssertionError("it has one");
        });
        assertThat(again.identity()).isEqualTo(first);
        again.begun(4);
        again.formed(MEMBERS);
        again.begun(3);
        assertThat(open(2, 1, 2, 3).identity()).isEqualTo(new NodeIdentity(CLUSTER, 2, -12, 4, MEMBERS));
        assertThat(first.ofGroup(5)).isEqualTo(new Identity(CLUSTER, 5, 2, -12));
    }

    @Test
    void shouldRefuseADirectoryThatHasLostItsIdentity() throws IOException {
        Files.createDirectory(dir.resolve("groups"));
        assertThatThrownBy(() -> open(2, 1, 2, 3))
                .isInstanceOf(Identity.WrongIdentityException.class)
                .hasMessageContaining("has groups but no file identity");
        try (Stream<Path> files = Files.list(dir)) {
            assertThat(files).containsExactly(dir.resolve("groups"));
        }
    }

    @Test
    void shouldRefuseEveryChangedByte() throws IOException {
        open(2, 1, 2, 3).formed(MEMBERS);
        Path file = dir.resolve(IdentityFile.NAME);
        byte[] bytes = Files.readAllBytes(file);
        for (int i = 0; i < bytes.length; i++) {
            byte[] changed = bytes.clone();
            changed[i] ^= 1;
            Files.write(file, changed);
            assertThatThrownBy(() -> open(2, 1, 2, 3)).as("byte %d", i).hasMessageContaining("unreadable");
            assertThat(Files.readAllBytes(file)).isEqualTo(changed);
        }
        Files.write(file, java.util.Arrays.copyOf(bytes, bytes.length - 1));
        assertThatThrownBy(() -> open(2, 1, 2, 3)).hasMessageContaining("unreadable");
        byte[] otherVersion = IdentityDescriptor.encode(new NodeIdentity(CLUSTER, 2, 5, 0, new TreeMap<>()));
        otherVersion[0]++;
        assertThat(IdentityDescriptor.decode(otherVersion)).isNull();
    }

    @Test
    void shouldRefuseADirectoryOfAnotherNodeClusterOrMembership() throws IOException {
        open(2, 1, 2, 3).formed(MEMBERS);
        assertThatThrownBy(() -> open(1, 1, 2, 3)).hasMessageContaining("belongs to node 2, not to node 1");
        assertThatThrownBy(() -> IdentityFile.open(dir, 5, 2, List.of(1, 2, 3), List.of(), () -> 1))
                .hasMessageContaining("belongs to cluster");
        assertThatThrownBy(() -> open(2, 1, 2, 3, 4))
                .hasMessageContaining("the cluster was formed by [1, 2, 3]; nodes cannot be added or removed yet");
    }

    @Test
    void shouldKeepChangedSeats() throws IOException {
        IdentityFile file = open(2, 1, 2, 3);
        TreeMap<Integer, Seat> changed = new TreeMap<>(Map.of(3, new Seat(2, 99)));
        file.formed(MEMBERS, changed);
        assertThat(open(2, 1, 2, 3).identity().changed()).isEqualTo(changed);
        changed.put(1, new Seat(1, 11));
        file.changed(changed);
        assertThat(open(2, 1, 2, 3).identity().changed()).isEqualTo(changed);
        assertThat(open(2, 1, 2, 3).identity().members()).isEqualTo(MEMBERS);
        byte[] good = IdentityDescriptor.encode(file.identity());
        for (int n = 0; n < good.length; n++) {
            assertThat(IdentityDescriptor.decode(Arrays.copyOf(good, n))).isNull();
        }
    }

    @Test
    void shouldRefuseStateOfAnotherIncarnation() {
        Identity own = new Identity(CLUSTER, 1, 2, 7);
        assertThatThrownBy(() -> own.check(new Identity(CLUSTER, 1, 2, 8)))
                .hasMessageContaining("another incarnation of node 2");
    }
}
