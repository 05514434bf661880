package io.ipsecxdp.xfrm.netlink;

import io.ipsecxdp.xfrm.AddressFamily;
import io.ipsecxdp.xfrm.Aead;
import io.ipsecxdp.xfrm.Algorithms;
import io.ipsecxdp.xfrm.AuthAlgorithm;
import io.ipsecxdp.xfrm.Change;
import io.ipsecxdp.xfrm.Cipher;
import io.ipsecxdp.xfrm.CipherAndIntegrity;
import io.ipsecxdp.xfrm.IpProtocol;
import io.ipsecxdp.xfrm.KernelError;
import io.ipsecxdp.xfrm.KeyMaterial;
import io.ipsecxdp.xfrm.Lifetime;
import io.ipsecxdp.xfrm.Mode;
import io.ipsecxdp.xfrm.ObservedSa;
import io.ipsecxdp.xfrm.Prefix;
import io.ipsecxdp.xfrm.Sa;
import io.ipsecxdp.xfrm.SaBuilder;
import io.ipsecxdp.xfrm.SaDir;
import io.ipsecxdp.xfrm.SaId;
import io.ipsecxdp.xfrm.SaOptions;
import io.ipsecxdp.xfrm.XfrmCapabilities;
import io.ipsecxdp.xfrm.XfrmMark;
import io.ipsecxdp.xfrm.XfrmSelector;
import io.ipsecxdp.xfrm.codec.XfrmDecoder;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * Finds out what the kernel can do by installing SAs that no packet can match: their ends are addresses of
 * documentation (RFC 5737, RFC 3849) and their SPIs random. They are removed at once, and if this process dies in
 * between, the kernel ends them after some seconds.
 */
final class Prober {

    private static final XfrmCapabilities PLAIN =
            new XfrmCapabilities(false, false, Set.of(), Set.of(), false, Set.of(), Set.of(), Set.of(), List.of());

    private static final SaOptions BRIEF = SaOptions.NONE.withLifetime(Lifetime.ofSeconds(10));

    /** What is tried where something else than the algorithm is asked about. */
    private static final Aead USUAL = Aead.aesGcm(256, 128);

    private static final int SOME_WINDOW = 32;

    /** @param thing what the SA is tried for */
    private record Trial(Thing thing, Sa sa) {}

    /** Something that a kernel may have or not. */
    private sealed interface Thing {}

    private record Esp(AddressFamily family) implements Thing {}

    private record Ah(AddressFamily family) implements Thing {}

    private record Beet() implements Thing {}

    private record OfAead(Aead aead) implements Thing {}

    private record OfCipher(Cipher cipher) implements Thing {}

    private record OfIntegrity(AuthAlgorithm integrity) implements Thing {}

    private final Conversation conversation;
    private final SplittableRandom random = new SplittableRandom();
    private final List<String> missing = new ArrayList<>();

    Prober(Conversation conversation) {
        this.conversation = conversation;
    }

    XfrmCapabilities probe() {
        Optional<ObservedSa> larval = larvalSaWithAllAttributes();
        boolean direction = larval.flatMap(ObservedSa::direction).isPresent();
        boolean perCpu = larval.map(sa -> sa.ownerCpu().isPresent()).orElse(false);
        if (larval.isPresent() && !direction) {
            missing.add("This kernel's SAs have no direction (XFRMA_SA_DIR), and so no owner CPU.");
        } else if (larval.isPresent() && !perCpu) {
            missing.add("This kernel's SAs have no owner CPU (XFRMA_SA_PCPU).");
        }
        Set<Thing> things = tryAll();
        return new XfrmCapabilities(
                direction,
                perCpu,
                families(family -> things.contains(new Esp(family))),
                families(family -> things.contains(new Ah(family))),
                things.contains(new Beet()),
                which(things, Aead.known(), OfAead::new),
                which(things, Cipher.known(), OfCipher::new),
                which(things, AuthAlgorithm.known(), OfIntegrity::new),
                missing);
    }

    /** A larval SA needs no ESP; a kernel that does not know an attribute ignores it and does not show it. */
    private Optional<ObservedSa> larvalSaWithAllAttributes() {
        SaId id = SaId.esp(destination(AddressFamily.IPV4), random.nextLong(256, 1L << Integer.SIZE));
        Conversation.Answer<ObservedSa> answer = conversation.ask(
                (encoder, sequence) ->
                        encoder.reserveSpi(sequence, id, source(AddressFamily.IPV4), SaDir.IN, OptionalInt.of(0)),
                XfrmDecoder::sa);
        answer.error().ifPresent(error -> missing.add("This kernel reserves no SPI: %s.".formatted(error)));
        delete(answer.value().stream().map(ObservedSa::id).toList());
        return answer.value();
    }

