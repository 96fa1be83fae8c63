package io.parablock.transport.impair;

import java.util.SplittableRandom;

/**
 * When each message comes out of a link that something is wrong with. Pure: the same seed, arrivals and sizes give the same
 * answers. The order of the messages is kept:
 *
 * <pre>
 *   arrival ─► bandwidth ─► delay + jitter ─► behind the one before it ─► stall, pauses of losses ─► release
 * </pre>
 *
 * <p>Each cause draws from a generator of its own, so that switching one on does not move the others. One thread.
 */
public final class ImpairedLink {
    private static final double NS_PER_SECOND = 1e9;

    private final LinkImpairment wrong;
    private final SplittableRandom jitters;
    private final SplittableRandom stalls;
    private final SplittableRandom losses;

    /** Nothing was sent since the start: neither of the times below means anything. */
    private boolean fresh = true;
    /** When the link has taken all bytes so far. Invariant: at most {@link #lastReleaseNs}. */
    private long takenNs;

    private long lastReleaseNs;

    public ImpairedLink(LinkImpairment wrong, long seed) {
        this.wrong = wrong;
        SplittableRandom seeds = new SplittableRandom(seed);
        this.jitters = seeds.split();
        this.stalls = seeds.split();
        this.losses = seeds.split();
    }

    /**
     * Of the next message.
     *
     * @param arrivalNs not before that of the one before it
     * @param bytes of the message, 0 or more
     * @return not before the arrival, nor before the release of the message before it
     */
    public long releaseNs(long arrivalNs, long bytes) {
        long takenFromNs = fresh ? arrivalNs : Math.max(arrivalNs, takenNs);
        takenNs = wrong.bytesPerSecond() == 0
                ? arrivalNs
                : takenFromNs + (long) Math.ceil(bytes * NS_PER_SECOND / wrong.bytesPerSecond());
        long throughNs = takenNs + wrong.delayNs();
        if (wrong.jitterNs() > 0) {
            throughNs += jitters.nextLong(wrong.jitterNs() + 1);
        }
        long turnNs = fresh ? throughNs : Math.max(throughNs, lastReleaseNs);
        fresh = false;
        lastReleaseNs = turnNs + stallNs() + lossNs();
        return lastReleaseNs;
    }

    private long stallNs() {
        return wrong.stalls() && stalls.nextDouble() < wrong.stallProbability() ? wrong.stallNs() : 0;
    }

    private long lossNs() {
        long pausesNs = 0;
        if (wrong.loses()) {
            long pauseNs = wrong.retransmitNs();
            for (int lost = 0;
                    lost < LinkImpairment.LOSSES_MAX && losses.nextDouble() < wrong.lossProbability();
                    lost++) {
                pausesNs += pauseNs;
                pauseNs *= 2;
            }
        }
        return pausesNs;
    }

    /** What is on its way is forgotten: the next message is the first one of a new connection. */
    public void restart() {
        fresh = true;
    }
}
