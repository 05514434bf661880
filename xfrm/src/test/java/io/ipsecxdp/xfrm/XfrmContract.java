package io.ipsecxdp.xfrm;

import static io.ipsecxdp.xfrm.Addresses.ip;
import static io.ipsecxdp.xfrm.Addresses.prefix;
import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.linux.Errno;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * What SAD and SPD do, whoever plays them: the kernel, or the model of it that the agent's tests use. A rule that the
 * model follows and this does not state is a rule that somebody made up.
 */
@Timeout(60)
public abstract class XfrmContract {

    private static final Aead GCM = Aead.aesGcm(128, 128);
    private static final XfrmSelector OFFICES = XfrmSelector.between(prefix("10.1.0.0/16"), prefix("10.2.0.0/16"));
    private static final Policy MARKER = policy(XfrmSelector.between(prefix("10.8.0.0/16"), prefix("10.9.0.0/16")), 1);
    private static final Lifetime.Limit NO_AMOUNT = new Lifetime.Limit(-1, -1);
    private static final Lifetime.Limit NO_TIME = new Lifetime.Limit(0, 0);

    /** Of the program under test; SAD and SPD are empty when a test begins. */
    protected abstract Xfrm xfrm();

    /** The next notifications of SAs, policies and expiries, in the kernel's order. */
    protected abstract List<Notification> next();

    /** Another process installs an SA. */
    protected abstract void somebodyAdds(Sa sa);

    protected abstract void somebodyDeletes(SaId id);

    protected abstract void somebodyFlushesSas();

    /** Another process installs a policy. */
    protected abstract void somebodyAdds(Policy policy);

    /** Another process puts a policy in the place of the one with the same identity. */
    protected abstract void somebodyReplaces(Policy policy);

    protected abstract void somebodyDeletes(PolicyId id);

    protected abstract void somebodyFlushesPolicies();

    /** A second and more goes by, in which a limit of this SA's lifetime is reached. */
    protected abstract void limitIsReached(SaId id, boolean hard);

    private static Sa sa(SaDir direction, long spi, XfrmMark mark, long reqid, Lifetime lifetime) {
        return new Sa(
                new SaId(ip("10.0.0.2"), IpProtocol.ESP, spi, mark),
                ip("10.0.0.1"),
                direction,
                Mode.TUNNEL,
                GCM,
                reqid,
                direction == SaDir.IN ? 32 : 0,
                false,
                OptionalInt.empty(),
                SaOptions.NONE.withLifetime(lifetime));
    }

    private static Sa outbound(long spi) {
        return sa(SaDir.OUT, spi, XfrmMark.NONE, 1, Lifetime.INFINITE);
    }

    /** All of one destination and SPI, told apart by their reqid. */
    private static Sa marked(int value, int mask, long reqid) {
        return sa(SaDir.OUT, 0x7000, new XfrmMark(value, mask), reqid, Lifetime.INFINITE);
    }

    private static Policy policy(XfrmSelector selector, long priority) {
        return new Policy(PolicyId.of(PolicyDir.OUT, selector), priority, Policy.Action.ALLOW, List.of());
    }

    private static Change.AddSa add(Sa sa) {
        return new Change.AddSa(sa, KeyMaterial.random(GCM.keyBytes()));
    }

    private static Change delete(Sa sa) {
        return new Change.DeleteSa(sa.id());
    }

    private void done(Change... changes) {
        assertThat(xfrm().apply(List.of(changes)))
                .allSatisfy(result -> assertThat(result.error()).isEmpty());
    }

    private List<Optional<KernelError>> answers(Change... changes) {
        return xfrm().apply(List.of(changes)).stream().map(Result::error).toList();
    }

    private void refused(Change change, Errno errno, String message) {
        assertThat(answers(change)).singleElement().satisfies(error -> {
            assertThat(error).map(KernelError::errno).contains(errno);
            assertThat(error).map(KernelError::toString).contains(message);
        });
    }

    private long reqidShownFor(Sa sa) {
        return xfrm().get(sa.id()).orElseThrow().reqid();
    }

