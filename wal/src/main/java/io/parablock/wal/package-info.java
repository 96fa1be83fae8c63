@NullMarked
package io.parablock.wal;

import org.jspecify.annotations.NullMarked;
