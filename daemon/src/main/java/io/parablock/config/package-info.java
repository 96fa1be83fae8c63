/** A node's configuration: one file, overridden by the environment and by properties. */
@NullMarked
package io.parablock.config;

import org.jspecify.annotations.NullMarked;
