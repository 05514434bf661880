package io.ipsecxdp.agent.plan;

import io.ipsecxdp.agent.ledger.InstallTime;
import io.ipsecxdp.agent.ledger.JournalChange.DisownSa;
import io.ipsecxdp.agent.ledger.JournalChange.OwnSa;
import io.ipsecxdp.agent.ledger.KeyFingerprint;
import io.ipsecxdp.agent.ledger.KeyLedger.Allowed;
import io.ipsecxdp.agent.ledger.KeyLedger.AtRisk;
import io.ipsecxdp.agent.ledger.KeyLedger.Exhausted;
import io.ipsecxdp.agent.ledger.KeyLedger.Taken;
import io.ipsecxdp.agent.ledger.KeyLedger.Verdict;
import io.ipsecxdp.agent.ledger.KeyUse;
import io.ipsecxdp.agent.ledger.OwnedSa;
import io.ipsecxdp.agent.plan.Action.AdoptSa;
import io.ipsecxdp.agent.plan.Action.ChangeLifetime;
import io.ipsecxdp.agent.plan.Action.InstallSa;
import io.ipsecxdp.agent.plan.Action.ReadKey;
import io.ipsecxdp.agent.plan.Action.RemoveSa;
import io.ipsecxdp.agent.plan.Action.Write;
import io.ipsecxdp.agent.plan.Action.WriteKey;
import io.ipsecxdp.crds.EntryState;
import io.ipsecxdp.crds.NodePlanStatus;
import io.ipsecxdp.crds.Reason;
import io.ipsecxdp.crds.SaReport;
import io.ipsecxdp.xfrm.Aead;
import io.ipsecxdp.xfrm.Algorithms;
import io.ipsecxdp.xfrm.CipherAndIntegrity;
import io.ipsecxdp.xfrm.Difference;
import io.ipsecxdp.xfrm.Differences;
import io.ipsecxdp.xfrm.IpProtocol;
import io.ipsecxdp.xfrm.Mode;
import io.ipsecxdp.xfrm.ObservedSa;
import io.ipsecxdp.xfrm.Sa;
import io.ipsecxdp.xfrm.SaId;
import io.ipsecxdp.xfrm.XfrmCapabilities;
import io.ipsecxdp.xfrm.XfrmMark;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Decides about the SAs of a node, one by one. */
final class SaDecisions {

    private static final String REMEDY =
            "Make a new SecurityAssociation with another SPI and a new key in its Secret, and delete this one.";

    /**
     * Uids of what is ours.
     *
     * @param live the kernel has it
     * @param untold the kernel does not have it, and may still tell how far it came
     */
    private record Ours(Map<String, OwnedSa> live, Set<String> untold) {}

    private final DecisionInput now;
    private final Map<SaId, DesiredSa> claimants;
    /** By slice and uid; of a slice when it is asked for. */
    private final Map<String, Map<String, SaReport>> reports = new HashMap<>();

    /** Found out when an SA is absent. */
    private Optional<Ours> ours = Optional.empty();

    /** What this kernel lacks for SAs with these algorithms; of each when it is asked for. */
    private final Map<Algorithms, Optional<String>> lacks = new HashMap<>();
    /** Keys that this very plan uses: two SAs of one plan must not get the same. */
    private final Map<KeyFingerprint, KeyUse> promised = new HashMap<>();

    SaDecisions(DecisionInput now) {
        this.now = now;
        this.claimants = claimants(now);
    }

    /** Of several SAs with one identity, the one that has the place keeps it; else the first in the plan gets it. */
    private static Map<SaId, DesiredSa> claimants(DecisionInput now) {
        Map<SaId, DesiredSa> claimants = new HashMap<>();
        for (DesiredSa wanted : now.desired().sas().values()) {
            OwnedSa owned = now.journal().sas().get(wanted.sa().id());
            boolean hasIt = owned != null && owned.uid().equals(wanted.uid());
            claimants.merge(wanted.sa().id(), wanted, (first, other) -> hasIt ? other : first);
        }
        return claimants;
    }

