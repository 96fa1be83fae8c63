package io.parablock.main;

import io.parablock.wal.AtomicFile;
import io.parablock.wal.direct.DirectConfig;
import io.parablock.wal.direct.DiskMeasurement;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** {@code wal.writes_in_flight=auto}: measured once for a data directory, and kept in it for people to read and change. */
final class DiskChoice {
    static final String FILE_NAME = "disk.properties";
    static final String KEY = "writes_in_flight";

    private static final Logger LOG = LoggerFactory.getLogger(DiskChoice.class);

    private DiskChoice() {}

    /** 1, plain group commit, if it can neither be read nor measured. */
    static int writesInFlight(Path dataDir) {
        Path file = dataDir.resolve(FILE_NAME);
        Integer kept = read(file);
        if (kept != null) {
            return kept;
        }
        try {
            AtomicFile.createDirectories(dataDir);
            DiskMeasurement measured = DiskMeasurement.of(dataDir);
            LOG.info("the disk of {}: {}; chosen: {}", dataDir, measured, measured.writesInFlight());
            write(file, measured);
            return measured.writesInFlight();
        } catch (IOException e) {
            LOG.warn("cannot measure the disk of {} ({}): one write at a time", dataDir, e.getMessage());
            return 1;
        }
    }

    private static @Nullable Integer read(Path file) {
        if (!Files.exists(file)) {
            return null;
        }
        Properties properties = new Properties();
        try (InputStream in = Files.newInputStream(file)) {
            properties.load(in);
            int value = Integer.parseInt(properties.getProperty(KEY, "").trim());
            if (value >= 1 && value <= DirectConfig.WRITES_IN_FLIGHT_LIMIT) {
                return value;
            }
            LOG.warn(
                    "{}: {} must be in 1..{}, not {}: measured again",
                    file,
                    KEY,
                    DirectConfig.WRITES_IN_FLIGHT_LIMIT,
                    value);
        } catch (IOException | IllegalArgumentException e) {
            LOG.warn("{} cannot be read ({}): measured again", file, e.getMessage());
        }
        return null;
    }

    private static void write(Path file, DiskMeasurement measured) throws IOException {
        Properties properties = new Properties();
        properties.setProperty(KEY, Integer.toString(measured.writesInFlight()));
        try (OutputStream out = Files.newOutputStream(file)) {
            properties.store(out, measured.toString());
        }
    }
}
