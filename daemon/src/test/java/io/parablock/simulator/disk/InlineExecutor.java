package io.parablock.simulator.disk;

import java.util.List;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import java.util.concurrent.RunnableFuture;
import java.util.concurrent.TimeUnit;

/** Runs each task at once, in the thread that hands it in; a simulated crash in it unwinds that thread. */
final class InlineExecutor extends AbstractExecutorService {
    private boolean shutdown;

    private static final class Task<T> extends FutureTask<T> {
        private SimulatedCrash crash;

        Task(Callable<T> body) {
            super(body);
        }

        @Override
        protected void setException(Throwable thrown) {
            super.setException(thrown);
            if (thrown instanceof SimulatedCrash died) {
                crash = died;
            }
        }
    }

    @Override
    protected <T> RunnableFuture<T> newTaskFor(Callable<T> body) {
        return new Task<>(body);
    }

    @Override
    protected <T> RunnableFuture<T> newTaskFor(Runnable body, T value) {
        return new Task<>(() -> {
            body.run();
            return value;
        });
    }

    @Override
    public void execute(Runnable task) {
        task.run();
        if (task instanceof Task<?> done && done.crash != null) {
            throw done.crash;
        }
    }

    @Override
    public void shutdown() {
        shutdown = true;
    }

    @Override
    public List<Runnable> shutdownNow() {
        shutdown = true;
        return List.of();
    }

    @Override
    public boolean isShutdown() {
        return shutdown;
    }

    @Override
    public boolean isTerminated() {
        return shutdown;
    }

    @Override
    public boolean awaitTermination(long timeout, TimeUnit unit) {
        return true;
    }
}
