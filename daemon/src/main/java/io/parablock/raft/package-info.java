/** The consensus core: pure and deterministic. */
@NullMarked
package io.parablock.raft;

import org.jspecify.annotations.NullMarked;
