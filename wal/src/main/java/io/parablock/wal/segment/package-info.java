/** What the engines that write to files share: segment files, their manifest, the recovery scan and single reads. */
@NullMarked
package io.parablock.wal.segment;

import org.jspecify.annotations.NullMarked;
