package io.ipsecxdp.agent.xfrm.netlink;

import io.ipsecxdp.agent.key.KeyMaterial;
import io.ipsecxdp.agent.xfrm.AddressFamily;
import io.ipsecxdp.agent.xfrm.Aead;
import io.ipsecxdp.agent.xfrm.Change;
import io.ipsecxdp.agent.xfrm.KernelError;
import io.ipsecxdp.agent.xfrm.Lifetime;
import io.ipsecxdp.agent.xfrm.Mode;
import io.ipsecxdp.agent.xfrm.ObservedSa;
import io.ipsecxdp.agent.xfrm.Sa;
import io.ipsecxdp.agent.xfrm.SaDirection;
import io.ipsecxdp.agent.xfrm.SaId;
import io.ipsecxdp.agent.xfrm.XfrmCapabilities;
import io.ipsecxdp.agent.xfrm.codec.XfrmDecoder;
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

/**
 * Finds out what the kernel can do by installing SAs that no packet can match: their ends are addresses of
 * documentation (RFC 5737, RFC 3849) and their SPIs random. They are removed at once, and if this process dies in
 * between, the kernel ends them after some seconds.
 */
final class Prober {

    private static final XfrmCapabilities PLAIN = new XfrmCapabilities(false, false, Set.of(), Set.of(), List.of());

    private static final Lifetime BRIEF = Lifetime.ofSeconds(10);

    private static final int SOME_WINDOW = 32;

    private record Trial(AddressFamily family, Aead aead, Sa sa) {}

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
        Set<AddressFamily> esp = new HashSet<>();
        Set<Aead> aeads = new HashSet<>();
        tryAeads(esp, aeads);
        return new XfrmCapabilities(direction, perCpu, esp, aeads, missing);
    }

    /** A larval SA needs no ESP; a kernel that does not know an attribute ignores it and does not show it. */
    private Optional<ObservedSa> larvalSaWithAllAttributes() {
        SaId id = randomId(AddressFamily.IPV4);
        Conversation.Answer<ObservedSa> answer = conversation.ask(
                (encoder, sequence) ->
                        encoder.reserveSpi(sequence, id, source(AddressFamily.IPV4), SaDirection.IN, OptionalInt.of(0)),
                XfrmDecoder::sa);
        answer.error().ifPresent(error -> missing.add("This kernel reserves no SPI: %s.".formatted(error)));
        delete(answer.value().stream().map(ObservedSa::id).toList());
        return answer.value();
    }

    private void tryAeads(Set<AddressFamily> esp, Set<Aead> aeads) {
        List<Trial> trials = Arrays.stream(AddressFamily.values())
                .flatMap(family -> Aead.aesGcmVariants().stream().map(aead -> trial(family, aead)))
                .toList();
        List<Optional<KernelError>> answers = conversation.request(
                trials.stream().map(trial -> adding(trial.sa())).toList());
        delete(accepted(trials, answers).stream().map(trial -> trial.sa().id()).toList());

        accepted(trials, answers).forEach(trial -> {
            esp.add(trial.family());
            aeads.add(trial.aead());
        });
        for (int i = 0; i < trials.size(); i++) {
            Trial trial = trials.get(i);
            Optional<KernelError> answer = answers.get(i);
            boolean firstOfFamily = i % Aead.aesGcmVariants().size() == 0;
            if (answer.isPresent() && esp.contains(trial.family())) {
                missing.add("This kernel's %s SAs cannot have %s: %s."
                        .formatted(trial.family(), trial.aead(), answer.get()));
            } else if (answer.isPresent() && firstOfFamily) {
                missing.add("This kernel takes no %s ESP SA with AES-GCM: %s.".formatted(trial.family(), answer.get()));
            }
        }
    }

    private static List<Trial> accepted(List<Trial> trials, List<Optional<KernelError>> answers) {
        List<Trial> accepted = new ArrayList<>();
        for (int i = 0; i < trials.size(); i++) {
            if (answers.get(i).isEmpty()) {
                accepted.add(trials.get(i));
            }
        }
        return accepted;
    }

    private Trial trial(AddressFamily family, Aead aead) {
        SaId id = randomId(family);
        return new Trial(
                family,
                aead,
                new Sa(
                        id,
                        source(family),
                        SaDirection.IN,
                        Mode.TRANSPORT,
                        aead,
                        id.spi(),
                        SOME_WINDOW,
                        false,
                        OptionalInt.empty()));
    }

    private static Conversation.Request adding(Sa sa) {
        return (encoder, sequence) -> {
            try (KeyMaterial key = KeyMaterial.random(sa.aead().keyBytes())) {
                encoder.addSa(sequence, sa, key, 0, BRIEF, PLAIN);
            }
        };
    }

    private void delete(List<SaId> ids) {
        conversation.request(ids.stream()
                .<Conversation.Request>map(
                        id -> (encoder, sequence) -> encoder.change(sequence, new Change.DeleteSa(id), PLAIN))
                .toList());
    }

    private SaId randomId(AddressFamily family) {
        return SaId.esp(destination(family), random.nextLong(256, 1L << Integer.SIZE));
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
