@NullMarked
package io.parablock.lookbehind;

import org.jspecify.annotations.NullMarked;
