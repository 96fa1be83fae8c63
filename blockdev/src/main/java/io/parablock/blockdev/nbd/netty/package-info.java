/** The NBD server over Netty. */
@NullMarked
package io.parablock.blockdev.nbd.netty;

import org.jspecify.annotations.NullMarked;
