@NullMarked
package io.parablock.raft;

import org.jspecify.annotations.NullMarked;
