package io.parablock.simulator.disk;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The names in one directory, twice: as processes see them and as they are on the platter. Changes reach the platter in
 * their order, all at a force, any number of the first ones at a power loss. A rename is one change.
 */
final class SimulatedDirectory implements Inode {
    private record Change(
            String name, @Nullable Inode inode, @Nullable String oldName) {}

    private final TreeMap<String, Inode> names = new TreeMap<>();
    private final TreeMap<String, Inode> durableNames = new TreeMap<>();
    private final List<Change> unforced = new ArrayList<>();

    @Nullable
    Inode get(String name) {
        return names.get(name);
    }

    List<String> list() {
        return List.copyOf(names.keySet());
    }

    void put(String name, Inode inode) {
        change(new Change(name, inode, null));
    }

    void remove(String name) {
        change(new Change(name, null, null));
    }

    void rename(String oldName, String newName) {
        change(new Change(newName, names.get(oldName), oldName));
    }

    void force() {
        unforced.forEach(change -> apply(change, durableNames));
        unforced.clear();
    }

    /** Returns how many changes were undone, here and below. */
    int powerLoss(RandomGenerator random, Consumer<SimulatedFile> files) {
        int kept = random.nextInt(unforced.size() + 1);
        int undone = unforced.size() - kept;
        unforced.subList(0, kept).forEach(change -> apply(change, durableNames));
        unforced.clear();
        names.clear();
        names.putAll(durableNames);
        for (Inode inode : names.values()) {
            if (inode instanceof SimulatedDirectory below) {
                undone += below.powerLoss(random, files);
            } else if (inode instanceof SimulatedFile file) {
                files.accept(file);
            }
        }
        return undone;
    }

    /** Whether a power loss now could still bring the file up, or a process could still open it. */
    boolean reaches(SimulatedFile file) {
        return reaches(names, file) || reaches(durableNames, file);
    }

    void forEachFile(String path, java.util.function.BiConsumer<String, SimulatedFile> visitor) {
        names.forEach((name, inode) -> {
            if (inode instanceof SimulatedDirectory below) {
                below.forEachFile(path + "/" + name, visitor);
            } else if (inode instanceof SimulatedFile file) {
                visitor.accept(path + "/" + name, file);
            }
        });
    }

    private static boolean reaches(Map<String, Inode> names, SimulatedFile file) {
        for (Inode inode : names.values()) {
            if (inode == file || (inode instanceof SimulatedDirectory below && below.reaches(file))) {
                return true;
            }
        }
        return false;
    }

    private void change(Change change) {
        apply(change, names);
        unforced.add(change);
    }

    private static void apply(Change change, Map<String, Inode> to) {
        if (change.oldName != null) {
            to.remove(change.oldName);
        }
        if (change.inode == null) {
            to.remove(change.name);
        } else {
            to.put(change.name, change.inode);
        }
    }
}
