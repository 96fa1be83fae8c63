/** The {@code parablock} command. */
@NullMarked
package io.parablock.tools;

import org.jspecify.annotations.NullMarked;
