package io.parablock.wal;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Which segments hold records up to which slot of which group, and so which may go. Single-threaded. */
public final class SegmentIndex {
    private final TreeMap<Long, Map<Integer, Long>> highestSlots = new TreeMap<>();
    private final Map<Integer, Long> truncated = new HashMap<>();

    public void note(long segment, int groupId, long slot) {
        highestSlots.computeIfAbsent(segment, s -> new HashMap<>()).merge(groupId, slot, Math::max);
    }

    public void addSegment(long segment) {
        highestSlots.computeIfAbsent(segment, s -> new HashMap<>());
    }

    /** Takes a truncation and removes the segments that nothing needs any more, except {@code current}; returns them. */
    public List<Long> truncate(int groupId, long slot, long current) {
        truncated.merge(groupId, slot, Math::max);
        List<Long> gone = new ArrayList<>();
        highestSlots.entrySet().removeIf(e -> {
            boolean covered = e.getKey() != current
                    && e.getValue().entrySet().stream()
                            .allMatch(g -> g.getValue() <= truncated.getOrDefault(g.getKey(), 0L));
            if (covered) {
                gone.add(e.getKey());
            }
            return covered;
        });
        return gone;
    }

    public List<Long> segments() {
        return new ArrayList<>(highestSlots.keySet());
    }
}
