package io.parablock.simulator;

/** When a disk does what it was given to do beside its owner's work, and when the owner hears of it. */
public interface DiskTime {
    /** Each write is done, and told, before the call that asks for it returns. */
    DiskTime AT_ONCE = new DiskTime() {
        @Override
        public void later(Runnable write) {
            write.run();
        }

        @Override
        public void tell(Runnable completion) {
            completion.run();
        }
    };

    /** The disk takes its time, and then writes; never if the process has died by then. */
    void later(Runnable write);

    /** On the thread that writes the log. */
    void tell(Runnable completion);
}
