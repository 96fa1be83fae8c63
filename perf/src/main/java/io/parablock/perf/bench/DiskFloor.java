package io.parablock.perf.bench;

import com.fasterxml.jackson.databind.JsonNode;
import io.parablock.perf.FioProgram;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * What the disk allows: fio with a writer for each node, all at once on the one disk that they share, each writing 8 KiB (a
 * block of 4 KiB and its header) with O_DIRECT and O_DSYNC, one at a time, into a file of zeros.
 */
final class DiskFloor {
    private static final int WRITERS = 3;
    private static final String WRITE_BYTES = "8k";
    private static final String FILE_BYTES = "64m";

    private final Path directory;

    /** @throws IOException if there is no fio, or it cannot write there */
    DiskFloor(Path directory) throws IOException {
        this.directory = directory;
        List<JsonNode> unused = fio("--bs=1m", "--end_fsync=1");
    }

    /** The p50 of each writer, in microseconds. */
    List<Double> writersP50Us(double seconds) throws IOException {
        List<Double> writers = new ArrayList<>();
        for (JsonNode job : fio(
                "--bs=" + WRITE_BYTES,
                "--sync=dsync",
                "--overwrite=1",
                "--lat_percentiles=1",
                "--time_based",
                "--ramp_time=" + Math.max(1, Math.round(seconds * 250)) + "ms",
                "--runtime=" + Math.max(1, Math.round(seconds * 1000)) + "ms")) {
            writers.add(job.path("write")
                            .path("lat_ns")
                            .path("percentile")
                            .path("50.000000")
                            .asDouble()
                    / 1e3);
        }
        return writers;
    }

    private List<JsonNode> fio(String... more) throws IOException {
        List<String> arguments = new ArrayList<>(List.of(
                "--name=floor",
                "--directory=" + directory,
                "--numjobs=" + WRITERS,
                "--size=" + FILE_BYTES,
                "--rw=write",
                "--ioengine=psync",
                "--iodepth=1",
                "--direct=1",
                "--zero_buffers"));
        arguments.addAll(List.of(more));
        return FioProgram.jobs("in " + directory, arguments);
    }
}
