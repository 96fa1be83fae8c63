/** The block store: one sparse file per chunk, applied through the page cache, made durable by checkpoints. */
@NullMarked
package io.parablock.blockdev.store;

import org.jspecify.annotations.NullMarked;
