package io.ipsecxdp.agent.plan;

import io.ipsecxdp.agent.ledger.KeyFingerprint;
import io.ipsecxdp.agent.ledger.KeyLedger.Allowed;
import io.ipsecxdp.agent.ledger.KeyLedger.AtRisk;
import io.ipsecxdp.agent.ledger.KeyLedger.Candidate;
import io.ipsecxdp.agent.ledger.KeyLedger.Taken;
import io.ipsecxdp.agent.ledger.KeyLedger.Verdict;
import io.ipsecxdp.agent.ledger.KeyUse;
import io.ipsecxdp.agent.ledger.Origin;
import io.ipsecxdp.agent.ledger.OwnedSa;
import io.ipsecxdp.crds.NodePlanStatus;
import io.ipsecxdp.crds.SaReport;
import io.ipsecxdp.xfrm.Aead;
import io.ipsecxdp.xfrm.Algorithms;
import io.ipsecxdp.xfrm.CipherAndIntegrity;
import io.ipsecxdp.xfrm.IpProtocol;
import io.ipsecxdp.xfrm.Mode;
import io.ipsecxdp.xfrm.ObservedSa;
import io.ipsecxdp.xfrm.Sa;
import io.ipsecxdp.xfrm.SaId;
import io.ipsecxdp.xfrm.XfrmCapabilities;
import io.ipsecxdp.xfrm.XfrmMark;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What the rules about SAs look up. For one plan; what takes long to find out is found out when it is asked for. */
final class SaFacts {

    /** The only way on for an SA whose key must not be used any more. */
    static final String REMEDY =
            "Make a new SecurityAssociation with another SPI and a new key in its Secret, and delete this one.";

    /**
     * Origins of what is ours.
     *
     * @param live the kernel has it
     * @param untold the kernel does not have it, and may still tell how far it came
     */
    private record Ours(Map<Origin, OwnedSa> live, Set<Origin> untold) {}

    private final DecisionInput now;
    private final Map<SaId, DesiredSa> claimants;
    /** By slice and origin. */
    private final Map<String, Map<Origin, SaReport>> reports = new HashMap<>();

    private Optional<Ours> ours = Optional.empty();

    /** By identity without the mark. */
    private Optional<Map<SaId, List<ObservedSa>>> unmarked = Optional.empty();

    /** What this kernel lacks for SAs with these algorithms. */
    private final Map<Algorithms, Optional<String>> lacks = new HashMap<>();
    /** Keys that this very plan uses: two SAs of one plan must not get the same. */
    private final Map<KeyFingerprint, KeyUse> promised = new HashMap<>();

    SaFacts(DecisionInput now) {
        this.now = now;
        this.claimants = claimants(now);
    }

    /** Of several SAs with one identity, the one that has the place keeps it; else the first in the plan gets it. */
    private static Map<SaId, DesiredSa> claimants(DecisionInput now) {
        Map<SaId, DesiredSa> claimants = new HashMap<>();
        for (DesiredSa wanted : now.desired().sas().values()) {
            OwnedSa owned = now.journal().sas().get(wanted.sa().id());
            boolean hasIt = owned != null && owned.origin().equals(wanted.origin());
            claimants.merge(wanted.sa().id(), wanted, (first, other) -> hasIt ? other : first);
        }
        return claimants;
    }

    DecisionInput now() {
        return now;
    }

    /** Who has, or gets, the place of this one. */
    DesiredSa claimant(DesiredSa wanted) {
        return claimants.get(wanted.sa().id());
    }

    Optional<ObservedSa> there(DesiredSa wanted) {
        return Optional.ofNullable(now.observed().sas().get(wanted.sa().id()));
    }

    Optional<OwnedSa> owned(DesiredSa wanted) {
        return Optional.ofNullable(now.journal().sas().get(wanted.sa().id()));
    }

    boolean isLive(OwnedSa owned) {
        ObservedSa there = now.observed().sas().get(owned.id());
        return there != null && now.history().isOurs(owned, there);
    }

    /** Nothing that the kernel may still tell about it needs the entry in the journal. */
    boolean isSettled(OwnedSa owned) {
        return now.history().goneSas().contains(owned.id())
                || now.history().silentSas().contains(owned.id());
    }

    /** The SA that the kernel has of the same origin, in another place. */
    Optional<OwnedSa> live(DesiredSa wanted) {
        return Optional.ofNullable(ours().live().get(wanted.origin()));
    }

    boolean kernelMayStillTell(DesiredSa wanted) {
        return ours().untold().contains(wanted.origin());
    }

    private Ours ours() {
        if (ours.isEmpty()) {
            Map<Origin, OwnedSa> live = new HashMap<>();
            Set<Origin> untold = new HashSet<>();
            for (OwnedSa owned : now.journal().sas().values()) {
                if (isLive(owned)) {
                    live.put(owned.origin(), owned);
                } else if (!isSettled(owned)) {
                    untold.add(owned.origin());
                }
            }
            ours = Optional.of(new Ours(live, untold));
        }
        return ours.get();
    }

