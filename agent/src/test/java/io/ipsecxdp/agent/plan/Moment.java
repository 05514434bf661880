package io.ipsecxdp.agent.plan;

import static io.ipsecxdp.xfrm.Addresses.ip;
import static io.ipsecxdp.xfrm.Addresses.prefix;

import io.ipsecxdp.agent.ledger.InstallTime;
import io.ipsecxdp.agent.ledger.Journal;
import io.ipsecxdp.agent.ledger.JournalChange;
import io.ipsecxdp.agent.ledger.KernelHistory;
import io.ipsecxdp.agent.ledger.KeyFingerprint;
import io.ipsecxdp.agent.ledger.KeyLedger;
import io.ipsecxdp.agent.ledger.KeyUse;
import io.ipsecxdp.agent.ledger.Origin;
import io.ipsecxdp.crds.CpuList;
import io.ipsecxdp.crds.EncryptionAlgorithm;
import io.ipsecxdp.crds.EntryState;
import io.ipsecxdp.crds.KeySecretRef;
import io.ipsecxdp.crds.NodePlanSpec;
import io.ipsecxdp.crds.NodePlanStatus;
import io.ipsecxdp.crds.PolicyDirection;
import io.ipsecxdp.crds.PolicyReport;
import io.ipsecxdp.crds.Protection;
import io.ipsecxdp.crds.Reason;
import io.ipsecxdp.crds.SaReport;
import io.ipsecxdp.xfrm.Aead;
import io.ipsecxdp.xfrm.AsObserved;
import io.ipsecxdp.xfrm.Kernels;
import io.ipsecxdp.xfrm.Mode;
import io.ipsecxdp.xfrm.ObservedPolicy;
import io.ipsecxdp.xfrm.ObservedSa;
import io.ipsecxdp.xfrm.Policy;
import io.ipsecxdp.xfrm.PolicyDir;
import io.ipsecxdp.xfrm.PolicyId;
import io.ipsecxdp.xfrm.ReplayState;
import io.ipsecxdp.xfrm.Sa;
import io.ipsecxdp.xfrm.SaDir;
import io.ipsecxdp.xfrm.SaId;
import io.ipsecxdp.xfrm.SaOptions;
import io.ipsecxdp.xfrm.Template;
import io.ipsecxdp.xfrm.Templates;
import io.ipsecxdp.xfrm.XfrmCapabilities;
import io.ipsecxdp.xfrm.XfrmSelector;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/** All that a plan depends on, as a test says it. Node 10.0.0.1, its peer 10.0.0.2; all of one slice, in one boot. */
final class Moment {

    static final Instant NOON = Instant.parse("2026-01-01T12:00:00Z");
    static final long REQID = 5;
    private static final String SLICE = "slice";
    private static final String BOOT = "boot";

    private final Map<Origin, DesiredSa> sas = new LinkedHashMap<>();
    private final Map<Desired.PolicyKey, DesiredPolicy> policies = new LinkedHashMap<>();
    private final List<ObservedSa> kernelSas = new ArrayList<>();
    private final List<ObservedPolicy> kernelPolicies = new ArrayList<>();
    private final List<JournalChange> journal = new ArrayList<>();
    private final List<KeyUse> uses = new ArrayList<>();
    private final Map<Origin, KeyView> keys = new HashMap<>();
    private final Map<DesiredEntry, EntryStatus> refused = new HashMap<>();
    private final Set<SaId> goneSas = new HashSet<>();
    private final Set<SaId> silentSas = new HashSet<>();
    private final Set<PolicyId> changedPolicies = new HashSet<>();
    private final List<SaReport> saReports = new ArrayList<>();
    private final List<PolicyReport> policyReports = new ArrayList<>();
    private boolean planKnown = true;
    private XfrmCapabilities capabilities = Kernels.MODERN;
    private ApiServerWay apiServer = new ApiServerWay(Set.of(), Set.of(), 32768, 60999);

    // What is wanted

    static DesiredSa outbound(String uid, long spi) {
        return sa(uid, SaDir.OUT, SaId.esp(ip("10.0.0.2"), spi), SaOptions.NONE);
    }

    static DesiredSa inbound(String uid, long spi) {
        return sa(uid, SaDir.IN, SaId.esp(ip("10.0.0.1"), spi), SaOptions.NONE);
    }

