/** What a process tells its operator about: each change of state that somebody may ask "why?" about, once, with the reason. */
@NullMarked
package io.parablock.events;

import org.jspecify.annotations.NullMarked;
