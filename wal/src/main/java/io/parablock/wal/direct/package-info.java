/** The log in files written past the page cache, on an io_uring or through file channels; see docs/wal-format.md. */
@NullMarked
package io.parablock.wal.direct;

import org.jspecify.annotations.NullMarked;
