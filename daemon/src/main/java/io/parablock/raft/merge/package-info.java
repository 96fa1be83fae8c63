/** The merge stage as a pure function: vote replies in, settled slots out. */
@NullMarked
package io.parablock.raft.merge;

import org.jspecify.annotations.NullMarked;
