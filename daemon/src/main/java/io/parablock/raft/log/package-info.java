/** The log: entries, slots with holes, commit tracking. */
@NullMarked
package io.parablock.raft.log;

import org.jspecify.annotations.NullMarked;
