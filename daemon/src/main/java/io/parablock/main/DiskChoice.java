package io.parablock.main;

import io.parablock.wal.AtomicFile;
import io.parablock.wal.direct.DirectConfig;
import io.parablock.wal.direct.DiskMeasurement;
import io.parablock.wal.segment.SegmentLayout;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code wal.writes_in_flight=auto} and {@code wal.write_bytes=auto}: measured once for a data directory, and kept in it
 * for people to read and change.
 */
final class DiskChoice {
    static final String FILE_NAME = "disk.properties";
    static final String WRITES_IN_FLIGHT = "writes_in_flight";
    static final String WRITE_BYTES = "write_bytes";

    private static final Logger LOG = LoggerFactory.getLogger(DiskChoice.class);

    private DiskChoice() {}

    /** 1, plain group commit, if it can neither be read nor measured. */
    static int writesInFlight(Path dataDir) {
        return kept(dataDir, WRITES_IN_FLIGHT, 1, DirectConfig.WRITES_IN_FLIGHT_LIMIT, 1);
    }

    /** In bytes; {@link DirectConfig#WRITE_BYTES_MAX_DEFAULT} if it can neither be read nor measured. */
    static int writeBytes(Path dataDir) {
        return kept(
                dataDir,
                WRITE_BYTES,
                SegmentLayout.WRITE_ALIGNMENT,
                DirectConfig.WRITE_BYTES_LIMIT,
                DirectConfig.WRITE_BYTES_MAX_DEFAULT);
    }

    private static int kept(Path dataDir, String key, int multipleOf, int max, int otherwise) {
        Path file = dataDir.resolve(FILE_NAME);
        Properties properties = read(file);
        Integer value = value(file, properties, key, multipleOf, max);
        if (value != null) {
            return value;
        }
        try {
            AtomicFile.createDirectories(dataDir);
            DiskMeasurement measured = DiskMeasurement.of(dataDir);
            LOG.info(
                    "the disk of {}: {}; chosen: {} at once, {} KiB",
                    dataDir,
                    measured,
                    measured.writesInFlight(),
                    measured.writeBytes() >> 10);
            properties.remove(key);
            properties.putIfAbsent(WRITES_IN_FLIGHT, Integer.toString(measured.writesInFlight()));
            properties.putIfAbsent(WRITE_BYTES, Integer.toString(measured.writeBytes()));
            try (OutputStream out = Files.newOutputStream(file)) {
                properties.store(out, measured.toString());
            }
            return key.equals(WRITES_IN_FLIGHT) ? measured.writesInFlight() : measured.writeBytes();
        } catch (IOException e) {
            LOG.warn("cannot measure the disk of {} ({}): {}={}", dataDir, e.getMessage(), key, otherwise);
            return otherwise;
        }
    }

    private static Properties read(Path file) {
        Properties properties = new Properties();
        if (!Files.exists(file)) {
            return properties;
        }
        try (InputStream in = Files.newInputStream(file)) {
            properties.load(in);
        } catch (IOException | IllegalArgumentException e) {
            LOG.warn("{} cannot be read ({}): measured again", file, e.getMessage());
            properties.clear();
        }
        return properties;
    }

    private static @Nullable Integer value(Path file, Properties properties, String key, int multipleOf, int max) {
        String text = properties.getProperty(key);
        if (text == null) {
            return null;
        }
        try {
            int value = Integer.parseInt(text.trim());
            if (value >= multipleOf && value <= max && value % multipleOf == 0) {
                return value;
            }
        } catch (NumberFormatException e) {
            LOG.debug("{}", key, e);
        }
        LOG.warn(
                "{}: {} must be in {}..{} in steps of the first, not {}: measured again",
                file,
                key,
                multipleOf,
                max,
                text);
        return null;
    }
}
