package io.parablock.lookbehind;

/** Stand-in. */
public final class Extent {
    private Extent() {}

    public static boolean overlaps(long oa, long la, long ob, long lb) {
        return la > 0 && lb > 0 && (oa >> 12) < ((ob + lb + 4095) >> 12) && (ob >> 12) < ((oa + la + 4095) >> 12);
    }
}
