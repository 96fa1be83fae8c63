/** What a gateway and a leader say to each other. */
@NullMarked
package io.parablock.replica.client;

import org.jspecify.annotations.NullMarked;
