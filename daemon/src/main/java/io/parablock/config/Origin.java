package io.parablock.config;

import com.typesafe.config.ConfigOrigin;

/**
 * Where a value comes from.
 *
 * @param place {@code file:line}, the variable, or the property; empty for a default
 */
public record Origin(Kind kind, String place) {
    /** From the weakest to the strongest. */
    public enum Kind {
        DEFAULT,
        FILE,
        ENVIRONMENT,
        PROPERTY
    }

    private static final String ENVIRONMENT = "environment ";
    private static final String PROPERTY = "property ";

    static String ofVariable(String name) {
        return ENVIRONMENT + name;
    }

    static String ofProperty(String name) {
        return PROPERTY + name;
    }

    static Origin of(ConfigOrigin origin) {
        String description = origin.description();
        if (description.startsWith(ENVIRONMENT)) {
            return new Origin(Kind.ENVIRONMENT, firstWord(description.substring(ENVIRONMENT.length())));
        }
        if (description.startsWith(PROPERTY)) {
            return new Origin(Kind.PROPERTY, firstWord(description.substring(PROPERTY.length())));
        }
        String file = origin.filename();
        if (file == null) {
            return new Origin(Kind.DEFAULT, "");
        }
        return new Origin(Kind.FILE, origin.lineNumber() > 0 ? file + ":" + origin.lineNumber() : file);
    }

    /** A line number may follow: an override is one line. */
    private static String firstWord(String text) {
        int end = text.indexOf(':');
        return end < 0 ? text : text.substring(0, end);
    }

    /** As an error message begins; empty for a default. */
    String prefix() {
        return switch (kind) {
            case DEFAULT -> "";
            case FILE -> place;
            case ENVIRONMENT -> ENVIRONMENT + place;
            case PROPERTY -> PROPERTY + place;
        };
    }
}
