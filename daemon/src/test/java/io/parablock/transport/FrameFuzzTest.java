package io.parablock.transport;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import io.netty.buffer.AbstractByteBufAllocator;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.buffer.UnpooledHeapByteBuf;
import io.parablock.raft.message.Message;
import io.parablock.replica.client.ClientMessage;
import java.util.ArrayList;
import java.util.List;

/**
 * Whatever bytes a peer sends as a frame: it becomes a message, whose own frame says the same again, or a
 * {@link CodecException}; memory is bounded by the frame's own length. Fuzzed with {@code JAZZER_FUZZ=1}; otherwise the
 * kept inputs are run.
 */
class FrameFuzzTest {
    /** Bodies behind a checksum that fits: without it nothing but the checksum would be tested. */
    @FuzzTest(maxDuration = "10m")
    void sealedFrame(FuzzedDataProvider fuzz) {
        FrameType[] types = FrameType.values();
        FrameType type = types[fuzz.consumeInt(0, types.length - 1)];
        byte[] payload = fuzz.consumeBytes(64);
        byte[] body = fuzz.consumeRemainingAsBytes();
        ByteBuf frame = Unpooled.buffer();
        int metaBytes = FrameDescriptor.BODY - FrameDescriptor.META + body.length;
        frame.writeIntLE(FrameDescriptor.META - FrameDescriptor.LENGTH_BYTES + metaBytes + payload.length)
                .writeIntLE(0)
                .writeIntLE(metaBytes)
                .writeByte(type.ordinal())
                .writeByte(0)
                .writeShortLE(0)
                .writeIntLE(1)
                .writeBytes(body)
                .writeBytes(payload);
        frame.setIntLE(
                FrameDescriptor.CRC, FrameWriter.crc(frame, FrameDescriptor.META_BYTES, metaBytes + Integer.BYTES));
        decode(frame);
    }

    @FuzzTest(maxDuration = "10m")
    void anyBytes(byte[] bytes) {
        decode(Unpooled.buffer().writeIntLE(bytes.length).writeBytes(bytes));
    }

    private static void decode(ByteBuf frame) {
        List<ByteBuf> payloads = new ArrayList<>();
        ByteBufAllocator recorder = new AbstractByteBufAllocator(false) {
            @Override
            public boolean isDirectBufferPooled() {
                return false;
            }

            @Override
            protected ByteBuf newHeapBuffer(int initialCapacity, int maxCapacity) {
                return new UnpooledHeapByteBuf(this, initialCapacity, maxCapacity);
            }

            @Override
            protected ByteBuf newDirectBuffer(int initialCapacity, int maxCapacity) {
                assertThat(initialCapacity).isLessThanOrEqualTo(frame.writerIndex());
                ByteBuf buf = newHeapBuffer(initialCapacity, maxCapacity);
                payloads.add(buf);
                return buf;
            }
        };
        try {
            FrameReader reader = new FrameReader(frame.slice().skipBytes(FrameDescriptor.LENGTH_BYTES), recorder);
            if (reader.type() == FrameType.HELLO) {
                HelloReader.ofPeer(reader);
            } else if (reader.type() == FrameType.GATEWAY_HELLO) {
                HelloReader.ofGateway(reader);
            } else if (reader.type() == FrameType.GATEWAY_OK) {
                GatewayCodec.offer(reader);
            } else if (reader.type() == FrameType.ALIVE) {
                reader.flag();
                reader.requireEnd();
            } else if (reader.type() == FrameType.REFUSED) {
                reader.refusal();
            } else if (reader.type().isClient()) {
                again(FrameWriter.client(UnpooledByteBufAllocator.DEFAULT, reader.groupId(), sound(reader)), frame);
                payloads.forEach(ByteBuf::release);
            } else {
                Message message = reader.message();
                again(FrameWriter.message(UnpooledByteBufAllocator.DEFAULT, reader.groupId(), message), frame);
                payloads.forEach(ByteBuf::release);
            }
        } catch (CodecException refused) {
            assertThat(String.valueOf(refused.getMessage()).length()).isLessThan(256);
        }
        assertThat(payloads).allSatisfy(buf -> assertThat(buf.refCnt()).isZero());
    }

    private static ClientMessage sound(FrameReader reader) {
        return reader.client();
    }

    /** What was understood is all there was. */
    private static void again(ByteBuf encoded, ByteBuf frame) {
        try {
            assertThat(encoded.readableBytes()).isEqualTo(frame.writerIndex());
        } finally {
            encoded.release();
        }
    }
}
