/** Client sessions and the dedupe table. */
@NullMarked
package io.parablock.raft.session;

import org.jspecify.annotations.NullMarked;
