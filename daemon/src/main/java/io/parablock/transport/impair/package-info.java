/** Links and lanes that are bad on purpose: for measuring and for tests, off unless switched on. */
@NullMarked
package io.parablock.transport.impair;

import org.jspecify.annotations.NullMarked;
