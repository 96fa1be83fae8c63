/** What the leader knows of each peer. */
@NullMarked
package io.parablock.raft.progress;

import org.jspecify.annotations.NullMarked;
