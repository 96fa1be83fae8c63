package io.parablock.wal.direct;

import io.parablock.wal.segment.Segment;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

/** A disk that completes a write when the test says so, and can be photographed in the moment of a power loss. */
final class ManualIo implements SegmentIo {
    private static final int SECTOR_BYTES = 512;

    private record Pending(SegmentWrite write, Completion completion) {}

    private final ChannelIo channels;
    private final List<Pending> pending = new ArrayList<>();

    ManualIo(ChannelIo channels) {
        this.channels = channels;
    }

    @Override
    public String name() {
        return "manual";
    }

    @Override
    public void write(SegmentWrite write, Completion completion) {
        pending.add(new Pending(write, completion));
    }

    int inFlight() {
        return pending.size();
    }

    void complete(int index) {
        Pending done = pending.remove(index);
        try {
            channels.writeNow(done.write);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        done.completion.onWritten(done.write, null);
    }

    void completeAll() {
        while (!pending.isEmpty()) {
            complete(0);
        }
    }

    void fail(int index, IOException cause) {
        Pending failed = pending.remove(index);
        failed.completion.onWritten(failed.write, cause);
    }

    @Override
    public void writeNow(SegmentWrite write) throws IOException {
        channels.writeNow(write);
    }

    /** Copies the folder as a power loss leaves it: of each write in flight any of its sectors is there, or is not. */
    void photograph(Path folder, Path image, Random random) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.toList()) {
                Path copy = image.resolve(folder.relativize(file));
                if (Files.isDirectory(file)) {
                    Files.createDirectories(copy);
                } else {
                    Files.copy(file, copy);
                }
            }
        }
        for (Pending each : pending) {
            Path copy = image.resolve(folder.relativize(each.write.segment().path));
            int kept = random.nextInt(101); // per cent: often nearly all or nearly nothing
            try (FileChannel channel = FileChannel.open(copy, StandardOpenOption.WRITE)) {
                for (int at = 0; at < each.write.lengthBytes(); at += SECTOR_BYTES) {
                    if (random.nextInt(100) < kept) {
                        ByteBuffer sector =
                                each.write.bytes().limit(at + SECTOR_BYTES).position(at);
                        channel.write(sector, each.write.startBytes() + (long) at);
                    }
                }
            }
        }
    }

    @Override
    public void finish(Segment segment) {
        channels.finish(segment);
    }

    @Override
    public void close() {
        channels.close();
    }
}
