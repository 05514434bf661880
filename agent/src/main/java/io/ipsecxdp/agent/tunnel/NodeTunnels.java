package io.ipsecxdp.agent.tunnel;

import io.ipsecxdp.agent.ledger.Journal;
import io.ipsecxdp.agent.ledger.KernelHistory;
import io.ipsecxdp.agent.ledger.KeyLedger;
import io.ipsecxdp.agent.ledger.KeyUse;
import io.ipsecxdp.agent.ledger.Origin;
import io.ipsecxdp.agent.ledger.OwnedSa;
import io.ipsecxdp.agent.plan.Desired;
import io.ipsecxdp.agent.plan.KernelInfo;
import io.ipsecxdp.agent.plan.KeySource;
import io.ipsecxdp.agent.plan.Round;
import io.ipsecxdp.agent.plan.Slice;
import io.ipsecxdp.agent.secrets.PresharedKeys;
import io.ipsecxdp.agent.tunnel.GenerationStore.Content;
import io.ipsecxdp.crds.KeyShareSpec;
import io.ipsecxdp.crds.PlannedTunnel;
import io.ipsecxdp.crds.TunnelReport;
import io.ipsecxdp.xfrm.KeyMaterial;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jboss.logging.Logger;

/**
 * The tunnels of this node from moment to moment: what was heard, what was said, what the kernel is to have. It decides by
 * {@link Agreement} and leaves the doing to others: SAs and policies to whoever reconciles the kernel, the rest to
 * {@link PeerLink} and {@link GenerationStore}. For one thread.
 */
public final class NodeTunnels {

    private static final Logger LOG = Logger.getLogger(NodeTunnels.class);

    /** What only time brings, such as the window of a rekey, is noticed so late. */
    private static final Duration LOOK_AGAIN = Duration.ofSeconds(5);

    /**
     * How everything stands at one moment.
     *
     * @param slices the NodePlans
     * @param round the last one
     */
    public record Now(
            List<Slice> slices,
            Round round,
            Journal journal,
            KeyLedger ledger,
            KernelHistory history,
            KernelInfo facts,
            Instant at) {

        private List<PlannedTunnel> planned() {
            return slices.stream()
                    .flatMap(slice -> slice.spec().tunnels().stream())
                    .toList();
        }
    }

    /** This node's KeyShare, as the API server has it. */
    private record Published(KeyShareSpec spec, long version) {}

    private final String node;
    private final GenerationStore store;
    private final PrivateValues values;
    private final Spis spis;
    private final PeerLink link;
    private final Shares shares = new Shares();
    private final PresharedKeyBook presharedKeys;
    private final FitBook fits;
    /** SAs that the kernel had, of generations that are not wiped: what of them is not there any more is lost. */
    private final Set<TunnelSa> installed = new HashSet<>();
    /** Uids of tunnels that this node was leaving when it was last in them. */
    private final Set<String> left = new HashSet<>();

    /** Generations whose keys the ledger may have, when it was last asked for those of others. */
    private Optional<Set<String>> knownToLedger = Optional.empty();

    private TunnelMemory memory;
    private Map<String, String> answered;
    private Inherited inherited;
    private boolean ledgerRead;
    private Optional<Heard> heard = Optional.empty();
    private Optional<Published> published = Optional.empty();
    private Optional<String> self = Optional.empty();
    private Optional<TunnelEntries> entries = Optional.empty();
    private Map<String, TunnelReport> reports = Map.of();
    private Optional<Instant> due = Optional.empty();

    /** @param node its name */
    public NodeTunnels(String node, GenerationStore store, PeerLink link, Ways.Reader ways) {
        this.node = node;
        this.store = store;
        this.values = store.values();
        this.spis = new Spis(values);
        this.link = link;
        this.presharedKeys = new PresharedKeyBook(values, link);
        this.fits = new FitBook(ways);
        this.memory = store.content().memory();
        this.answered = store.content().answered();
        this.inherited = store.content().inherited();
    }

    /** News of the API server. */
    public void heard(Heard news) {
        // What was written a moment ago may not be among the news yet; after a backup it never will be
        boolean isOlder = published.filter(own -> news.seen() < own.version()).isPresent()
                && heard.filter(before -> news.seen() < before.seen()).isEmpty();
        if (!isOlder) {
            published =
                    Optional.ofNullable(news.shares().get(node)).map(own -> new Published(own.spec(), own.version()));
            published.ifPresent(own -> memory = memory.wrote(own.spec(), own.version()));
        }
        heard = Optional.of(news);
        shares.hear(news);
    }

    /** The API server has taken this node's KeyShare. */
    public void wrote(KeyShareSpec share, long version) {
        published = Optional.of(new Published(share, version));
        memory = memory.wrote(share, version);
        keep();
    }

