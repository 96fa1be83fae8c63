package io.parablock.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RequestSplitterTest {
    private static final long CHUNK = 64 * 1024;
    private static final int PART = 8 * 1024;

    private record Piece(int chunk, long offset, long length, long at) {}

    private static List<Piece> split(long offset, long length) {
        List<Piece> out = new ArrayList<>();
        int n = RequestSplitter.split(offset, length, CHUNK, PART, (c, o, l, at) -> out.add(new Piece(c, o, l, at)));
        assertThat(out).hasSize(n);
        return out;
    }

    @Test
    void shouldKeepASmallRequestWhole() {
        assertThat(split(512, 512)).containsExactly(new Piece(0, 512, 512, 0));
    }

    @Test
    void shouldCutAtTheChunkBoundary() {
        assertThat(split(CHUNK - 512, 1024))
                .containsExactly(new Piece(0, CHUNK - 512, 512, 0), new Piece(1, 0, 512, 512));
    }

    @Test
    void shouldCutAtBlockBoundariesWhenUnaligned() {
        assertThat(split(512, PART))
                .containsExactly(new Piece(0, 512, PART - 512, 0), new Piece(0, PART, 512, PART - 512));
    }

    @Test
    void shouldCoverEveryRequestWithoutSharedBlocks() {
        Random random = new Random(7);
        for (int i = 0; i < 2000; i++) {
            long offset = random.nextInt(600) * 512L;
            long length = (1 + random.nextInt(300)) * 512L;
            long done = 0;
            long lastBlock = -1;
            for (Piece p : split(offset, length)) {
                long at = p.chunk() * CHUNK + p.offset();
                assertThat(p.at()).isEqualTo(done);
                assertThat(at).isEqualTo(offset + done);
                assertThat(p.length()).isBetween(1L, (long) PART);
                assertThat(p.offset() + p.length()).isLessThanOrEqualTo(CHUNK);
                assertThat(at / 4096).isGreaterThan(lastBlock);
                lastBlock = (at + p.length() - 1) / 4096;
                done += p.length();
            }
            assertThat(done).isEqualTo(length);
        }
    }
}
