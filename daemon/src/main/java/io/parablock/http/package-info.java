/** The status server. It changes nothing. */
@NullMarked
package io.parablock.http;

import org.jspecify.annotations.NullMarked;
