package io.parablock.tools;

import java.io.PrintWriter;
import org.jline.utils.Signals;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Help.Ansi.Style;

/** What is different where somebody looks on. */
final class Terminal {
    /** To the top left, and everything below away: as watch(1) does. */
    private static final String HOME = "\033[H\033[J";

    private static final String CLEAR = "\033[2J";

    private Terminal() {}

    /** The launcher knows whether standard output is one; Java only since 22. */
    static boolean isThere() {
        return Boolean.getBoolean("launcher.terminal");
    }

    /** In this colour on a terminal that takes colours; NO_COLOR and TERM=dumb are respected. */
    static String paint(String text, Style style) {
        return isThere() && Ansi.AUTO.enabled() ? style.on() + text + Style.reset.on() : text;
    }

    /** What follows is at the top of the screen. */
    static void home(PrintWriter out, boolean first) {
        out.print(first ? CLEAR + HOME : HOME);
    }

    /** Ctrl-C is the way out of a command that goes on for ever, and no failure. */
    static void endOnInterrupt(PrintWriter out) {
        Object unused = Signals.register("INT", () -> {
            out.flush();
            Runtime.getRuntime().halt(0);
        });
    }
}
