/** One record type per message. */
@NullMarked
package io.parablock.raft.message;

import org.jspecify.annotations.NullMarked;
