package io.parablock.blockdev.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ReadRunsTest {
    private static final int BLOCK = Nbd.BLOCK_PREFERRED;

    private static List<String> runs(ByteBuf content, long offset, boolean whole) {
        List<String> out = new ArrayList<>();
        ReadRuns.split(
                content,
                offset,
                whole,
                (index, length, zeros, last) ->
                        out.add(index + "+" + length + (zeros ? " zeros" : "") + (last ? " last" : "")));
        return out;
    }

    @Test
    void shouldCutAtBlocksOfTheExport() {
        ByteBuf b = Unpooled.buffer().writeZero(3 * BLOCK);
        b.setByte(BLOCK - 512, 1);
        assertThat(runs(b, 0, false)).containsExactly("0+4096", "4096+8192 zeros last");
        // The same bytes half a kilobyte later: the one that is set begins the second block.
        assertThat(runs(b, 512, false)).containsExactly("0+3584 zeros", "3584+4096", "7680+4608 zeros last");
        assertThat(runs(b, 0, true)).containsExactly("0+12288 last");
        assertThat(runs(Unpooled.buffer().writeZero(BLOCK), 0, true)).containsExactly("0+4096 zeros last");
    }

    @Test
    void shouldBoundTheChunksAndLoseNothing() {
        Random random = new Random(1);
        ByteBuf b = Unpooled.buffer().writeZero(512 * BLOCK);
        for (int i = 0; i < 512; i += 2) {
            b.setByte(i * BLOCK + random.nextInt(BLOCK), 1);
        }
        int[] next = new int[2];
        ReadRuns.split(b, 0, false, (index, length, zeros, last) -> {
            assertThat(index).isEqualTo(next[0]);
            next[0] = index + length;
            next[1]++;
            boolean allZero = true;
            for (int i = index; i < index + length; i++) {
                allZero &= b.getByte(i) == 0;
            }
            assertThat(zeros && !allZero).isFalse();
            assertThat(last).isEqualTo(next[0] == b.readableBytes());
        });
        assertThat(next[0]).isEqualTo(b.readableBytes());
        assertThat(next[1]).isEqualTo(ReadRuns.CHUNKS_MAX);
    }
}