    /** What was told until something of ours that comes last. */
    private List<Notification> told() {
        done(new Change.AddPolicy(MARKER), new Change.DeletePolicy(MARKER.id()));
        List<Notification> all = toldUntil(event -> event instanceof Notification.PolicyDeleted(var policy)
                && policy.id().equals(MARKER.id()));
        return all.subList(0, all.size() - 2);
    }

    private List<Notification> toldUntil(Predicate<Notification.Event> last) {
        List<Notification> all = new ArrayList<>();
        while (all.stream().map(Notification::event).noneMatch(last)) {
            all.addAll(next());
        }
        return all;
    }

    private static String words(Notification notification) {
        String what = switch (notification.event()) {
            case Notification.SaAdded(var sa) -> "added " + spi(sa.id());
            case Notification.SaUpdated(var sa) -> "updated " + spi(sa.id());
            case Notification.SaDeleted(var sa) -> "deleted " + spi(sa.id());
            case Notification.SaExpired(var id, var hard) -> (hard ? "ended " : "warned of ") + spi(id);
            case Notification.SasFlushed(var protocol) -> "SAs flushed of " + protocol.number();
            case Notification.PolicyAdded(var policy) -> "policy added " + policy.priority();
            case Notification.PolicyUpdated(var policy) -> "policy updated " + policy.priority();
            case Notification.PolicyDeleted(var policy) -> "policy deleted " + policy.priority();
            case Notification.PoliciesFlushed(var type) -> "policies flushed of " + type;
            case Notification.Event other -> other.getClass().getSimpleName();
        };
        return (notification.own() ? "own: " : "other: ") + what;
    }

    private static String spi(SaId id) {
        return "0x%x".formatted(id.spi());
    }

    private void assertTold(String... words) {
        assertThat(told()).extracting(XfrmContract::words).containsExactly(words);
    }

    // SAs

    @Test
    void anSaThatIsInstalledIsShownAsItWasMeant() {
        Sa out = outbound(0x1000);
        Sa in = sa(SaDir.IN, 0x1001, XfrmMark.NONE, 2, Lifetime.ofSeconds(3600));

        done(add(out), add(in));

        assertThat(xfrm().dumpSas().entries()).extracting(ObservedSa::id).containsExactlyInAnyOrder(out.id(), in.id());
        assertThat(List.of(out, in)).allSatisfy(sa -> {
            ObservedSa shown = xfrm().get(sa.id()).orElseThrow();
            assertThat(Differences.between(sa, shown, xfrm().capabilities())).isEmpty();
            assertThat(shown.replay().lastSent()).isZero();
            assertThat(shown.larval()).isFalse();
            assertThat(xfrm().dumpSas().entries()).contains(shown);
        });
        assertTold("own: added 0x1000", "own: added 0x1001");
    }

    @Test
    void anOutboundSaGoesOnAfterTheSequenceNumberThatItIsGiven() {
        Sa sa = outbound(0x1000);

        done(new Change.AddSa(sa, KeyMaterial.random(GCM.keyBytes()), 70_000));

        assertThat(xfrm().get(sa.id()).orElseThrow().replay().lastSent()).isEqualTo(70_000);
        done(delete(sa));
        assertThat(told().getLast().event())
                .isInstanceOfSatisfying(
                        Notification.SaDeleted.class,
                        deleted -> assertThat(deleted.sa().replay().lastSent()).isEqualTo(70_000));
    }

