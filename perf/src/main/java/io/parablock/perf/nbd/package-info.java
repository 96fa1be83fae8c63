/** What the NBD layer costs, beside another server on the same machine. */
@NullMarked
package io.parablock.perf.nbd;

import org.jspecify.annotations.NullMarked;