    /** An SA whose mark takes in the one of the wanted SA: no mark takes in all ({@code __xfrm_state_locate}). */
    Optional<ObservedSa> inTheWay(DesiredSa wanted) {
        SaId id = wanted.sa().id();
        if (id.mark().equals(XfrmMark.NONE)) {
            return Optional.empty();
        }
        if (unmarked.isEmpty()) {
            unmarked = Optional.of(now.observed().sas().values().stream()
                    .collect(Collectors.groupingBy(there -> there.id().withoutMark())));
        }
        return unmarked.get().getOrDefault(id.withoutMark(), List.of()).stream()
                .filter(there -> there.id().mark().takesIn(id.mark()))
                .findFirst();
    }

    /** What was told last of the entry. It never changes its slice. */
    Optional<SaReport> report(DesiredSa wanted) {
        return Optional.ofNullable(reports.computeIfAbsent(
                        wanted.slice(),
                        name -> status(name).stream()
                                .flatMap(status -> status.securityAssociations().stream())
                                .collect(Collectors.toMap(
                                        report -> Origin.of(report.uid(), report.childName()),
                                        report -> report,
                                        (one, other) -> other)))
                .get(wanted.origin()));
    }

    boolean reportedInThisBoot(DesiredSa wanted) {
        return status(wanted.slice())
                .filter(status -> now.facts().boot().equals(status.boot()))
                .isPresent();
    }

    /** Whether the SA, or one that it is the same object as, was installed on this node, in this boot or before. */
    boolean wasEverInForce(DesiredSa wanted) {
        return now.ledger().hasUsed(wanted.origin()) || wasReportedUsed(wanted);
    }

    private boolean wasReportedUsed(DesiredSa wanted) {
        return report(wanted).filter(SaReport::wasInstalled).isPresent()
                || now.desired().isRememberedAsUsed(wanted);
    }

    private Optional<NodePlanStatus> status(String slice) {
        return Optional.ofNullable(now.desired().slices().get(slice)).flatMap(Slice::status);
    }

    /** The key in the Secret, if it was read. */
    Optional<KeyFingerprint> inSecret(DesiredSa wanted) {
        return now.key(wanted) instanceof KeyView.Read read ? Optional.of(read.fingerprint()) : Optional.empty();
    }

    /** Whether an SA that the kernel does not have may be installed with the key. */
    Verdict verdict(DesiredSa wanted, KeyFingerprint key) {
        KeyUse promise = promised.get(key);
        if (promise != null) {
            return new Taken(promise);
        }
        Verdict verdict = now.ledger()
                .verdict(
                        new Candidate(
                                wanted.origin(),
                                wanted.sa().direction(),
                                wanted.sa().esn(),
                                wanted.isSequenced()),
                        key,
                        wasReportedUsed(wanted));
        // Whatever number is known is the kernel's, which the device does not tell
        boolean guessed = wanted.isCountedByDevice() && verdict instanceof Allowed(long last) && last > 0;
        return guessed ? new AtRisk() : verdict;
    }

    /** No other SA of this plan gets the key. */
    void promise(DesiredSa wanted, KeyFingerprint key) {
        promised.put(key, wanted.use(key));
    }

    /** Of a key that this SA may have used before the ledger was begun: fresh it is for no other either. */
    Optional<Action> claim(DesiredSa wanted, KeyFingerprint key) {
        return now.ledger().usedBy(key).isPresent()
                ? Optional.empty()
                : Optional.of(new Action.WriteKey(wanted.use(key).ofAdopted()));
    }

    /** A sentence about what this kernel lacks for the SA. */
    Optional<String> lack(DesiredSa wanted) {
        XfrmCapabilities kernel = now.facts().capabilities();
        Sa sa = wanted.sa();
        boolean ah = sa.id().protocol().equals(IpProtocol.AH);
        if (!(ah ? kernel.ah() : kernel.esp()).contains(sa.family())) {
            return said(kernel, "%s %s SA".formatted(sa.family(), ah ? "AH" : "ESP"));
        }
        if (sa.mode() == Mode.BEET && !kernel.beet()) {
            return said(kernel, "SA in BEET mode");
        }
        return lacks.computeIfAbsent(
                sa.algorithms(),
                algorithms -> parts(algorithms)
                        .filter(algorithm -> !kernel.has(algorithm))
                        .findFirst()
                        .flatMap(algorithm -> said(kernel, algorithm.toString())));
    }

    private static Stream<Algorithms> parts(Algorithms algorithms) {
        return switch (algorithms) {
            case Aead aead -> Stream.of(aead);
            case CipherAndIntegrity(var cipher, var integrity) ->
                Stream.concat(
                        cipher.map(one -> new CipherAndIntegrity(Optional.of(one), Optional.empty())).stream(),
                        integrity.map(one -> new CipherAndIntegrity(Optional.empty(), Optional.of(one))).stream());
        };
    }

    /** What the probe said about it. */
    private static Optional<String> said(XfrmCapabilities kernel, String thing) {
        return kernel.missing().stream()
                .filter(sentence -> sentence.contains(thing))
                .findFirst()
                .or(() -> Optional.of("This kernel cannot do %s.".formatted(thing)));
    }
}
