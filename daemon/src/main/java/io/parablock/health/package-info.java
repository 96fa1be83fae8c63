/** What state a node is in, in words, and what an operator should know of it: judged from readings, outside the replica. */
@NullMarked
package io.parablock.health;

import org.jspecify.annotations.NullMarked;
