/** The single-writer shell that runs the core. */
@NullMarked
package io.parablock.replica;

import org.jspecify.annotations.NullMarked;
