package io.parablock.simulator;

import io.parablock.pipeline.GroupLoop;
import java.util.concurrent.RejectedExecutionException;

/** A group's single writer: the inputs of a process, in order. */
final class SimulatedLoop implements GroupLoop {
    private final SimulatedNode node;
    private boolean closed;

    SimulatedLoop(SimulatedNode node) {
        this.node = node;
    }

    @Override
    public void execute(Runnable input) {
        if (closed) {
            throw new RejectedExecutionException("the group is closed");
        }
        node.enqueue(input);
    }

    @Override
    public boolean offer(Runnable input) {
        if (!closed) {
            node.enqueue(input);
        }
        return !closed;
    }

    @Override
    public boolean inLoop() {
        return true;
    }

    @Override
    public void start() {}

    @Override
    public void close() {
        closed = true;
    }
}
