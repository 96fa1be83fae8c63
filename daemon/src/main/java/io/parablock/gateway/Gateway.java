package io.parablock.gateway;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.parablock.blockdev.nbd.NbdBackend;
import io.parablock.blockdev.nbd.NbdExport;
import io.parablock.blockdev.nbd.NbdSession;
import io.parablock.metrics.RequestMeters;
import io.parablock.pipeline.GroupLoop;
import io.parablock.replica.PeerSender;
import io.parablock.replica.client.ClientMessage;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * From the requests of clients to entries of groups: splits a request at chunk boundaries and at the entry maximum, and
 * hands each part to its group's {@link GroupGateway} on that group's thread.
 *
 * <pre>
 *   connection ──► split ──┬─► group 1's thread: GroupGateway ──► leader (here or elsewhere)
 *                          └─► group 2's thread: GroupGateway ──► leader
 *   answer ◄── all parts ended ◄──┘
 * </pre>
 */
public final class Gateway implements NbdBackend {
    /** One group's gateway and the thread that owns it. */
    record Member(GroupGateway gateway, GroupLoop loop) {}

    /** A volume as clients see it. */
    record Export(String name, long sizeBytes, long chunkBytes, boolean readOnly, List<Member> members) {}

    private final int nodeId;
    private final long boot;
    private final GatewayConfig config;
    private final PeerSender peers;
    private final RequestMeters meters;
    private final ByteBufAllocator allocator;
    private final LongSupplier nowNs;
    /** Replaced, never changed: groups and volumes come and go while requests are under way. */
    private volatile TreeMap<Integer, Member> members = new TreeMap<>();

    private volatile TreeMap<String, Export> exports = new TreeMap<>();

    /** @param boot greater in each run of this node's process; below 2^43 */
    public Gateway(
            int nodeId,
            long boot,
            GatewayConfig config,
            PeerSender peers,
            RequestMeters meters,
            ByteBufAllocator allocator,
            LongSupplier nowNs) {
        this.nodeId = nodeId;
        this.boot = boot;
        this.config = config;
        this.peers = peers;
        this.meters = meters;
        this.allocator = allocator;
        this.nowNs = nowNs;
    }

    // ---------------------------------------------------------------- what there is; from any thread

    /** Before the loop's first input. */
    public synchronized void addGroup(int groupId, GroupLoop loop) {
        GroupGateway.Sender sender = (to, m) -> peers.sendClient(groupId, to, m);
        TreeMap<Integer, Member> all = new TreeMap<>(members);
        all.put(groupId, new Member(new GroupGateway(nodeId, boot, config, sender, nowNs.getAsLong()), loop));
        members = all;
    }

    /** After the loop's last input; no volume has the group any more. */
    public synchronized void removeGroup(int groupId) {
        TreeMap<Integer, Member> all = new TreeMap<>(members);
        all.remove(groupId);
        members = all;
    }

    /**
     * For whoever attaches from now on; in the place of the volume of this name before, whose clients go on with what it was.
     *
     * @param groups the volume's chunks in order
     */
    public synchronized void addVolume(
            String name, long sizeBytes, long chunkBytes, boolean readOnly, List<Integer> groups) {
        TreeMap<String, Export> all = new TreeMap<>(exports);
        all.put(
                name,
                new Export(
                        name,
                        sizeBytes,
                        chunkBytes,
                        readOnly,
                        groups.stream().map(this::member).toList()));
        exports = all;
    }

    /** Nobody attaches to it any more. */
    public synchronized void removeVolume(String name) {
        TreeMap<String, Export> all = new TreeMap<>(exports);
        all.remove(name);
        exports = all;
    }

    private Member member(int groupId) {
        Member m = members.get(groupId);
        if (m == null) {
            throw new IllegalArgumentException("no group " + groupId);
        }
        return m;
    }

    // ---------------------------------------------------------------- inputs on a group's thread

    /** An answer of the leader's node; a payload's reference passes to this gateway. */
    public void onReply(int groupId, int from, ClientMessage reply) {
        member(groupId).gateway.onReply(from, reply, nowNs.getAsLong());
    }

    public void onLeader(int groupId, int leader) {
        member(groupId).gateway.onLeader(leader, nowNs.getAsLong());
    }

    public void onPeer(int groupId, int peer, boolean up) {
        member(groupId).gateway.onPeer(peer, up, nowNs.getAsLong());
    }

    /** @return whether the next one may come late: nobody waits for the group */
    public boolean tick(int groupId) {
        GroupGateway group = member(groupId).gateway;
        group.tick(nowNs.getAsLong());
        return group.isQuiet();
    }

    /** Ends the group's requests with an error, and whatever the clients of now ask for later. */
    public void endSessions(int groupId) {
        member(groupId).gateway.endSessions();
    }

    /** At the end of this process: the leader is asked to end every session, so that none waits for its expiry. */
    public void closeSessions(int groupId) {
        member(groupId).gateway.closeSessions(nowNs.getAsLong());
    }

    /** The group's figures. */
    public Figures figures(int groupId) {
        GroupGateway g = member(groupId).gateway;
        return new Figures(g.unanswered(), g.sessions(), g.resends(), g.timeouts(), g.sessionsLost());
    }

    /**
     * What one group's gateway has to say.
     *
     * @param sessions open or being opened: those of clients that have written
     */
    public record Figures(long unanswered, long sessions, long resends, long timeouts, long sessionsLost) {}

    // ---------------------------------------------------------------- clients

    @Override
    public List<NbdExport> exports() {
        return exports.values().stream()
                .map(e -> new NbdExport(e.name, "replicated volume " + e.name, e.sizeBytes, e.readOnly))
                .toList();
    }

    @Override
    public NbdSession attach(NbdExport export) {
        Export e = exports.get(export.name());
        if (e == null) {
            throw new IllegalArgumentException("no volume " + export.name());
        }
        return attach(e, config, meters);
    }

    /**
     * A client of one group, which need be no volume's: requests of it are not counted, and none is cut.
     *
     * @param sizeBytes of the group's store
     */
    public NbdSession attachToGroup(int groupId, int sizeBytes) {
        Export whole = new Export("group " + groupId, sizeBytes, sizeBytes, false, List.of(member(groupId)));
        return attach(whole, config.withEntryBytesMax(sizeBytes), RequestMeters.NONE);
    }

    private NbdSession attach(Export e, GatewayConfig limits, RequestMeters counted) {
        List<GroupSessionHolder> sessions = new ArrayList<>();
        for (Member m : e.members) {
            GroupSessionHolder holder = new GroupSessionHolder();
            sessions.add(holder);
            m.loop.execute(() -> holder.session = m.gateway.attach());
        }
        return new ClientConnection(e, sessions, limits, counted, allocator, nowNs);
    }

    /** A client in one group, on that group's thread. */
    static final class GroupSessionHolder {
        @Nullable
        GroupSession session;

        GroupSession get() {
            GroupSession s = session;
            if (s == null) {
                throw new AssertionError("inputs of one thread keep their order");
            }
            return s;
        }
    }

    /** Takes what an ended part found; null for none. */
    static void release(@Nullable ByteBuf payload) {
        if (payload != null) {
            payload.release();
        }
    }
}
