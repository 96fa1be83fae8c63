package io.parablock.config;

import java.util.Locale;

/** What a key's value is. */
public enum KeyType {
    TEXT,
    /** A whole number. */
    NUMBER,
    /** With a unit (KiB, MiB, GiB, TiB), or a bare number of bytes. */
    SIZE,
    /** With a unit (ms, s, min, h, d), or a bare number of milliseconds. */
    TIME,
    /** One of the words of its range. */
    WORD,
    /** all, or a list, or one text with commas. */
    WORDS,
    /** A fraction from 0 to 1. */
    PROBABILITY,
    /** true or false. */
    FLAG,
    /** host:port. */
    ADDRESS,
    /** One or several, each host:port or unix:path. */
    ADDRESSES,
    /** A list of objects, whose keys are in the catalogue as {@code name[].key}. */
    OBJECTS;

    /** As documentation and JSON say it. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