    /** With a window of the SA itself and with one that has a bitmap of its own, with 32 and with 64 bits. */
    @Test
    void anInboundSaGoesOnAfterTheSequenceNumberThatItIsGiven() {
        Sa plain = sa(SaDir.IN, 0x1000, XfrmMark.NONE, 1, Lifetime.INFINITE);
        Sa large = sa(SaDir.IN, 0x1001, XfrmMark.NONE, 1, Lifetime.INFINITE).withReplayWindow(4096);
        Sa extended = sa(SaDir.IN, 0x1002, XfrmMark.NONE, 1, Lifetime.INFINITE)
                .withReplayWindow(1000)
                .withEsn(true);
        Map<Sa, Long> last = Map.of(plain, 70_000L, large, 0xffff_fff0L, extended, (7L << Integer.SIZE) + 9);

        last.forEach((sa, number) -> done(new Change.AddSa(sa, KeyMaterial.random(GCM.keyBytes()), number)));

        last.forEach((sa, number) -> {
            ObservedSa shown = xfrm().get(sa.id()).orElseThrow();
            assertThat(shown.replay().lastReceived()).isEqualTo(number);
            assertThat(Differences.between(sa, shown, xfrm().capabilities())).isEmpty();
            done(delete(sa));
        });
        assertThat(told())
                .extracting(Notification::event)
                .filteredOn(Notification.SaDeleted.class::isInstance)
                .map(event -> ((Notification.SaDeleted) event).sa())
                .hasSize(3)
                .allSatisfy(sa -> assertThat(last.entrySet()).anySatisfy(entry -> {
                    assertThat(entry.getKey().id()).isEqualTo(sa.id());
                    assertThat(entry.getValue()).isEqualTo(sa.replay().lastReceived());
                }));
    }

    @Test
    void theKeyOfAnSaIsTheOneThatItWasInstalledWith() {
        Sa sa = outbound(0x1000);
        byte[] bytes = "twenty bytes of a key".substring(1).getBytes(StandardCharsets.US_ASCII);
        try (KeyMaterial key = KeyMaterial.takeFrom(bytes.clone())) {
            done(new Change.AddSa(sa, key));
        }

        try (KeyMaterial key = xfrm().keyOf(sa.id()).orElseThrow()) {
            assertThat(key.copy()).isEqualTo(bytes);
        }
        assertThat(xfrm().keyOf(outbound(0x2000).id())).isEmpty();
    }

    @Test
    void anIdentityThatIsTakenIsRefusedAndWhoHasItStays() {
        Sa first = sa(SaDir.OUT, 0x1000, XfrmMark.NONE, 1, Lifetime.INFINITE);
        Sa second = sa(SaDir.IN, 0x1000, XfrmMark.NONE, 2, Lifetime.INFINITE);
        somebodyAdds(first);

        refused(add(second), Errno.EEXIST, "an entry with this identity exists already (EEXIST)");

        assertThat(reqidShownFor(second)).isEqualTo(1);
        assertTold("other: added 0x1000");
    }

    @Test
    void aLifetimeIsChangedInPlaceAndNothingElse() {
        Sa before = sa(SaDir.OUT, 0x1000, XfrmMark.NONE, 1, Lifetime.ofSeconds(600));
        Sa after = before.withOptions(SaOptions.NONE.withLifetime(Lifetime.ofSeconds(3600)));
        done(new Change.AddSa(before, KeyMaterial.random(GCM.keyBytes()), 9));

        done(new Change.ChangeLifetime(after));

        ObservedSa shown = xfrm().get(before.id()).orElseThrow();
        assertThat(Differences.between(after, shown, xfrm().capabilities())).isEmpty();
        assertThat(shown.replay().lastSent()).isEqualTo(9);
        assertTold("own: added 0x1000", "own: updated 0x1000");
    }

    @Test
    void whatIsNotThereCanBeNeitherChangedNorDeleted() {
        Sa sa = outbound(0x1000);

        refused(new Change.ChangeLifetime(sa), Errno.ESRCH, "there is no such entry (ESRCH)");
        refused(delete(sa), Errno.ESRCH, "there is no such entry (ESRCH)");

        assertThat(xfrm().get(sa.id())).isEmpty();
        assertTold();
    }

    @Test
    void aRefusalStopsNoOtherChangeOfItsBatch() {
        Sa taken = outbound(0x1000);
        done(add(taken));

        assertThat(answers(add(outbound(0x1001)), add(taken), delete(outbound(0x9999)), delete(taken)))
                .extracting(answer -> answer.map(KernelError::errno))
                .containsExactly(
                        Optional.empty(), Optional.of(Errno.EEXIST), Optional.of(Errno.ESRCH), Optional.empty());

        assertTold("own: added 0x1000", "own: added 0x1001", "own: deleted 0x1000");
    }

