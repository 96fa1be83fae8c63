@NullMarked
package io.parablock.perf;

import org.jspecify.annotations.NullMarked;
