package io.parablock.wal.segment;

import io.parablock.wal.Wal;
import io.parablock.wal.chronicle.ChronicleWal;
import io.parablock.wal.direct.DirectConfig;
import io.parablock.wal.direct.DirectWal;

/** Both ways that records can lie in a file. */
enum Engine {
    CHRONICLE {
        @Override
        Wal open(WalConfig config) {
            return ChronicleWal.open(config, token -> {});
        }
    },
    DIRECT {
        @Override
        Wal open(WalConfig config) {
            return DirectWal.open(config, new DirectConfig(4, 16 << 10), token -> {});
        }
    };

    abstract Wal open(WalConfig config);
}
