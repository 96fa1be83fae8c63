package io.parablock.wal.chronicle;

import io.parablock.wal.Durability;
import io.parablock.wal.RecordDescriptor;
import io.parablock.wal.Wal;
import io.parablock.wal.WalContract;
import io.parablock.wal.WalListener;
import io.parablock.wal.segment.WalConfig;
import java.nio.file.Path;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.io.TempDir;

class ChronicleWalContractTest {
    abstract static class Contract extends WalContract {
        @TempDir
        Path directory;

        abstract Durability durability();

        @Override
        protected Wal open(WalListener listener) {
            return ChronicleWal.open(
                    WalConfig.of(directory, 42)
                            .withDurability(durability())
                            .withSegmentBytes(SEGMENT_BYTES)
                            .withRecordBytesMax((1 << 20) + RecordDescriptor.HEADER_LENGTH_MAX),
                    listener);
        }
    }

    @Nested
    class Fsync extends Contract {
        @Override
        Durability durability() {
            return Durability.FSYNC;
        }
    }

    @Nested
    class Mapped extends Contract {
        @Override
        Durability durability() {
            return Durability.MAPPED;
        }
    }
}
