package io.parablock.blockdev.nbd.conformance;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** One check: a static method that takes a {@link Probe} and throws when the server breaks the document. */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.METHOD)
@interface Check {
    /** The heading of proto.md, or the name of the option, request or value below it, that the check comes from. */
    String value();
}
