/** Peer connections: the wire codec (pure) and its Netty implementation. */
@NullMarked
package io.parablock.transport;

import org.jspecify.annotations.NullMarked;
