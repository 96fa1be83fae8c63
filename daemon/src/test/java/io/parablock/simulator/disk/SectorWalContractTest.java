package io.parablock.simulator.disk;

import io.parablock.wal.Durability;
import io.parablock.wal.RecordDescriptor;
import io.parablock.wal.Wal;
import io.parablock.wal.WalContract;
import io.parablock.wal.WalListener;
import org.junit.jupiter.api.Nested;

/** The sector log keeps what every log promises. */
class SectorWalContractTest {
    abstract static class Contract extends WalContract {
        private final SectorNodeStorage storage = new SectorNodeStorage(
                1,
                7,
                new SectorNodeStorage.Config(
                                1,
                                42,
                                durability(),
                                512,
                                1L << 30,
                                1 << 20,
                                256 << 10,
                                (1 << 20) + RecordDescriptor.HEADER_LENGTH_MAX,
                                false,
                                DiskMutation.NONE)
                        .withEngines(engines()),
                new FaultAtlas(3));

        abstract Durability durability();

        LogEngines engines() {
            return LogEngines.QUEUE;
        }

        @Override
        protected Wal open(WalListener listener) {
            return storage.openWal(listener);
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
    class Direct extends Fsync {
        @Override
        LogEngines engines() {
            return LogEngines.direct(4, 16 << 10);
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
