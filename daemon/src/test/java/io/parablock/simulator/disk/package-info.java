/** A disk made of sectors that loses, tears and damages what real ones do, under the production file formats. */
@NullMarked
package io.parablock.simulator.disk;

import org.jspecify.annotations.NullMarked;
