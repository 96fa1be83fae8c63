package io.parablock.config;

import java.util.Set;

/**
 * A key of the configuration. What it means and what it is if nobody says so are in {@code parablock-reference.conf}.
 *
 * @param name {@code wal.segment_bytes}; {@code peers[].id} for a key of the objects in a list
 * @param unit of a value without one: bytes, milliseconds, or what a number counts; empty for words and texts
 * @param required nothing works without it, so that it has no default
 * @param reloadable a change in the file takes effect at a reload; otherwise after a restart
 * @param ofGateways a gateway without a replica has it too, with the same meaning
 * @param given of a key of a list's objects, which the reference file cannot have: its meaning
 * @param otherwise of such a key: its default; empty if it has none
 * @param example a value other than the default, as the file would say it; empty for the default
 */
public record Key(
        String name,
        KeyType type,
        String unit,
        KeyRange range,
        boolean required,
        boolean reloadable,
        boolean ofGateways,
        String given,
        String otherwise,
        String example) {
    private static final String OF_OBJECTS = "[].";
    /** What the last word of a secret's name is. */
    private static final Set<String> SECRETS = Set.of("password", "passphrase", "secret", "token", "psk", "credential");

    private Key(String name, KeyType type, String unit, KeyRange range) {
        this(name, type, unit, range, false, false, false, "", "", "");
    }

    static Key text(String name) {
        return new Key(name, KeyType.TEXT, "", KeyRange.ANY);
    }

    /** @param unit what it counts */
    static Key number(String name, String unit, long min, long max) {
        return new Key(name, KeyType.NUMBER, unit, KeyRange.of(min, max));
    }

    /** In bytes. */
    static Key size(String name, long min, long max) {
        return new Key(name, KeyType.SIZE, "bytes", KeyRange.of(min, max));
    }

    /** In bytes a second. */
    static Key rate(String name, long min, long max) {
        return new Key(name, KeyType.SIZE, "bytes/s", KeyRange.of(min, max));
    }

    static Key time(String name, long minMs, long maxMs) {
        return new Key(name, KeyType.TIME, "ms", KeyRange.of(minMs, maxMs));
    }

    static Key word(String name, Class<? extends Enum<?>> words) {
        return new Key(name, KeyType.WORD, "", KeyRange.words(words));
    }

    /** Without bounds or unit. */
    static Key of(String name, KeyType type) {
        return new Key(name, type, "", KeyRange.ANY);
    }

    Key ofGatewaysToo() {
        return new Key(name, type, unit, range, required, reloadable, true, given, otherwise, example);
    }

    Key reloads() {
        return new Key(name, type, unit, range, required, true, ofGateways, given, otherwise, example);
    }

    /** @param value an example, since there is no default */
    Key isRequired(String value) {
        return new Key(name, type, unit, range, true, reloadable, ofGateways, given, otherwise, value);
    }

    Key example(String value) {
        return new Key(name, type, unit, range, required, reloadable, ofGateways, given, otherwise, value);
    }

    /** Of a key of a list's objects. */
    Key means(String meaning) {
        return new Key(name, type, unit, range, required, reloadable, ofGateways, meaning, otherwise, example);
    }

    /** Of a key of a list's objects that may be left out. */
    Key orElse(String value) {
        return new Key(name, type, unit, range, required, reloadable, ofGateways, given, value, example);
    }

    private Key in(KeyRange other) {
        return new Key(name, type, unit, other, required, reloadable, ofGateways, given, otherwise, example);
    }

    Key multipleOf(long bytes) {
        return in(range.inMultiplesOf(bytes));
    }

    Key powerOfTwo() {
        return in(range.inPowersOfTwo());
    }

    Key orZero() {
        return in(range.orZeroToo());
    }

    Key orAuto() {
        return in(range.orAutoToo());
    }

    /** Whether its value must not be shown to anybody: by what it is called, so that no new key is forgotten. */
    public boolean isSecret() {
        String last = name.substring(name.lastIndexOf('.') + 1);
        return SECRETS.contains(last.substring(last.lastIndexOf('_') + 1));
    }

    /** Whether it is a key of the objects in a list. */
    public boolean isOfObjects() {
        return name.contains(OF_OBJECTS);
    }

    /** The list's key, of a key of its objects. */
    String list() {
        return name.substring(0, name.indexOf(OF_OBJECTS));
    }

    /** The name within an object, of a key of a list's objects. */
    String member() {
        return name.substring(name.indexOf(OF_OBJECTS) + OF_OBJECTS.length());
    }

    /** What it is for, in a sentence or a few. */
    public String meaning() {
        return isOfObjects() ? given : ReferenceFile.meaning(name);
    }

    /** As the file would say it; empty if there is none. */
    public String defaultText() {
        return required ? "" : isOfObjects() ? otherwise : ReferenceFile.valueText(name);
    }

    /** What may be written, in words. */
    public String rangeText() {
        return switch (type) {
            case FLAG -> "true, false";
            case ADDRESS -> "host:port";
            case ADDRESSES -> "host:port or unix:path, one or several";
            case OBJECTS -> "a list of objects";
            case WORDS -> "all, or one or several";
            case PROBABILITY -> "0..1";
            case TEXT -> required ? "not empty" : "any";
            default -> range.text(type);
        };
    }

    /** A line of a file. */
    public String exampleLine() {
        String value = example.isEmpty() ? defaultText() : example;
        if (isOfObjects()) {
            return list() + " = [ { " + member() + " = " + value + ", ... } ]";
        }
        return name + " = " + value;
    }
}