    Decision about(DesiredSa wanted) {
        DesiredSa claimant = claimants.get(wanted.sa().id());
        if (!claimant.uid().equals(wanted.uid())) {
            return Decision.of(EntryStatus.failed(
                    Reason.DuplicateSpi,
                    "The SecurityAssociation %s has the same destination and SPI; choose another SPI."
                            .formatted(claimant.name())));
        }
        ObservedSa there = now.observed().sas().get(wanted.sa().id());
        return there == null ? absent(wanted) : present(wanted, there);
    }

    /** What is ours and is not asked for. */
    List<OwnedSa> strays() {
        return now.journal().sas().values().stream()
                .filter(owned -> !isAskedFor(owned))
                .toList();
    }

    /** What to do about it. */
    List<Action> leftovers(List<OwnedSa> strays) {
        List<Action> actions = new ArrayList<>();
        for (OwnedSa owned : strays) {
            if (!now.desired().knows(owned.slice())) {
                continue;
            }
            if (isLive(owned)) {
                actions.add(new RemoveSa(owned));
            } else if (isSettled(owned)) {
                actions.add(new Write(new DisownSa(owned.id())));
            }
        }
        return actions;
    }

    private boolean isAskedFor(OwnedSa owned) {
        if (now.desired().unfitSas().containsKey(owned.uid())) {
            return true;
        }
        DesiredSa wanted = now.desired().sas().get(owned.uid());
        return wanted != null && wanted.sa().id().equals(owned.id());
    }

    private boolean isLive(OwnedSa owned) {
        ObservedSa there = now.observed().sas().get(owned.id());
        return there != null && now.witness().isOurs(owned, there);
    }

    private Ours ours() {
        if (ours.isEmpty()) {
            Map<String, OwnedSa> live = new HashMap<>();
            Set<String> untold = new HashSet<>();
            for (OwnedSa owned : now.journal().sas().values()) {
                if (isLive(owned)) {
                    live.put(owned.uid(), owned);
                } else if (!isSettled(owned)) {
                    untold.add(owned.uid());
                }
            }
            ours = Optional.of(new Ours(live, untold));
        }
        return ours.get();
    }

    /** Nothing that the kernel may still tell about it needs the entry in the journal. */
    private boolean isSettled(OwnedSa owned) {
        return now.witness().goneSas().contains(owned.id())
                || now.witness().silentSas().contains(owned.id());
    }

    private Decision present(DesiredSa wanted, ObservedSa there) {
        OwnedSa owned = now.journal().sas().get(wanted.sa().id());
        if (owned == null && isAdoptable(wanted, there)) {
            return Decision.of(
                    inForce(wanted), new AdoptSa(wanted, there.counters().added()));
        }
        if (owned == null || !now.witness().isOurs(owned, there)) {
            return Decision.of(foreign(there));
        }
        if (!owned.uid().equals(wanted.uid())) {
            return now.desired().knows(owned.slice())
                    ? Decision.of(EntryStatus.pending(
                            "Waits until the SA of the former SecurityAssociation %s in its place is removed."
                                    .formatted(owned.name())))
                    : Decision.of(EntryStatus.failed(
                            Reason.DuplicateSpi,
                            "The SA of the former SecurityAssociation %s is in this place, and the NodePlan %s that would order its removal is missing."
                                    .formatted(owned.name(), owned.slice())));
        }
        List<Difference> differences =
                Differences.between(wanted.sa(), there, now.facts().capabilities());
        if (differences.isEmpty()) {
            return keep(wanted, owned, there);
        }
        boolean lifetimeAlone = differences.stream()
                .allMatch(difference -> difference.property().equals(Differences.LIFETIME));
        return lifetimeAlone ? changeLifetime(wanted, owned, there) : remake(wanted, owned, there, differences);
    }

    private static EntryStatus foreign(ObservedSa there) {
        return EntryStatus.failed(
                Reason.ForeignEntry,
                "The kernel has an SA in this place that is not ours (%s); it is left alone. Remove it, or choose another SPI."
                        .formatted(there.description()));
    }

    /** The declared lifetime is another one by now, or somebody changed it in the kernel. */
    private Decision changeLifetime(DesiredSa wanted, OwnedSa owned, ObservedSa there) {
        EntryStatus refused = now.refused().get(wanted);
        if (refused != null) {
            return Decision.of(refused);
        }
        List<Action> actions = new ArrayList<>(bookkeeping(wanted, owned, there));
        actions.add(new ChangeLifetime(wanted));
        return new Decision(EntryStatus.pending("Its lifetime is being changed."), actions);
    }

