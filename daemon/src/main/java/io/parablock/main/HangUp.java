package io.parablock.main;

import org.jline.utils.Signals;

/** SIGHUP, which asks a daemon to read its configuration again. */
final class HangUp {
    private HangUp() {}

    /** Instead of what the JVM does, which is to end. {@code action} runs on a thread of its own each time. */
    static void onSignal(Runnable action) {
        Object unused = Signals.register("HUP", action);
    }
}
