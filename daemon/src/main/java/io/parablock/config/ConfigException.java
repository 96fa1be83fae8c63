package io.parablock.config;

/** A wrong key or value; the message is one line for the operator and names the key. */
public final class ConfigException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String place;
    private final String line;

    public ConfigException(String line) {
        this("", line);
    }

    /** @param place where the value was written: a file, {@code file:line}, or an override; empty if nobody wrote it */
    public ConfigException(String place, String line) {
        super(place.isEmpty() ? firstLine(line) : place + ": " + firstLine(line));
        this.place = place;
        this.line = firstLine(line);
    }

    private static String firstLine(String text) {
        return text.lines().findFirst().orElse("");
    }

    /** The message's beginning; empty if it has none. */
    public String place() {
        return place;
    }

    /** The message without the place. */
    public String line() {
        return line;
    }
}