    /** With the state folder lost, what was reported as installed in this very boot is ours. */
    private boolean isAdoptable(DesiredSa wanted, ObservedSa there) {
        boolean reported = report(wanted)
                .filter(report -> report.state() == EntryState.Installed)
                .isPresent();
        return reported
                && inThisBoot(wanted)
                && Differences.between(wanted.sa(), there, now.facts().capabilities())
                        .isEmpty();
    }

    /** What was told last of the entry. It never changes its slice. */
    private Optional<SaReport> report(DesiredSa wanted) {
        return Optional.ofNullable(reports.computeIfAbsent(
                        wanted.slice(),
                        name -> status(name).stream()
                                .flatMap(status -> status.securityAssociations().stream())
                                .collect(Collectors.toMap(SaReport::uid, report -> report, (one, other) -> other)))
                .get(wanted.uid()));
    }

    private boolean inThisBoot(DesiredSa wanted) {
        return status(wanted.slice())
                .filter(status -> now.facts().boot().equals(status.boot()))
                .isPresent();
    }

    private Optional<NodePlanStatus> status(String slice) {
        return Optional.ofNullable(now.desired().slices().get(slice)).flatMap(Slice::status);
    }

    private Decision keep(DesiredSa wanted, OwnedSa owned, ObservedSa there) {
        List<Action> actions = new ArrayList<>(bookkeeping(wanted, owned, there));
        if (now.key(wanted) instanceof KeyView.NotRead) {
            actions.add(new ReadKey(wanted));
        }
        if (owned.key().isEmpty()) {
            inSecret(wanted).flatMap(key -> claim(wanted, key)).ifPresent(actions::add);
        }
        return new Decision(keyChanged(wanted, owned) ? otherKey(wanted) : inForce(wanted, there), actions);
    }

    /** Writes down what was not known when the SA was installed. */
    private static List<Action> bookkeeping(DesiredSa wanted, OwnedSa owned, ObservedSa there) {
        OwnedSa seen =
                wanted.owned(owned.key(), InstallTime.readBack(there.counters().added()));
        return seen.equals(owned) ? List.of() : List.of(new Write(new OwnSa(seen)));
    }

    private Optional<KeyFingerprint> inSecret(DesiredSa wanted) {
        return now.key(wanted) instanceof KeyView.Read read ? Optional.of(read.fingerprint()) : Optional.empty();
    }

    private boolean keyChanged(DesiredSa wanted, OwnedSa owned) {
        Optional<KeyFingerprint> inSecret = inSecret(wanted);
        return inSecret.isPresent() && owned.key().isPresent() && !inSecret.equals(owned.key());
    }

    /**
     * Somebody changed our SA. Only a new one has all properties again; it is made when its key is there, an outbound
     * one when the kernel has told how far the old one came.
     */
    private Decision remake(DesiredSa wanted, OwnedSa owned, ObservedSa there, List<Difference> differences) {
        Decision decision = remake(wanted, owned, differences);
        List<Action> actions = new ArrayList<>(bookkeeping(wanted, owned, there));
        actions.addAll(decision.actions());
        return new Decision(decision.standing(), actions);
    }

    private Decision remake(DesiredSa wanted, OwnedSa owned, List<Difference> differences) {
        String what = "Somebody changed the SA in the kernel: "
                + differences.stream().map(Difference::toString).collect(Collectors.joining(", ")) + ".";
        if (wanted.outbound() && owned.key().isEmpty()) {
            return Decision.of(EntryStatus.failed(
                    Reason.NonceAtRisk,
                    what + " It cannot be made again, because the kernel does not show which key it has. " + REMEDY));
        }
        if (keyChanged(wanted, owned)) {
            return Decision.of(EntryStatus.failed(
                    Reason.KeyChanged,
                    what
                            + " It cannot be made again, because Secret entry %s has another key by now."
                                    .formatted(wanted.key())));
        }
        return switch (now.key(wanted)) {
            case KeyView.NotRead() -> Decision.of(EntryStatus.pending(what), new ReadKey(wanted));
            case KeyView.Reading() -> Decision.of(EntryStatus.pending(what));
            case KeyView.Unavailable(Reason reason, String message) ->
                Decision.of(EntryStatus.failed(reason, what + " It cannot be made again: " + message));
            case KeyView.Read(KeyFingerprint key, boolean atHand)
            when !atHand -> Decision.of(EntryStatus.pending(what), new ReadKey(wanted));
            case KeyView.Read(KeyFingerprint key, boolean atHand) ->
                wanted.outbound()
                        ? Decision.of(EntryStatus.pending(what), new RemoveSa(owned))
                        : Decision.of(EntryStatus.pending(what), new RemoveSa(owned), new InstallSa(wanted, key, 0));
        };
    }

