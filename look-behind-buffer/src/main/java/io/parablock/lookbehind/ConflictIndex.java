package io.parablock.lookbehind;

import java.util.Arrays;

/**
 * The extents of a bounded number of slots, searchable by overlap in O(log n + hits): a treap ordered by (first block,
 * slot) in which every node knows the greatest end block of its subtree. Priorities are a hash of the slot, so that
 * equal histories build equal trees.
 *
 * <p>Single-threaded; allocates nothing after construction.
 */
public final class ConflictIndex {
    /** The absent node. Its subtree end is below every block, so searches need no special case for it. */
    private static final int NIL = 0;

    private static final long GOLDEN_RATIO = 0x9E37_79B9_7F4A_7C15L;

    private final int capacity;

    // One entry per node, 1..capacity. Invariant: the heap order of priorities and the search order of (first, slot).
    private final long[] slots;
    private final long[] firsts;
    private final long[] ends;
    private final long[] subtreeEnds;
    private final int[] priorities;
    private final int[] lefts;
    private final int[] rights;
    private final int[] parents;
    private int root;
    private int size;
    // Free nodes are chained through their left links.
    private int free;

    // Slot -> node: open addressing with linear probing, at most half full. Invariant: no gap between a slot's home
    // cell and the cell that it is in.
    private final int[] cells;
    private final int cellMask;
    private final int cellShift;

    public ConflictIndex(int capacity) {
        if (capacity < 1 || capacity > 1 << 28) {
            throw new IllegalArgumentException("capacity: " + capacity);
        }
        this.capacity = capacity;
        int nodes = capacity + 1;
        slots = new long[nodes];
        firsts = new long[nodes];
        ends = new long[nodes];
        subtreeEnds = new long[nodes];
        priorities = new int[nodes];
        lefts = new int[nodes];
        rights = new int[nodes];
        parents = new int[nodes];
        int cellCount = Integer.highestOneBit(capacity) << 2;
        cells = new int[cellCount];
        cellMask = cellCount - 1;
        cellShift = Long.numberOfLeadingZeros(cellMask);
        clear();
    }

    public void clear() {
        Arrays.fill(cells, NIL);
        for (int node = 1; node < capacity; node++) {
            lefts[node] = node + 1;
        }
        lefts[capacity] = NIL;
        free = 1;
        root = NIL;
        size = 0;
        subtreeEnds[NIL] = Long.MIN_VALUE;
    }

    public int size() {
        return size;
    }

    /**
     * Adds a slot's extent. An empty extent overlaps nothing and is not kept.
     *
     * @throws IllegalStateException if the slot has an extent here already, or the index is full
     */
    public void add(long slot, long offsetBytes, long lengthBytes) {
        Extent.check(offsetBytes, lengthBytes);
        if (lengthBytes == 0) {
            return;
        }
        int cell = cellOf(slot);
        if (cells[cell] != NIL) {
            throw new IllegalStateException("slot " + slot + " is in the index already");
        }
        if (free == NIL) {
            throw new IllegalStateException("full at " + capacity + " extents");
        }
        int node = free;
        free = lefts[node];
        cells[cell] = node;
        slots[node] = slot;
        firsts[node] = Extent.firstBlock(offsetBytes);
        ends[node] = Extent.endBlock(offsetBytes, lengthBytes);
        subtreeEnds[node] = ends[node];
        priorities[node] = priority(slot);
        lefts[node] = NIL;
        rights[node] = NIL;
        attach(node);
        size++;
    }

    /** Removes a slot's extent; false if it has none here. */
    public boolean remove(long slot) {
        int cell = cellOf(slot);
        int node = cells[cell];
        if (node == NIL) {
            return false;
        }
        closeGap(cell);
        detach(node);
        lefts[node] = free;
        free = node;
        size--;
        return true;
    }

    /** Whether any extent here overlaps this one. */
    public boolean overlapsAny(long offsetBytes, long lengthBytes) {
        if (lengthBytes == 0) {
            return false;
        }
        long first = Extent.firstBlock(offsetBytes);
        long end = Extent.endBlock(offsetBytes, lengthBytes);
        int node = root;
        while (subtreeEnds[node] > first) {
            if (firsts[node] < end && ends[node] > first) {
                return true;
            }
            // If the left side reaches past `first` and yet has no overlap, then it has an extent that begins at or
            // after `end`, and so does everything to its right.
            int left = lefts[node];
            node = subtreeEnds[left] > first ? left : rights[node];
        }
        return false;
    }

    /** Visits every slot whose extent overlaps this one, by first block. The consumer must not change this index. */
    public void forEachOverlap(long offsetBytes, long lengthBytes, SlotConsumer consumer) {
        if (lengthBytes != 0) {
            visit(root, Extent.firstBlock(offsetBytes), Extent.endBlock(offsetBytes, lengthBytes), consumer);
        }
    }

