/** Peer connections. */
@NullMarked
package io.parablock.transport;

import org.jspecify.annotations.NullMarked;
