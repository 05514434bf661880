package io.ipsecxdp.xfrm.netlink;

import io.ipsecxdp.linux.NetlinkSocket;
import io.ipsecxdp.xfrm.Change;
import io.ipsecxdp.xfrm.Dump;
import io.ipsecxdp.xfrm.KernelError;
import io.ipsecxdp.xfrm.KeyMaterial;
import io.ipsecxdp.xfrm.NotificationGroup;
import io.ipsecxdp.xfrm.ObservedPolicy;
import io.ipsecxdp.xfrm.ObservedSa;
import io.ipsecxdp.xfrm.PolicyId;
import io.ipsecxdp.xfrm.Result;
import io.ipsecxdp.xfrm.SaId;
import io.ipsecxdp.xfrm.Subscription;
import io.ipsecxdp.xfrm.Xfrm;
import io.ipsecxdp.xfrm.XfrmCapabilities;
import io.ipsecxdp.xfrm.XfrmException;
import io.ipsecxdp.xfrm.codec.Frame;
import io.ipsecxdp.xfrm.codec.MalformedMessageException;
import io.ipsecxdp.xfrm.codec.XfrmDecoder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;

/** The kernel's SAD and SPD over NETLINK_XFRM. */
public final class NetlinkXfrm implements Xfrm {

    /** So many SAs leave no hash table of them that would be too small. */
    private static final int FEW = 8;

    private final NetlinkSocket socket;
    private final Conversation conversation;
    private final RoomForSas room;
    private final SadMemory sas = new SadMemory();
    private XfrmCapabilities capabilities;

    private NetlinkXfrm(NetlinkSocket socket) {
        this.socket = socket;
        this.conversation = new Conversation(socket);
        this.room = new RoomForSas(conversation);
        this.capabilities = new Prober(conversation).probe();
    }

    /**
     * Opens the SAD and SPD of the calling thread's network namespace, and probes what the kernel can do.
     *
     * @throws XfrmException if the kernel has no XFRM
     */
    public static NetlinkXfrm open() {
        NetlinkSocket socket = Conversation.openSocket();
        try {
            return new NetlinkXfrm(socket);
        } catch (XfrmException e) {
            socket.close();
            throw e;
        }
    }

    @Override
    public synchronized List<Result> apply(List<Change> changes) {
        List<Conversation.Request> requests = changes.stream()
                .<Conversation.Request>map(
                        change -> (encoder, sequence) -> encoder.change(sequence, change, capabilities))
                .toList();
        boolean manySas =
                changes.stream().filter(Change.AddSa.class::isInstance).count() > FEW;
        List<Optional<KernelError>> answers = manySas
                ? conversation.request(requests, new TableGrowth(conversation))
                : conversation.request(requests);
        List<Result> results = new ArrayList<>(changes.size());
        for (int i = 0; i < changes.size(); i++) {
            results.add(new Result(changes.get(i), answers.get(i)));
        }
        return List.copyOf(results);
    }

    @Override
    public synchronized void makeRoom(long sas) {
        room.make(sas, capabilities);
    }

    @Override
    public synchronized Dump<ObservedSa> dumpSas() {
        return sas.refreshed(take -> conversation.dump((encoder, sequence) -> encoder.dumpSas(sequence), take));
    }

    @Override
    public synchronized Dump<ObservedPolicy> dumpPolicies() {
        return conversation.dump((encoder, sequence) -> encoder.dumpPolicies(sequence), XfrmDecoder::policy);
    }

    @Override
    public synchronized Optional<ObservedSa> get(SaId id) {
        return get(id, frame -> readable(() -> XfrmDecoder.sa(frame))).flatMap(sa -> sa);
    }

    @Override
    public synchronized Optional<KeyMaterial> keyOf(SaId id) {
        return get(id, frame -> readable(() -> keyOf(id, frame))).flatMap(key -> key.flatMap(found -> found));
    }

    private <T> Optional<T> get(SaId id, Function<Frame, T> read) {
        return shown(id, conversation.ask((encoder, sequence) -> encoder.getSa(sequence, id), read));
    }

    private static Optional<KeyMaterial> keyOf(SaId id, Frame frame) {
        return XfrmDecoder.sa(frame).id().equals(id) ? XfrmDecoder.key(frame) : Optional.empty();
    }

    @Override
    public synchronized Optional<ObservedPolicy> get(PolicyId id) {
        return shown(
                        id,
                        conversation.ask(
                                (encoder, sequence) -> encoder.getPolicy(sequence, id),
                                frame -> readable(() -> XfrmDecoder.policy(frame))))
                .flatMap(policy -> policy.flatMap(found -> found));
    }

    /** Empty for what a dump would skip. */
    private static <T> Optional<T> readable(Supplier<T> read) {
        try {
            return Optional.of(read.get());
        } catch (MalformedMessageException e) {
            return Optional.empty();
        }
    }

    private static <T> Optional<T> shown(Object id, Conversation.Answer<T> answer) {
        answer.error().filter(error -> !error.absent()).ifPresent(error -> {
            throw new XfrmException("The kernel did not show %s: %s".formatted(id, error));
        });
        return answer.value();
    }

    @Override
    public synchronized XfrmCapabilities probe() {
        capabilities = new Prober(conversation).probe();
        return capabilities;
    }

    @Override
    public synchronized XfrmCapabilities capabilities() {
        return capabilities;
    }

    @Override
    public Subscription subscribe(Set<NotificationGroup> groups) {
        return NetlinkSubscription.open(groups, socket.portId());
    }

    @Override
    public OptionalLong namespaceCookie() {
        return socket.namespaceCookie();
    }

    @Override
    public synchronized void close() {
        socket.close();
    }
}
