package io.parablock.simulator.disk;

import io.netty.buffer.AbstractByteBufAllocator;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledDirectByteBuf;
import io.netty.buffer.UnpooledHeapByteBuf;
import io.parablock.wal.segment.SegmentLayout;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;

/** Direct buffers as a disk wants them, used again once released; those that a killed process forgets are the collector's. */
final class AlignedMemory extends AbstractByteBufAllocator {
    private final Map<Integer, ArrayDeque<ByteBuffer>> free = new HashMap<>();

    AlignedMemory() {
        super(true);
    }

    private static final class Lent extends UnpooledDirectByteBuf {
        private final ByteBuffer memory;
        private final ArrayDeque<ByteBuffer> back;

        Lent(AlignedMemory from, ByteBuffer memory, ArrayDeque<ByteBuffer> back) {
            super(from, memory, memory.capacity());
            this.memory = memory;
            this.back = back;
        }

        @Override
        protected void deallocate() {
            super.deallocate();
            back.add(memory);
        }
    }

    @Override
    protected ByteBuf newDirectBuffer(int initialCapacity, int maxCapacity) {
        ArrayDeque<ByteBuffer> of = free.computeIfAbsent(initialCapacity, length -> new ArrayDeque<>());
        ByteBuffer memory = of.poll();
        if (memory == null) {
            memory = ByteBuffer.allocateDirect(initialCapacity + SegmentLayout.WRITE_ALIGNMENT)
                    .alignedSlice(SegmentLayout.WRITE_ALIGNMENT)
                    .slice(0, initialCapacity);
        }
        return new Lent(this, memory, of);
    }

    @Override
    protected ByteBuf newHeapBuffer(int initialCapacity, int maxCapacity) {
        return new UnpooledHeapByteBuf(this, initialCapacity, maxCapacity);
    }

    @Override
    public boolean isDirectBufferPooled() {
        return true;
    }
}