    /** What came of reading the pre-shared key of a tunnel. */
    public void presharedKey(String tunnel, PresharedKeys.Answer answer) {
        presharedKeys.arrived(tunnel, answer);
    }

    /** An interface or a route is another one. */
    public void linksChanged() {
        fits.linksChanged();
    }

    /** When {@link #work} is to be called, if nothing happens before. */
    public Optional<Instant> due() {
        return due;
    }

    /** By uid of the tunnel. */
    public Map<String, TunnelReport> reports() {
        return reports;
    }

    /** The NodePlans, and beside them what tunnels ask for, once that is known. */
    public List<Slice> with(Collection<Slice> slices) {
        return Stream.concat(slices.stream(), entries.map(TunnelEntries::slice).stream())
                .toList();
    }

    /** What NodePlans list, and what tunnels ask for, once that is known. */
    public Desired with(Desired declared) {
        return entries.map(more -> declared.with(more.slice(), more.sas())).orElse(declared);
    }

    /** The key of an SA of a tunnel, for the caller to close; empty if this node has lost what it is derived of. */
    public Optional<KeyMaterial> key(KeySource.Derived source) {
        return TunnelSa.of(source.sa())
                .flatMap(sa -> self.flatMap(uid ->
                        values.key(sa, uid, TunnelEntries.cipher(source), TunnelEntries.presharedKey(sa, memory))));
    }

    /** Uses of keys that nobody can derive again, since this node has wiped its part of them, and that no SA of it has. */
    public List<KeyUse> underivable(Now now) {
        Set<String> own = own();
        if (knownToLedger.equals(Optional.of(own))) {
            return List.of();
        }
        knownToLedger = Optional.of(own);
        Set<Origin> inKernel =
                now.journal().sas().values().stream().map(OwnedSa::origin).collect(Collectors.toSet());
        return now.ledger().uses().stream()
                .filter(use -> TunnelSa.of(use.origin())
                        .filter(sa -> !own.contains(sa.own()))
                        .isPresent())
                .filter(use -> !inKernel.contains(use.origin()))
                .toList();
    }

    /** Decides; returns whether the kernel is to have something else than before. */
    public boolean work(Now now) {
        List<PlannedTunnel> planned = now.planned();
        TunnelView journaled = TunnelView.of(now.journal(), now.round().observed(), now.history());
        boolean concerned = !planned.isEmpty() || !memory.generations().isEmpty() || !journaled.isEmpty();
        link.listen(concerned);
        due = concerned ? Optional.of(now.at().plus(LOOK_AGAIN)) : Optional.empty();
        if (!concerned) {
            heard = Optional.empty();
            reports = Map.of();
            return false;
        }
        presharedKeys.ask(planned, now.at());
        if (heard.isEmpty()) {
            reports = TunnelReports.unheard(planned);
            return false;
        }
        Memberships members = Memberships.of(node, planned, heard.get().peers(), presharedKeys.versions());
        members.in().forEach(tunnel -> {
            if (tunnel.self().leaves()) {
                left.add(tunnel.uid());
            } else {
                left.remove(tunnel.uid());
            }
        });
        self = members.self().or(() -> published.map(own -> own.spec().nodeUid()));
        Recognition recognised = recognise(members, journaled, now);
        TunnelView view = journaled.with(recognised);
        boolean nothing = members.in().isEmpty() && memory.generations().isEmpty() && view.isEmpty();
        if (self.isEmpty() || nothing || isHeld(members, view)) {
            reports = TunnelReports.notIn(planned, presharedKeys::lack);
            return false;
        }
        remember(view, now.ledger());
        installed.addAll(recognised.missing());
        return decide(input(members, view, now), members, view, now);
    }

    private Recognition recognise(Memberships members, TunnelView journaled, Now now) {
        return self.map(uid -> Recognition.of(
                        inherited,
                        new Recognition.Knowledge(
                                new TunnelInput.Self(node, uid, now.facts().boot()),
                                members.in(),
                                shares.of(members.in()),
                                memory,
                                sendingCpus(now),
                                published.map(Published::spec),
                                spis),
                        journaled,
                        now.round().observed()))
                .orElse(Recognition.NOTHING);
    }

    /** Those for which the kernel can have an SA each. */
    private static List<Integer> sendingCpus(Now now) {
        return now.facts().capabilities().perCpuSa()
                ? List.copyOf(now.facts().cpus().cpus())
                : List.of();
    }

    /** That an entry is missing is no word of anybody's: what its tunnel has here stays, unless the entry was leaving. */
    private boolean isHeld(Memberships members, TunnelView view) {
        return members.out().stream().anyMatch(tunnel -> !left.contains(tunnel.uid()) && view.has(tunnel.uid()));
    }

