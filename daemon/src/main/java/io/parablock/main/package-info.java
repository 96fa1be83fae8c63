/** The node process: puts everything together. */
@NullMarked
package io.parablock.main;

import org.jspecify.annotations.NullMarked;
