package io.parablock.tools;

/** A command that cannot go on; its message is the one line the user sees. */
final class CommandFailure extends RuntimeException {
    static final int FAILED = 1;
    static final int WRONG_ARGUMENTS = 2;

    private static final long serialVersionUID = 1;

    final int exitCode;

    CommandFailure(String line) {
        this(line, FAILED);
    }

    CommandFailure(String line, int exitCode) {
        super(line);
        this.exitCode = exitCode;
    }

    static CommandFailure wrongArgument(String line) {
        return new CommandFailure(line, WRONG_ARGUMENTS);
    }
}
