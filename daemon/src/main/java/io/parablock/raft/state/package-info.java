/** What is durable, and what a start finds. */
@NullMarked
package io.parablock.raft.state;

import org.jspecify.annotations.NullMarked;