    private void visit(int subtree, long first, long end, SlotConsumer consumer) {
        int node = subtree;
        while (subtreeEnds[node] > first) {
            int left = lefts[node];
            if (subtreeEnds[left] > first) {
                visit(left, first, end, consumer);
            }
            if (firsts[node] >= end) {
                return;
            }
            if (ends[node] > first) {
                consumer.accept(slots[node]);
            }
            node = rights[node];
        }
    }

    private void attach(int node) {
        int parent = NIL;
        boolean toLeft = false;
        for (int at = root; at != NIL; at = toLeft ? lefts[at] : rights[at]) {
            subtreeEnds[at] = Math.max(subtreeEnds[at], ends[node]);
            parent = at;
            toLeft = precedes(node, at);
        }
        parents[node] = parent;
        if (parent == NIL) {
            root = node;
        } else if (toLeft) {
            lefts[parent] = node;
        } else {
            rights[parent] = node;
        }
        while (parents[node] != NIL && priorities[node] > priorities[parents[node]]) {
            rotateUp(node);
        }
    }

    private void detach(int node) {
        while (lefts[node] != NIL && rights[node] != NIL) {
            rotateUp(priorities[lefts[node]] > priorities[rights[node]] ? lefts[node] : rights[node]);
        }
        int child = lefts[node] != NIL ? lefts[node] : rights[node];
        int parent = parents[node];
        replaceChild(parent, node, child);
        for (int at = parent; at != NIL; at = parents[at]) {
            long before = subtreeEnds[at];
            recomputeEnd(at);
            if (subtreeEnds[at] == before) {
                return;
            }
        }
    }

    /** Exchanges a node with its parent, keeping the search order and the subtree ends. */
    private void rotateUp(int node) {
        int parent = parents[node];
        replaceChild(parents[parent], parent, node);
        int moved;
        if (lefts[parent] == node) {
            moved = rights[node];
            lefts[parent] = moved;
            rights[node] = parent;
        } else {
            moved = lefts[node];
            rights[parent] = moved;
            lefts[node] = parent;
        }
        if (moved != NIL) {
            parents[moved] = parent;
        }
        parents[parent] = node;
        subtreeEnds[node] = subtreeEnds[parent];
        recomputeEnd(parent);
    }

    private void replaceChild(int parent, int from, int to) {
        if (parent == NIL) {
            root = to;
        } else if (lefts[parent] == from) {
            lefts[parent] = to;
        } else {
            rights[parent] = to;
        }
        if (to != NIL) {
            parents[to] = parent;
        }
    }

    private void recomputeEnd(int node) {
        subtreeEnds[node] = Math.max(ends[node], Math.max(subtreeEnds[lefts[node]], subtreeEnds[rights[node]]));
    }

    private boolean precedes(int a, int b) {
        return firsts[a] != firsts[b] ? firsts[a] < firsts[b] : slots[a] < slots[b];
    }

    private static int priority(long slot) {
        long mixed = slot * GOLDEN_RATIO;
        return (int) (((mixed ^ (mixed >>> 32)) * GOLDEN_RATIO) >>> 32);
    }

    /** The cell that holds this slot, or the empty cell where it would go. */
    private int cellOf(long slot) {
        int cell = home(slot);
        while (cells[cell] != NIL && slots[cells[cell]] != slot) {
            cell = (cell + 1) & cellMask;
        }
        return cell;
    }

    private int home(long slot) {
        return (int) ((slot * GOLDEN_RATIO) >>> cellShift);
    }

    /** Empties a cell and moves back those after it that would otherwise lie beyond a gap. */
    private void closeGap(int emptied) {
        int gap = emptied;
        for (int cell = (gap + 1) & cellMask; cells[cell] != NIL; cell = (cell + 1) & cellMask) {
            int distanceFromHome = (cell - home(slots[cells[cell]])) & cellMask;
            if (distanceFromHome >= ((cell - gap) & cellMask)) {
                cells[gap] = cells[cell];
                gap = cell;
            }
        }
        cells[gap] = NIL;
    }

    void checkInvariants() {
        check(checkSubtree(root, NIL) == size, "size");
        int used = 0;
        for (int cell = 0; cell <= cellMask; cell++) {
            if (cells[cell] != NIL) {
                used++;
                check(cellOf(slots[cells[cell]]) == cell, "a gap before cell " + cell);
            }
        }
        check(used == size, "cells in use");
    }

    private int checkSubtree(int node, int parent) {
        if (node == NIL) {
            return 0;
        }
        int left = lefts[node];
        int right = rights[node];
        check(parents[node] == parent, "parent link");
        check(parent == NIL || priorities[node] <= priorities[parent], "heap order");
        check(left == NIL || precedes(left, node), "search order on the left");
        check(right == NIL || precedes(node, right), "search order on the right");
        int below = checkSubtree(left, node) + checkSubtree(right, node);
        long greatest = Math.max(ends[node], Math.max(subtreeEnds[left], subtreeEnds[right]));
        check(subtreeEnds[node] == greatest, "subtree end");
        return below + 1;
    }

    private static void check(boolean holds, String invariant) {
        if (!holds) {
            throw new AssertionError(invariant);
        }
    }
}
