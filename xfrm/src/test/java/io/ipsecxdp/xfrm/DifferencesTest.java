package io.ipsecxdp.xfrm;

import static io.ipsecxdp.xfrm.Addresses.ip;
import static io.ipsecxdp.xfrm.Addresses.prefix;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.RecordComponent;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class DifferencesTest {

    @Test
    void everyOptionOfAnSaIsCompared() throws ReflectiveOperationException {
        SaOptions options = SaOptions.NONE
                .with()
                .lifetime(Lifetime.ofSeconds(7))
                .interfaceId(8)
                .tfcPadding(9)
                .build();
        RecordComponent[] components = SaOptions.class.getRecordComponents();

        assertThat(SaOptions.PROPERTIES).hasSameSizeAs(components);
        for (int i = 0; i < components.length; i++) {
            assertThat(SaOptions.PROPERTIES.get(i).value().apply(options))
                    .as(SaOptions.PROPERTIES.get(i).name())
                    .isEqualTo(components[i].getAccessor().invoke(options));
        }
    }

    private static final Aead GCM = Aead.aesGcm(256, 128);
    private static final LifetimeCounters UNUSED = new LifetimeCounters(0, 0, Instant.EPOCH, Optional.empty());

    private static Sa outbound() {
        return SaBuilder.builder()
                .id(SaId.esp(ip("192.0.2.2"), 0x1000))
                .source(ip("192.0.2.1"))
                .direction(SaDir.OUT)
                .mode(Mode.TUNNEL)
                .algorithms(GCM)
                .reqid(7)
                .replayWindow(0)
                .esn(true)
                .ownerCpu(OptionalInt.of(3))
                .build();
    }

    private static ObservedSa observed(Optional<SaDir> direction, int window, OptionalInt cpu, long reqid) {
        return AsObserved.sa(outbound(), Kernels.MODERN, UNUSED.added())
                .withDirection(direction)
                .withReqid(reqid)
                .withReplay(new ReplayState(window, 0, 99))
                .withOwnerCpu(cpu);
    }

    @Test
    void whatWasInstalledDoesNotDiffer() {
        ObservedSa found = observed(Optional.of(SaDir.OUT), 0, OptionalInt.of(3), 7);

        assertThat(Differences.between(outbound(), found, Kernels.MODERN)).isEmpty();
    }

    @Test
    void whatAnOldKernelCannotExpressIsNotMissed() {
        ObservedSa found = observed(Optional.empty(), 1, OptionalInt.empty(), 7);

        assertThat(Differences.between(outbound(), found, Kernels.OLD)).isEmpty();
        assertThat(Differences.between(outbound(), found, Kernels.MODERN))
                .extracting(Difference::property)
                .containsExactly("direction", "replay window", "owner CPU");
    }

    @Test
    void aDifferenceReadsAsASentence() {
        ObservedSa found = observed(Optional.of(SaDir.OUT), 0, OptionalInt.empty(), 8);

        assertThat(Differences.between(outbound(), found, Kernels.MODERN))
                .extracting(Difference::toString)
                .containsExactly("reqid is 8 and should be 7", "owner CPU is none and should be 3");
    }

    @Test
    void thePriorityOfAPolicyIsCompared() {
        PolicyId id = PolicyId.of(PolicyDir.OUT, XfrmSelector.between(prefix("10.1.0.0/16"), prefix("10.2.0.0/16")));
        Policy wanted = new Policy(id, 100, Policy.Action.ALLOW, List.of());
        ObservedPolicy found = new ObservedPolicy(
                id, 200, Policy.Action.ALLOW, List.of(), 9, 0, Optional.empty(), Lifetime.INFINITE, UNUSED);

        assertThat(Differences.between(wanted, found))
                .extracting(Difference::toString)
                .containsExactly("priority is 200 and should be 100");
    }
}
