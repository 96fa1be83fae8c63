package io.parablock.simulator.disk;

import java.nio.file.FileStore;
import java.nio.file.FileSystem;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.nio.file.WatchService;
import java.nio.file.attribute.UserPrincipalLookupService;
import java.util.List;
import java.util.Set;

/** The java.nio face of a simulated disk. */
final class SimulatedFileSystem extends FileSystem {
    private final SimulatedDisk disk;
    private final SimulatedFileSystemProvider provider = new SimulatedFileSystemProvider();
    private boolean refusesDirect;

    SimulatedFileSystem(SimulatedDisk disk) {
        this.disk = disk;
    }

    SimulatedDisk disk() {
        return disk;
    }

    /** From now on no file is opened past the page cache. */
    void refuseDirect() {
        refusesDirect = true;
    }

    boolean refusesDirect() {
        return refusesDirect;
    }

    @Override
    public SimulatedFileSystemProvider provider() {
        return provider;
    }

    @Override
    public void close() {
        throw new UnsupportedOperationException("the disk outlives those who use it");
    }

    @Override
    public boolean isOpen() {
        return true;
    }

    @Override
    public boolean isReadOnly() {
        return false;
    }

    @Override
    public String getSeparator() {
        return "/";
    }

    @Override
    public Iterable<Path> getRootDirectories() {
        return List.of(getPath("/"));
    }

    @Override
    public Iterable<FileStore> getFileStores() {
        return List.of(new SimulatedFileStore(disk));
    }

    @Override
    public Set<String> supportedFileAttributeViews() {
        return Set.of("basic");
    }

    @Override
    public SimulatedPath getPath(String first, String... more) {
        return new SimulatedPath(this, more.length == 0 ? first : first + "/" + String.join("/", more));
    }

    @Override
    public PathMatcher getPathMatcher(String syntaxAndPattern) {
        throw new UnsupportedOperationException("nobody matches patterns here");
    }

    @Override
    public UserPrincipalLookupService getUserPrincipalLookupService() {
        throw new UnsupportedOperationException("files have no owners here");
    }

    @Override
    public WatchService newWatchService() {
        throw new UnsupportedOperationException("nobody watches folders here");
    }
}