    static DesiredSa sa(String uid, SaDir direction, SaId id, SaOptions options) {
        boolean out = direction == SaDir.OUT;
        return desired(
                uid,
                new Sa(
                        id,
                        ip(out ? "10.0.0.1" : "10.0.0.2"),
                        direction,
                        Mode.TUNNEL,
                        Aead.of("rfc4106(gcm(aes))", 288, 128),
                        REQID,
                        out ? 0 : 1024,
                        true,
                        OptionalInt.empty(),
                        options));
    }

    static DesiredSa desired(String uid, Sa sa) {
        return new DesiredSa(
                "name-" + uid,
                Origin.of(uid),
                SLICE,
                sa,
                new KeySource.InSecret(
                        Protection.aead(EncryptionAlgorithm.ENCR_AES_GCM_16, 256, new KeySecretRef("keys", uid))));
    }

    /** All from 10.1.0.0/16 to 10.2.0.0/16 through a tunnel to the peer, or back. */
    static DesiredPolicy protect(String uid, PolicyDir direction, long priority) {
        boolean out = direction == PolicyDir.OUT;
        XfrmSelector selector = out
                ? XfrmSelector.between(prefix("10.1.0.0/16"), prefix("10.2.0.0/16"))
                : XfrmSelector.between(prefix("10.2.0.0/16"), prefix("10.1.0.0/16"));
        Template template =
                Templates.espTunnel(ip(out ? "10.0.0.1" : "10.0.0.2"), ip(out ? "10.0.0.2" : "10.0.0.1"), REQID);
        return policy(
                uid, new Policy(PolicyId.of(direction, selector), priority, Policy.Action.ALLOW, List.of(template)));
    }

    /** The same with another template, or with none. */
    static DesiredPolicy with(DesiredPolicy policy, Template... templates) {
        Policy same = policy.policy();
        return policy(policy.origin().uid(), new Policy(same.id(), same.priority(), same.action(), List.of(templates)));
    }

    static DesiredPolicy policy(String uid, Policy policy) {
        return new DesiredPolicy("name-" + uid, Origin.of(uid), SLICE, policy);
    }

    static Desired.PolicyKey key(DesiredPolicy policy) {
        return new Desired.PolicyKey(
                policy.origin(),
                switch (policy.policy().id().direction()) {
                    case OUT -> PolicyDirection.Out;
                    case IN -> PolicyDirection.In;
                    default -> PolicyDirection.Forward;
                });
    }

    static KeyFingerprint fingerprint(String key) {
        return new KeyFingerprint("%064x".formatted(key.hashCode() & 0xffff_ffffL));
    }

    Moment want(DesiredSa... wanted) {
        for (DesiredSa sa : wanted) {
            sas.put(sa.origin(), sa);
        }
        return this;
    }

    Moment want(DesiredPolicy... wanted) {
        for (DesiredPolicy policy : wanted) {
            policies.put(key(policy), policy);
        }
        return this;
    }

    /** The NodePlan that listed what is ours is not known. */
    Moment withoutPlan() {
        planKnown = false;
        return this;
    }

    // What there is

    static ObservedSa observed(Sa sa) {
        return AsObserved.sa(sa, Kernels.MODERN, NOON);
    }

    static ObservedSa observed(Sa sa, long lastSent, SaOptions options) {
        ObservedSa installed = AsObserved.sa(sa, Kernels.MODERN, NOON);
        return installed
                .withReplay(new ReplayState(installed.replay().window(), 0, lastSent))
                .withOptions(options);
    }

    static ObservedPolicy observed(Policy policy) {
        return AsObserved.policy(policy, 1, NOON);
    }

    Moment inKernel(ObservedSa... observed) {
        kernelSas.addAll(List.of(observed));
        return this;
    }

    Moment inKernel(ObservedPolicy... observed) {
        kernelPolicies.addAll(List.of(observed));
        return this;
    }

    /** The journal says that this agent installed it, with the key of that name. */
    Moment own(DesiredSa sa, String key) {
        journal.add(new JournalChange.OwnSa(sa.owned(Optional.of(fingerprint(key)), InstallTime.readBack(NOON))));
        return used(sa, key, new KeyUse.Open());
    }

    /** It was adopted, and the kernel does not show its key. */
    Moment ownWithoutKey(DesiredSa sa) {
        journal.add(new JournalChange.OwnSa(sa.owned(Optional.empty(), InstallTime.readBack(NOON))));
        return this;
    }

