/** From NBD requests to replicated entries. */
@NullMarked
package io.parablock.gateway;

import org.jspecify.annotations.NullMarked;
