package io.parablock.perf.wal;

import com.fasterxml.jackson.databind.JsonNode;
import io.parablock.perf.FioProgram;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** What the disk can do: fio, O_DIRECT and O_DSYNC, io_uring, from the start of a file to its end and again. */
final class Fio {
    private static final String FILE_BYTES = "256m";

    private final Path file;

    /** @throws IOException if there is no fio, or it cannot write there */
    Fio(Path directory) throws IOException {
        file = directory.resolve("fio.bin");
        fio("--rw=write", "--bs=1m", "--iodepth=4", "--end_fsync=1");
    }

    LogTiming run(int depth, int blockBytes, double seconds) throws IOException {
        JsonNode write = fio(
                "--rw=write",
                "--bs=" + blockBytes,
                "--iodepth=" + depth,
                "--sync=dsync",
                "--overwrite=1",
                "--lat_percentiles=1",
                "--time_based",
                "--ramp_time=" + Math.max(1, Math.round(seconds * 250)) + "ms",
                "--runtime=" + Math.max(1, Math.round(seconds * 1000)) + "ms");
        // The whole time, the system call that submits included: as ours.
        JsonNode percentiles = write.path("lat_ns").path("percentile");
        return new LogTiming(
                percentiles.path("50.000000").asDouble() / 1e3,
                percentiles.path("99.000000").asDouble() / 1e3,
                percentiles.path("99.900000").asDouble() / 1e3,
                write.path("iops").asDouble());
    }

    private JsonNode fio(String... more) throws IOException {
        List<String> arguments = new ArrayList<>(List.of(
                "--name=log", "--filename=" + file, "--size=" + FILE_BYTES, "--ioengine=io_uring", "--direct=1"));
        arguments.addAll(List.of(more));
        return FioProgram.jobs("in " + file.getParent(), arguments).get(0).path("write");
    }
}
