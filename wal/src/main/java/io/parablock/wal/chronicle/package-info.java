/** The memory-mapped engine over Chronicle Queue. */
@NullMarked
package io.parablock.wal.chronicle;

import org.jspecify.annotations.NullMarked;
