/** Which committed slots may be applied now. */
@NullMarked
package io.parablock.raft.apply;

import org.jspecify.annotations.NullMarked;
