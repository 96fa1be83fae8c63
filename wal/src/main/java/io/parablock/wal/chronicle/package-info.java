/** The log in a memory-mapped Chronicle Queue, with the precautions listed in docs/wal-format.md. */
@NullMarked
package io.parablock.wal.chronicle;

import org.jspecify.annotations.NullMarked;
