package io.parablock.simulator.disk;

import java.io.IOException;
import java.net.URI;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.AccessMode;
import java.nio.file.CopyOption;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileStore;
import java.nio.file.FileSystem;
import java.nio.file.FileSystemException;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileAttributeView;
import java.nio.file.attribute.FileTime;
import java.nio.file.spi.FileSystemProvider;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Opens, lists, renames and deletes files of simulated disks for java.nio.file.Files and FileChannel.open. */
final class SimulatedFileSystemProvider extends FileSystemProvider {
    private static SimulatedDisk disk(Path path) {
        return ((SimulatedPath) path).getFileSystem().disk();
    }

    private static String onDisk(Path path) {
        return ((SimulatedPath) path).onDisk();
    }

    private static Inode inode(Path path) throws NoSuchFileException {
        Inode found = disk(path).find(onDisk(path));
        if (found == null) {
            throw new NoSuchFileException(path.toString());
        }
        return found;
    }

    @Override
    public String getScheme() {
        return "simulated";
    }

    @Override
    public FileSystem newFileSystem(URI uri, Map<String, ?> env) {
        throw new UnsupportedOperationException();
    }

    @Override
    public FileSystem getFileSystem(URI uri) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Path getPath(URI uri) {
        throw new UnsupportedOperationException();
    }

    @Override
    public FileChannel newFileChannel(Path path, Set<? extends OpenOption> options, FileAttribute<?>... attributes)
            throws IOException {
        SimulatedDisk disk = disk(path);
        String name = onDisk(path);
        boolean direct = options.stream().anyMatch(option -> option.toString().equals("DIRECT"));
        if (direct && ((SimulatedPath) path).getFileSystem().refusesDirect()) {
            throw new FileSystemException(name, null, "injected: Invalid argument");
        }
        Inode found = disk.find(name);
        boolean writes = options.contains(StandardOpenOption.WRITE) || options.contains(StandardOpenOption.APPEND);
        if (found instanceof SimulatedDirectory) {
            if (writes) {
                throw new IOException(path + " is a directory");
            }
            return new SimulatedFileChannel(
                    disk,
                    name,
                    new SimulatedFile(disk.sectorBytes(), (f, s, before, after) -> {}),
                    true,
                    false,
                    false,
                    false);
        }
        SimulatedFile file = (SimulatedFile) found;
        if (file != null && options.contains(StandardOpenOption.CREATE_NEW)) {
            throw new FileAlreadyExistsException(name);
        }
        if (file == null) {
            if (!options.contains(StandardOpenOption.CREATE) && !options.contains(StandardOpenOption.CREATE_NEW)) {
                throw new NoSuchFileException(name);
            }
            file = disk.create(name);
        } else if (writes && options.contains(StandardOpenOption.TRUNCATE_EXISTING)) {
            disk.truncate(name, file, 0);
        }
        return new SimulatedFileChannel(
                disk,
                name,
                file,
                false,
                options.contains(StandardOpenOption.APPEND),
                options.contains(StandardOpenOption.DSYNC),
                direct);
    }

    @Override
    public SeekableByteChannel newByteChannel(
            Path path, Set<? extends OpenOption> options, FileAttribute<?>... attributes) throws IOException {
        return newFileChannel(path, options, attributes);
    }

    @Override
    public DirectoryStream<Path> newDirectoryStream(Path path, DirectoryStream.Filter<? super Path> filter)
            throws IOException {
        List<Path> found = new ArrayList<>();
        for (String name : disk(path).directory(onDisk(path)).list()) {
            Path each = path.resolve(name);
            if (filter.accept(each)) {
                found.add(each);
            }
        }
        return new DirectoryStream<>() {
            @Override
            public Iterator<Path> iterator() {
                return found.iterator();
            }

            @Override
            public void close() {}
        };
    }

    @Override
    public void createDirectory(Path path, FileAttribute<?>... attributes) throws IOException {
        disk(path).createDirectory(onDisk(path));
    }

    @Override
    public void delete(Path path) throws IOException {
        if (inode(path) instanceof SimulatedDirectory directory
                && !directory.list().isEmpty()) {
            throw new DirectoryNotEmptyException(path.toString());
        }
        disk(path).delete(onDisk(path));
    }

    @Override
    public void copy(Path source, Path target, CopyOption... options) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void move(Path source, Path target, CopyOption... options) throws IOException {
        boolean replaces = List.of(options).contains(StandardCopyOption.REPLACE_EXISTING)
                || List.of(options).contains(StandardCopyOption.ATOMIC_MOVE);
        if (!replaces && disk(target).find(onDisk(target)) != null) {
            throw new FileAlreadyExistsException(target.toString());
        }
        disk(source).rename(onDisk(source), onDisk(target));
    }

    @Override
    public boolean isSameFile(Path path, Path other) {
        return path.toAbsolutePath().equals(other.toAbsolutePath());
    }

    @Override
    public boolean isHidden(Path path) {
        return false;
    }

    @Override
    public FileStore getFileStore(Path path) {
        return new SimulatedFileStore(disk(path));
    }

    @Override
    public void checkAccess(Path path, AccessMode... modes) throws IOException {
        inode(path);
    }

    @Override
    public <V extends FileAttributeView> @Nullable V getFileAttributeView(
            Path path, Class<V> type, LinkOption... options) {
        return null;
    }

    @Override
    public <A extends BasicFileAttributes> A readAttributes(Path path, Class<A> type, LinkOption... options)
            throws IOException {
        return type.cast(new Attributes(inode(path)));
    }

    @Override
    public Map<String, Object> readAttributes(Path path, String attributes, LinkOption... options) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void setAttribute(Path path, String attribute, Object value, LinkOption... options) {
        throw new UnsupportedOperationException();
    }

    private record Attributes(Inode inode) implements BasicFileAttributes {
        @Override
        public FileTime lastModifiedTime() {
            return FileTime.fromMillis(0);
        }

        @Override
        public FileTime lastAccessTime() {
            return FileTime.fromMillis(0);
        }

        @Override
        public FileTime creationTime() {
            return FileTime.fromMillis(0);
        }

        @Override
        public boolean isRegularFile() {
            return inode instanceof SimulatedFile;
        }

        @Override
        public boolean isDirectory() {
            return inode instanceof SimulatedDirectory;
        }

        @Override
        public boolean isSymbolicLink() {
            return false;
        }

        @Override
        public boolean isOther() {
            return false;
        }

        @Override
        public long size() {
            return inode instanceof SimulatedFile file ? file.sizeBytes() : 0;
        }

        @Override
        public Object fileKey() {
            return inode;
        }
    }
}