    Moment own(DesiredPolicy policy) {
        journal.add(new JournalChange.OwnPolicy(policy.owned(InstallTime.readBack(NOON))));
        return this;
    }

    /** Ours, and in the kernel as it was declared. */
    Moment inForce(DesiredSa... ours) {
        for (DesiredSa sa : ours) {
            own(sa, sa.origin().uid()).inKernel(observed(sa.sa()));
        }
        return this;
    }

    Moment inForce(DesiredPolicy... ours) {
        for (DesiredPolicy policy : ours) {
            own(policy).inKernel(observed(policy.policy()));
        }
        return this;
    }

    // What is known

    Moment used(DesiredSa sa, String key, KeyUse.Progress progress) {
        uses.add(sa.use(fingerprint(key)).with(progress));
        return this;
    }

    Moment keyOf(DesiredSa sa, KeyView view) {
        keys.put(sa.origin(), view);
        return this;
    }

    /** The Secret has the key of that name, and it was read. */
    Moment secret(DesiredSa sa, String key) {
        return keyOf(sa, new KeyView.Read(fingerprint(key), true));
    }

    Moment refused(DesiredEntry entry) {
        refused.put(entry, EntryStatus.failed(Reason.KernelRefused, "The kernel refused."));
        return this;
    }

    /** The kernel told that it is gone. */
    Moment gone(DesiredSa sa) {
        goneSas.add(sa.sa().id());
        return this;
    }

    /** The kernel will not tell how far it came. */
    Moment silent(DesiredSa sa) {
        silentSas.add(sa.sa().id());
        return this;
    }

    /** Somebody changed the policy in its place. */
    Moment changed(DesiredPolicy policy) {
        changedPolicies.add(policy.policy().id());
        return this;
    }

    Moment reported(DesiredSa sa) {
        saReports.add(new SaReport(
                sa.name(),
                sa.origin().uid(),
                1L,
                EntryState.Installed,
                "Installed",
                "",
                true,
                null,
                null,
                null,
                null,
                null));
        return this;
    }

    Moment reported(DesiredPolicy policy) {
        policyReports.add(new PolicyReport(
                policy.name(),
                key(policy).direction(),
                policy.origin().uid(),
                1L,
                EntryState.Installed,
                "Installed",
                "",
                null,
                null,
                null,
                null,
                null));
        return this;
    }

    Moment kernel(XfrmCapabilities kernel) {
        capabilities = kernel;
        return this;
    }

    Moment apiServer(ApiServerWay way) {
        apiServer = way;
        return this;
    }

    // What follows

    DecisionInput now() {
        NodePlanStatus status = new NodePlanStatus(1L, BOOT, "", saReports, policyReports, List.of(), List.of());
        Slice slice = new Slice(
                SLICE, SLICE, 1, new NodePlanSpec("n1", List.of(), List.of(), List.of()), Optional.of(status));
        return new DecisionInput(
                new Desired(planKnown ? Map.of(SLICE, slice) : Map.of(), sas, policies, Map.of(), Map.of()),
                Observed.of(kernelSas, kernelPolicies),
                Journal.EMPTY.with(journal),
                KeyLedger.EMPTY.with(uses),
                new KernelHistory(goneSas, silentSas, Set.of(), changedPolicies),
                origin -> keys.getOrDefault(origin, new KeyView.NotRead()),
                refused,
                Map.of(),
                Acquires.NONE,
                new KernelInfo(BOOT, CpuList.parse("0-3"), capabilities, apiServer),
                NOON);
    }

    Plan plan() {
        return Plan.of(now());
    }

    EntryStatus status(DesiredSa sa) {
        return plan().sas().get(sa.origin());
    }

    EntryStatus status(DesiredPolicy policy) {
        return plan().policies().get(key(policy));
    }

    /** What the rules about policies look up. */
    PolicyFacts policyFacts() {
        DecisionInput now = now();
        Map<Origin, EntryStatus> statuses = Plan.of(now).sas();
        return new PolicyFacts(
                now, new NeededSas(now, new SaFacts(now), sa -> statuses.get(sa.origin())), new ApiServerBypasses(now));
    }

    /** Name of the rule that decides. */
    static <T> String deciding(RuleChain<T> chain, T subject) {
        return chain.rules().stream()
                .filter(rule -> rule.decision().apply(subject).isPresent())
                .findFirst()
                .orElseThrow()
                .name();
    }
}