    private Decision absent(DesiredSa wanted) {
        if (now.ledger().hasExpired(wanted.uid())) {
            return Decision.of(EntryStatus.failed(
                    Reason.Expired,
                    "It came to the hard limit of its lifetime, and the kernel deleted it; it is never installed again. "
                            + REMEDY));
        }
        Optional<String> lack = lack(wanted);
        if (lack.isPresent()) {
            return Decision.of(EntryStatus.failed(Reason.Unsupported, lack.get()));
        }
        Optional<ObservedSa> inTheWay = inTheWay(wanted.sa().id());
        if (inTheWay.isPresent()) {
            return Decision.of(foreign(inTheWay.get()));
        }
        OwnedSa elsewhere = ours().live().get(wanted.uid());
        if (elsewhere != null) {
            return Decision.of(EntryStatus.pending(
                    "Waits until the SA that it replaces, %s, is removed.".formatted(elsewhere.id())));
        }
        EntryStatus refused = now.refused().get(wanted);
        if (refused != null) {
            return Decision.of(refused);
        }
        return switch (now.key(wanted)) {
            case KeyView.NotRead() -> Decision.of(EntryStatus.pending("Its key is being read."), new ReadKey(wanted));
            case KeyView.Reading() -> Decision.of(EntryStatus.pending("Its key is being read."));
            case KeyView.Unavailable(Reason reason, String message) -> Decision.of(EntryStatus.failed(reason, message));
            case KeyView.Read(KeyFingerprint key, boolean atHand) -> install(wanted, key, atHand);
        };
    }

    /** An SA whose mark takes in the one of the wanted SA: no mark takes in all ({@code __xfrm_state_locate}). */
    private Optional<ObservedSa> inTheWay(SaId wanted) {
        if (wanted.mark().equals(XfrmMark.NONE)) {
            return Optional.empty();
        }
        return now.observed().sas().values().stream()
                .filter(there -> there.id().withoutMark().equals(wanted.withoutMark()))
                .filter(there -> there.id().mark().takesIn(wanted.mark()))
                .findFirst();
    }

    private Decision install(DesiredSa wanted, KeyFingerprint key, boolean atHand) {
        Verdict verdict = verdict(wanted, key);
        if (verdict instanceof AtRisk && kernelMayStillTell(wanted)) {
            return Decision.of(EntryStatus.pending(
                    "Waits for the kernel to tell the last sequence number of the SA that was deleted."));
        }
        if (!(verdict instanceof Allowed(long last))) {
            List<Action> actions =
                    verdict instanceof AtRisk ? claim(wanted, key).stream().toList() : List.of();
            return new Decision(refusal(wanted, verdict), actions);
        }
        if (!atHand) {
            return Decision.of(EntryStatus.pending("Its key is being read."), new ReadKey(wanted));
        }
        promised.put(key, wanted.use(key));
        return Decision.of(EntryStatus.pending("It is being installed."), new InstallSa(wanted, key, last));
    }

    /** Of a key that this SA may have used before the ledger was begun: fresh it is for no other either. */
    private Optional<Action> claim(DesiredSa wanted, KeyFingerprint key) {
        return now.ledger().usedBy(key).isPresent()
                ? Optional.empty()
                : Optional.of(new WriteKey(wanted.use(key).ofAdopted()));
    }

    private boolean kernelMayStillTell(DesiredSa wanted) {
        return ours().untold().contains(wanted.uid());
    }

