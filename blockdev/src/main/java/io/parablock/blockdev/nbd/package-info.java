/** The NBD protocol as pure decoders and encoders, and the port to what serves the blocks. */
@NullMarked
package io.parablock.blockdev.nbd;

import org.jspecify.annotations.NullMarked;