    private void remember(TunnelView view, KeyLedger ledger) {
        if (!ledgerRead) {
            ledgerRead = true;
            ledger.uses().stream()
                    .map(use -> use.origin())
                    .filter(ledger::hasUsed)
                    .flatMap(origin -> TunnelSa.of(origin).stream())
                    .forEach(installed::add);
        }
        entries.ifPresent(asked -> asked.sas().keySet().stream()
                .filter(ledger::hasUsed)
                .flatMap(origin -> TunnelSa.of(origin).stream())
                .forEach(installed::add));
        installed.addAll(view.sas().keySet());
        Set<String> own = own();
        installed.removeIf(sa -> !own.contains(sa.own()));
    }

    /** Public values of the generations that are not wiped. */
    private Set<String> own() {
        return memory.generations().stream().map(OwnGeneration::publicKey).collect(Collectors.toSet());
    }

    private TunnelInput input(Memberships members, TunnelView view, Now now) {
        Set<TunnelSa> lost = new HashSet<>(installed);
        lost.removeAll(view.sas().keySet());
        return new TunnelInput(
                new TunnelInput.Self(node, self.orElseThrow(), now.facts().boot()),
                members.in(),
                shares.of(members.in()),
                heard.orElseThrow().seen(),
                published.map(Published::spec),
                view.sas().keySet(),
                lost,
                view.policies(members.in()),
                sendingCpus(now),
                view.worn(members.in()),
                asked(members),
                now.at());
    }

    private Optional<RekeyCause> asked(Memberships members) {
        boolean isOld = !memory.generations().isEmpty()
                && inherited.has(memory.generations().getLast());
        return isOld
                ? Optional.of(RekeyCause.LOST_LEDGER)
                : Optional.of(RekeyCause.ASKED).filter(cause -> isAsked(members));
    }

    /** A request that was there when the node joined is answered by its first keys. */
    private boolean isAsked(Memberships members) {
        return members.in().stream()
                .map(Membership::planned)
                .anyMatch(tunnel ->
                        !answered.getOrDefault(tunnel.uid(), tunnel.request()).equals(tunnel.request()));
    }

    private Map<String, String> requests(TunnelInput in, boolean made) {
        return in.tunnels().stream()
                .map(Membership::planned)
                .collect(Collectors.toMap(
                        PlannedTunnel::uid,
                        tunnel -> made ? tunnel.request() : answered.getOrDefault(tunnel.uid(), tunnel.request())));
    }

    private boolean decide(TunnelInput in, Memberships members, TunnelView view, Now now) {
        TunnelDecision decision = Agreement.decide(in, memory);
        if (decision.make().isPresent()) {
            make(decision.make().get(), in);
            decision = Agreement.decide(in, memory);
        }
        memory = decision.memory();
        answered = requests(in, false);
        decision.wipe().forEach(values::wipe);
        presharedKeys.keepFor(memory.generations());
        keep();
        TunnelEntries next = TunnelEntries.of(
                in, decision, view, spis, now.round().observed().sas().keySet(), entries.orElse(TunnelEntries.NONE));
        boolean changed = !entries.equals(Optional.of(next));
        entries = Optional.of(next);
        // What is said is true of the kernel as it was read back: not while it is being changed
        KeyShareSpec share = decision.share().with(spis.exceptions(members.in(), in.self(), memory, view.sas()));
        if (!changed && !in.published().equals(Optional.of(share))) {
            link.say(share);
        }
        reports = new TunnelReports(
                        in, decision, next, now.round().plan(), shares.nonsense(), fits.of(in.tunnels(), now.at()))
                .of(members, presharedKeys::lack);
        memory.unwanted().values().stream()
                .map(since -> since.plus(Agreement.DRAIN))
                .min(Comparator.naturalOrder())
                .filter(drained -> drained.isBefore(due.orElseThrow()))
                .ifPresent(drained -> due = Optional.of(drained));
        return changed;
    }

    /** The order in which a node made its generations is that of their times, also where its clock was set back. */
    private void make(RekeyCause cause, TunnelInput in) {
        Instant made = Stream.concat(
                        memory.generations().stream().map(OwnGeneration::created),
                        in.published().stream()
                                .flatMap(share -> share.generations().stream())
                                .map(generation -> Instant.parse(generation.created())))
                .map(before -> before.plusSeconds(1))
                .filter(in.now()::isBefore)
                .max(Comparator.naturalOrder())
                .orElse(in.now())
                .truncatedTo(ChronoUnit.SECONDS);
        memory = memory.with(OwnGeneration.made(values.make(), made, Agreement.presharedKeys(in.tunnels())));
        answered = requests(in, true);
        keep();
        LOG.infof("this node makes new keys for its tunnels: %s", cause);
    }

    private void keep() {
        inherited = inherited.only(memory.generations());
        store.write(new Content(memory, answered, inherited));
    }
}
