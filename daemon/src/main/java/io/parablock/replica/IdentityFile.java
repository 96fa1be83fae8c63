package io.parablock.replica;

import io.parablock.raft.membership.Seat;
import io.parablock.wal.AtomicFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.LongSupplier;

/** The file {@code identity} of a data directory: written before anything else there. Thread-safe. */
public final class IdentityFile {
    public static final String NAME = "identity";

    private final AtomicFile file;
    private NodeIdentity identity;
    private long sequence;

    private IdentityFile(AtomicFile file, NodeIdentity identity, long sequence) {
        this.file = file;
        this.identity = identity;
        this.sequence = sequence;
    }

    /**
     * Reads the file, or writes it if the directory is new.
     *
     * @param voters of this node's configuration
     * @param kept names in the directory that only a node that ran here can have left
     * @param incarnations a random source
     * @throws Identity.WrongIdentityException with one line for the operator if the directory is not this node's, or nobody
     *     can tell; nothing is changed then
     */
    public static IdentityFile open(
            Path directory,
            long clusterId,
            int nodeId,
            List<Integer> voters,
            List<String> kept,
            LongSupplier incarnations)
            throws IOException {
        // What a killed process had renamed is acted upon from here on.
        AtomicFile.createDirectories(directory);
        Path path = directory.resolve(NAME);
        AtomicFile file = new AtomicFile(path, IdentityDescriptor.MAGIC);
        if (!file.exists()) {
            for (String name : kept) {
                if (Files.exists(directory.resolve(name))) {
                    throw new Identity.WrongIdentityException("the data directory " + directory + " has " + name
                            + " but no file " + NAME + ": nobody can tell whose it is; restore all of it");
                }
            }
            IdentityFile created = new IdentityFile(
                    file, new NodeIdentity(clusterId, nodeId, drawn(incarnations), 0, new TreeMap<>()), 0);
            created.write(created.identity);
            return created;
        }
        AtomicFile.Content content = file.read();
        NodeIdentity found = content == null ? null : IdentityDescriptor.decode(content.bytes());
        if (content == null || found == null) {
            throw new Identity.WrongIdentityException(
                    path + " is unreadable: nobody can tell whose data directory this is; restore that file");
        }
        new Identity(clusterId, 0, nodeId, found.incarnation()).check(found.ofGroup(0));
        List<Integer> members = List.copyOf(found.members().keySet());
        if (!members.isEmpty() && !members.equals(voters.stream().sorted().toList())) {
            throw new Identity.WrongIdentityException("peers are " + voters + ", but the cluster was formed by "
                    + members + "; nodes cannot be added or removed yet");
        }
        return new IdentityFile(file, found, content.sequence());
    }

    private static long drawn(LongSupplier incarnations) {
        long out = 0;
        while (out == 0) {
            out = incarnations.getAsLong();
        }
        return out;
    }

    public synchronized NodeIdentity identity() {
        return identity;
    }

    /** The cluster has formed; durable when this returns. */
    public synchronized void formed(SortedMap<Integer, Long> members) throws IOException {
        formed(members, new TreeMap<>());
    }

    /** The cluster has formed, or this node joins it, with these seats changed since; durable when this returns. */
    public synchronized void formed(SortedMap<Integer, Long> members, SortedMap<Integer, Seat> changed)
            throws IOException {
        write(identity.withMembers(members, changed));
    }

    /** Seats have another disk, or none, in every group's checkpoint; durable when this returns. */
    public synchronized void changed(SortedMap<Integer, Seat> seats) throws IOException {
        if (!seats.equals(identity.changed())) {
            write(identity.withMembers(identity.members(), seats));
        }
    }

    /** Groups 1 to {@code groups} have their META; durable when this returns. */
    public synchronized void begun(int groups) throws IOException {
        if (groups > identity.groups()) {
            write(identity.withGroups(groups));
        }
    }

    private void write(NodeIdentity next) throws IOException {
        file.write(sequence + 1, IdentityDescriptor.encode(next));
        sequence++;
        identity = next;
    }
}