    /** Algorithms are tried with one family, as they are the same for both. */
    private Set<Thing> tryAll() {
        List<Trial> trials = new ArrayList<>();
        for (AddressFamily family : AddressFamily.values()) {
            trials.add(trial(new Esp(family), IpProtocol.ESP, family, USUAL));
            trials.add(trial(
                    new Ah(family), IpProtocol.AH, family, CipherAndIntegrity.of(AuthAlgorithm.HMAC_SHA2_256_128)));
        }
        trials.add(beet());
        Aead.known().forEach(aead -> trials.add(trial(new OfAead(aead), IpProtocol.ESP, AddressFamily.IPV4, aead)));
        Cipher.known()
                .forEach(cipher -> trials.add(trial(
                        new OfCipher(cipher),
                        IpProtocol.ESP,
                        AddressFamily.IPV4,
                        CipherAndIntegrity.of(cipher, AuthAlgorithm.HMAC_SHA2_256_128))));
        AuthAlgorithm.known()
                .forEach(integrity -> trials.add(trial(
                        new OfIntegrity(integrity),
                        IpProtocol.ESP,
                        AddressFamily.IPV4,
                        CipherAndIntegrity.of(Cipher.NULL, integrity))));
        List<Optional<KernelError>> answers = conversation.request(
                trials.stream().map(trial -> adding(trial.sa())).toList());
        Set<Thing> things = new HashSet<>();
        List<SaId> accepted = new ArrayList<>();
        for (int i = 0; i < trials.size(); i++) {
            if (answers.get(i).isEmpty()) {
                things.add(trials.get(i).thing());
                accepted.add(trials.get(i).sa().id());
            }
        }
        delete(accepted);
        for (int i = 0; i < trials.size(); i++) {
            Thing thing = trials.get(i).thing();
            answers.get(i).flatMap(error -> lack(thing, error, things)).ifPresent(missing::add);
        }
        return things;
    }

    /** Without ESP there is nothing to be said about what ESP could have. */
    private static Optional<String> lack(Thing thing, KernelError error, Set<Thing> things) {
        boolean esp = things.contains(new Esp(AddressFamily.IPV4));
        return switch (thing) {
            case Esp(AddressFamily family) ->
                Optional.of("This kernel takes no %s ESP SA with AES-GCM: %s.".formatted(family, error));
            case Ah(AddressFamily family) -> Optional.of("This kernel takes no %s AH SA: %s.".formatted(family, error));
            case Beet() when esp -> Optional.of("This kernel takes no SA in BEET mode: %s.".formatted(error));
            case OfAead(Aead aead) when esp -> Optional.of(cannotHave(aead, error));
            case OfCipher(Cipher cipher) when esp -> Optional.of(cannotHave(cipher, error));
            case OfIntegrity(AuthAlgorithm integrity) when esp -> Optional.of(cannotHave(integrity, error));
            default -> Optional.empty();
        };
    }

    private static String cannotHave(Record algorithm, KernelError error) {
        return "This kernel's SAs cannot have %s: %s.".formatted(algorithm, error);
    }

    private static Set<AddressFamily> families(Predicate<AddressFamily> has) {
        return Arrays.stream(AddressFamily.values()).filter(has).collect(Collectors.toSet());
    }

    private static <T> Set<T> which(Set<Thing> things, List<T> known, Function<T, Thing> thing) {
        return known.stream().filter(one -> things.contains(thing.apply(one))).collect(Collectors.toSet());
    }

    private Trial trial(Thing thing, IpProtocol protocol, AddressFamily family, Algorithms algorithms) {
        return new Trial(thing, sa(protocol, family, Mode.TRANSPORT, algorithms, BRIEF));
    }

    private Trial beet() {
        AddressFamily family = AddressFamily.IPV4;
        XfrmSelector inner = XfrmSelector.between(Prefix.host(source(family)), Prefix.host(destination(family)));
        SaOptions options = BRIEF.withSelector(Optional.of(inner));
        return new Trial(new Beet(), sa(IpProtocol.ESP, family, Mode.BEET, USUAL, options));
    }

    private Sa sa(IpProtocol protocol, AddressFamily family, Mode mode, Algorithms algorithms, SaOptions options) {
        SaId id = new SaId(destination(family), protocol, random.nextLong(256, 1L << Integer.SIZE), XfrmMark.NONE);
        return SaBuilder.builder()
                .id(id)
                .source(source(family))
                .direction(SaDir.IN)
                .mode(mode)
                .algorithms(algorithms)
                .reqid(id.spi())
                .replayWindow(SOME_WINDOW)
                .options(options)
                .build();
    }

    private static Conversation.Request adding(Sa sa) {
        return (encoder, sequence) -> {
            try (KeyMaterial key = KeyMaterial.random(sa.algorithms().keyBytes())) {
                encoder.change(sequence, new Change.AddSa(sa, key), PLAIN);
            }
        };
    }

    private void delete(List<SaId> ids) {
        conversation.request(ids.stream()
                .<Conversation.Request>map(
                        id -> (encoder, sequence) -> encoder.change(sequence, new Change.DeleteSa(id), PLAIN))
                .toList());
    }

    private static InetAddress source(AddressFamily family) {
        return switch (family) {
            case IPV4 -> literal("192.0.2.1");
            case IPV6 -> literal("2001:db8::1");
        };
    }

    private static InetAddress destination(AddressFamily family) {
        return switch (family) {
            case IPV4 -> literal("192.0.2.2");
            case IPV6 -> literal("2001:db8::2");
        };
    }

    private static InetAddress literal(String address) {
        try {
            return InetAddress.getByName(address);
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException(address + " is no address", e);
        }
    }
}