    private Verdict verdict(DesiredSa wanted, KeyFingerprint key) {
        KeyUse promise = promised.get(key);
        if (promise != null) {
            return new Taken(promise);
        }
        boolean reportedUsed = report(wanted).filter(SaReport::wasInstalled).isPresent()
                || now.desired().isRememberedAsUsed(wanted);
        return now.ledger()
                .verdict(wanted.uid(), wanted.sa().direction(), wanted.sa().esn(), key, reportedUsed);
    }

    private static EntryStatus refusal(DesiredSa wanted, Verdict verdict) {
        return switch (verdict) {
            case Allowed(long last) -> EntryStatus.pending("It is being installed.");
            case AtRisk() ->
                EntryStatus.failed(
                        Reason.NonceAtRisk,
                        ("The key in Secret entry %s was used by this SA before, and how far is not known (the node was booted anew, or the SAD was flushed): to send with it again could use a nonce twice. "
                                        + REMEDY)
                                .formatted(wanted.key()));
            case Exhausted() ->
                EntryStatus.failed(
                        Reason.NonceAtRisk,
                        ("The key in Secret entry %s has too few sequence numbers left. " + REMEDY)
                                .formatted(wanted.key()));
            case Taken(KeyUse by)
            when isDeclaredAnew(wanted, by) ->
                EntryStatus.failed(
                        Reason.NonceAtRisk,
                        ("The key in Secret entry %s was used on this node by a former SecurityAssociation of this name: to send with it again could use a nonce twice. "
                                        + REMEDY)
                                .formatted(wanted.key()));
            case Taken(KeyUse by) ->
                EntryStatus.failed(
                        Reason.KeyReused,
                        "The key in Secret entry %s has the same bytes as one that %s used on this node. Put a new key there that nothing else uses."
                                .formatted(
                                        wanted.key(),
                                        by.uid().equals(wanted.uid())
                                                ? "this SecurityAssociation in the other direction"
                                                : "the SecurityAssociation " + by.name()));
        };
    }

    /** Deleted and applied again: another object, to which the same key is still given. */
    private static boolean isDeclaredAnew(DesiredSa wanted, KeyUse by) {
        return !by.uid().equals(wanted.uid())
                && by.name().equals(wanted.name())
                && by.direction() == wanted.sa().direction();
    }

    private Optional<String> lack(DesiredSa wanted) {
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

    private EntryStatus inForce(DesiredSa wanted, ObservedSa there) {
        if (wanted.outbound() && there.sequenceIsExhausted()) {
            return EntryStatus.failed(
                    Reason.SequenceExhausted,
                    "Its last sequence number was sent: it sends nothing any more. " + REMEDY);
        }
        return there.softLimit(now.at())
                .map(limit -> new EntryStatus(
                        EntryState.Installed,
                        Reason.SoftExpired,
                        "In force, and beyond the soft limit of its lifetime in %s: it goes on until the hard one. "
                                        .formatted(limit)
                                + REMEDY))
                .or(() -> wanted.sa()
                        .options()
                        .offload()
                        .filter(offload -> there.options().offload().isEmpty())
                        .map(offload -> new EntryStatus(
                                EntryState.Installed,
                                Reason.Unsupported,
                                "In force, and the kernel does the cryptography: interface %d does not (esp-hw-offload of 'ethtool -k' is off). Declare a new SecurityAssociation without offload, or with another device."
                                        .formatted(offload.interfaceIndex()))))
                .orElseGet(() -> inForce(wanted));
    }

    private EntryStatus inForce(DesiredSa wanted) {
        boolean ownerIgnored = wanted.sa().ownerCpu().isPresent()
                && !now.facts().capabilities().perCpuSa();
        if (!ownerIgnored) {
            return EntryStatus.installed("In force.");
        }
        return EntryStatus.installed(
                wanted.outbound()
                        ? "In force without its owner CPU, because this kernel has no SAs with an owner: it serves all CPUs."
                        : "In force without its owner CPU, because this kernel has no SAs with an owner: only steering brings its packets there.");
    }

    private static EntryStatus otherKey(DesiredSa wanted) {
        return new EntryStatus(
                EntryState.Installed,
                Reason.KeyChanged,
                "In force with the key that it was installed with; Secret entry %s has another one by now. Put the old one back, or make a new SecurityAssociation for the new one."
                        .formatted(wanted.key()));
    }
}