    @Test
    void whatSomebodyElseDoesIsToldAsSuch() {
        done(add(outbound(0x1000)));
        somebodyAdds(outbound(0x1001));
        somebodyDeletes(outbound(0x1000).id());

        assertTold("own: added 0x1000", "other: added 0x1001", "other: deleted 0x1000");
        assertThat(xfrm().dumpSas().entries())
                .extracting(ObservedSa::id)
                .containsExactly(outbound(0x1001).id());
    }

    /** {@code xfrm_flush_sa} in net/xfrm/xfrm_user.c: one message for all, and none if there was nothing. */
    @Test
    void aFlushIsToldOnceAndNamesNoSa() {
        done(add(outbound(0x1000)), add(outbound(0x1001)));

        somebodyFlushesSas();
        somebodyFlushesSas();

        assertThat(xfrm().dumpSas().entries()).isEmpty();
        assertTold("own: added 0x1000", "own: added 0x1001", "other: SAs flushed of 0");
    }

    @Test
    void anSaEndsAtItsHardLimitAndIsNotToldAsDeleted() {
        Sa sa = sa(SaDir.OUT, 0x1000, XfrmMark.NONE, 1, Lifetime.ofSeconds(1));
        done(add(sa));

        limitIsReached(sa.id(), true);

        assertThat(toldUntil(Notification.SaExpired.class::isInstance))
                .extracting(XfrmContract::words)
                .containsExactly("own: added 0x1000", "other: ended 0x1000");
        assertThat(xfrm().get(sa.id())).isEmpty();
        refused(delete(sa), Errno.ESRCH, "there is no such entry (ESRCH)");
        assertTold();
    }

    @Test
    void anSaGoesOnAtItsSoftLimit() {
        Lifetime lifetime = new Lifetime(NO_AMOUNT, NO_AMOUNT, new Lifetime.Limit(1, 3600), NO_TIME);
        Sa sa = sa(SaDir.OUT, 0x1000, XfrmMark.NONE, 1, lifetime);
        done(add(sa));

        limitIsReached(sa.id(), false);

        assertThat(toldUntil(Notification.SaExpired.class::isInstance))
                .extracting(XfrmContract::words)
                .containsExactly("own: added 0x1000", "other: warned of 0x1000");
        assertThat(xfrm().get(sa.id())).isPresent();
    }

    // Marks: __xfrm_state_lookup in net/xfrm/xfrm_state.c, of which the newest is the first that is looked at

    @Test
    void sasWhoseMarksDoNotMeetAreTwo() {
        Sa one = marked(1, 0xff, 1);
        Sa two = marked(2, 0xff, 2);

        done(add(one), add(two));

        assertThat(reqidShownFor(one)).isEqualTo(1);
        assertThat(reqidShownFor(two)).isEqualTo(2);
        done(delete(one));
        assertThat(xfrm().dumpSas().entries()).extracting(ObservedSa::reqid).containsExactly(2L);
    }

    @Test
    void anSaWhoseMarkTakesInTheNewOnesIsInItsWay() {
        done(add(marked(0, 0, 1)));
        refused(add(marked(7, 0xff, 2)), Errno.EEXIST, "an entry with this identity exists already (EEXIST)");
        done(delete(marked(0, 0, 1)));

        done(add(marked(1, 0xf, 1)));
        refused(add(marked(0x11, 0xff, 2)), Errno.EEXIST, "an entry with this identity exists already (EEXIST)");
    }

    @Test
    void theNewestSaWhoseMarkTakesTheAskedOneInIsShownChangedAndDeleted() {
        Sa narrow = marked(7, 0xff, 1);
        Sa all = marked(0, 0, 2);
        done(add(narrow), add(all));
        assertThat(xfrm().dumpSas().entries()).extracting(ObservedSa::reqid).containsExactlyInAnyOrder(1L, 2L);

        assertThat(reqidShownFor(narrow)).isEqualTo(2);
        assertThat(xfrm().keyOf(narrow.id())).isEmpty();

        done(delete(narrow));
        assertThat(xfrm().dumpSas().entries()).extracting(ObservedSa::reqid).containsExactly(1L);
        assertThat(reqidShownFor(narrow)).isEqualTo(1);
        assertThat(xfrm().get(all.id())).isEmpty();
        assertThat(told().getLast().event())
                .isInstanceOfSatisfying(
                        Notification.SaDeleted.class,
                        deleted -> assertThat(deleted.sa().id()).isEqualTo(all.id()));
    }

