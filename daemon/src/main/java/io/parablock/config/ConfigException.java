package io.parablock.config;

/** A wrong key or value; the message is one line for the operator and names the key. */
public final class ConfigException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public ConfigException(String line) {
        super(line.lines().findFirst().orElse(""));
    }
}