    // Policies

    @Test
    void aPolicyThatIsInstalledIsShownAsItWasMeant() {
        Policy policy = policy(OFFICES, 1000);

        done(new Change.AddPolicy(policy));

        ObservedPolicy shown = xfrm().get(policy.id()).orElseThrow();
        assertThat(Differences.between(policy, shown)).isEmpty();
        assertThat(xfrm().dumpPolicies().entries()).containsExactly(shown);
        assertTold("own: policy added 1000");
    }

    @Test
    void aPolicyIsReplacedInItsPlace() {
        Policy before = policy(OFFICES, 1000);
        Policy after = new Policy(before.id(), 7, Policy.Action.BLOCK, List.of());
        done(new Change.AddPolicy(before));

        done(new Change.ReplacePolicy(after));

        assertThat(xfrm().dumpPolicies().entries())
                .singleElement()
                .satisfies(
                        shown -> assertThat(Differences.between(after, shown)).isEmpty());
        assertTold("own: policy added 1000", "own: policy updated 7");
    }

    @Test
    void aPolicyThatReplacesNoneIsInstalled() {
        done(new Change.ReplacePolicy(policy(OFFICES, 7)));

        assertThat(xfrm().dumpPolicies().entries()).hasSize(1);
        assertTold("own: policy updated 7");
    }

    @Test
    void aSelectorThatIsTakenIsRefusedWhateverThePriority() {
        somebodyAdds(policy(OFFICES, 5));

        refused(
                new Change.AddPolicy(policy(OFFICES, 6)),
                Errno.EEXIST,
                "an entry with this identity exists already (EEXIST)");

        assertThat(xfrm().dumpPolicies().entries())
                .extracting(ObservedPolicy::priority)
                .containsExactly(5L);
        assertTold("other: policy added 5");
    }

    @Test
    void aPolicyThatIsNotThereCannotBeDeleted() {
        PolicyId absent = policy(OFFICES, 1).id();

        refused(new Change.DeletePolicy(absent), Errno.ENOENT, "there is no such entry (ENOENT)");

        assertThat(xfrm().get(absent)).isEmpty();
        assertTold();
    }

    /** Unlike an SA's, {@code xfrm_policy_mark_match}. */
    @Test
    void theMarkOfAPolicyIsComparedAsItIs() {
        List<Policy> policies = Stream.of(new XfrmMark(7, 0xff), XfrmMark.NONE)
                .map(mark -> new Policy(
                        new PolicyId(PolicyDir.OUT, OFFICES, mark, 0, PolicyId.Type.MAIN),
                        mark.value(),
                        Policy.Action.ALLOW,
                        List.of()))
                .toList();
        policies.forEach(policy -> done(new Change.AddPolicy(policy)));

        assertThat(policies)
                .allSatisfy(policy -> assertThat(
                                xfrm().get(policy.id()).orElseThrow().priority())
                        .isEqualTo(policy.priority()));
        done(new Change.DeletePolicy(policies.getFirst().id()));
        assertThat(xfrm().dumpPolicies().entries())
                .extracting(ObservedPolicy::priority)
                .containsExactly(0L);
    }

    @Test
    void whatSomebodyElseDoesToPoliciesIsToldAsSuch() {
        somebodyAdds(policy(OFFICES, 5));
        somebodyReplaces(policy(OFFICES, 6));
        somebodyDeletes(policy(OFFICES, 6).id());
        somebodyAdds(policy(OFFICES, 7));
        somebodyFlushesPolicies();
        somebodyFlushesPolicies();

        assertThat(xfrm().dumpPolicies().entries()).isEmpty();
        assertTold(
                "other: policy added 5",
                "other: policy updated 6",
                "other: policy deleted 6",
                "other: policy added 7",
                "other: policies flushed of MAIN");
    }
}
