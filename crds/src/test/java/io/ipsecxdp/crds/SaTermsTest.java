package io.ipsecxdp.crds;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.lang.reflect.RecordComponent;
import org.junit.jupiter.api.Test;

class SaTermsTest {

    private static final String SPEC = """
            source: {node: n1}
            destination: {node: n2}
            spi: 4096
            protocol: AH
            mode: Transport
            integrity: {algorithm: AUTH_HMAC_SHA2_256_128, keySecretRef: {name: keys, key: a}}
            reqid: 268435457
            replayWindow: 64
            esn: true
            lifetime: {hard: {bytes: 1000}}
            mark: {value: 1, mask: 255}
            icmpErrors: true
            """;

    private static final SaTerms TERMS = SaTermsBuilder.builder()
            .withProtocol(IpsecProtocol.AH)
            .withMode(SaMode.Transport)
            .withReqid(268435457L)
            .withReplayWindow(64)
            .withEsn(true)
            .withLifetime(new Lifetimes(null, new LifetimeLimits(1000L, null, null, null)))
            .withMark(new Mark(1L, 255L))
            .withIcmpErrors(true)
            .build();

    private final KubernetesSerialization yaml = new KubernetesSerialization();

    @Test
    void everyTermSaysWhatItsChangeMeans() {
        assertThat(SaTerms.class.getRecordComponents())
                .filteredOn(term -> !term.isAnnotationPresent(WhenChanged.class))
                .extracting(RecordComponent::getName)
                .isEmpty();
    }

    @Test
    void theTermsAreFieldsOfTheSpecItself() {
        SecurityAssociationSpec spec = yaml.unmarshal(SPEC, SecurityAssociationSpec.class);

        assertThat(spec.terms()).isEqualTo(TERMS);
        assertThat(spec.spi()).isEqualTo(4096);
        assertThat(fields(spec)).isEqualTo(yaml.unmarshal(SPEC, JsonNode.class));
    }

    @Test
    void theTermsAreFieldsOfAPlansEntryItself() {
        PlannedSa planned = PlannedSaBuilder.builder()
                .withName("a")
                .withSpi(4096L)
                .withTerms(TERMS)
                .build();

        assertThat(fields(planned).get("reqid").asLong()).isEqualTo(268435457L);
        assertThat(yaml.unmarshal(yaml.asYaml(planned), PlannedSa.class)).isEqualTo(planned);
    }

    /** For a while after an upgrade the operator is newer than some agents. */
    @Test
    void whatANewerVersionSaysBesidesIsPassedOver() {
        assertThat(yaml.unmarshal(SPEC + "later: {protocol: 7}", SecurityAssociationSpec.class))
                .isEqualTo(yaml.unmarshal(SPEC, SecurityAssociationSpec.class));
    }

    @Test
    void whatIsSoAnywayIsTheSameAsNotSaid() {
        SaTerms said = TERMS.with()
                .withProtocol(IpsecProtocol.ESP)
                .withTunnelHeader(TunnelHeader.DEFAULT)
                .withIcmpErrors(false)
                .withSequenceMayWrap(false)
                .build();

        assertThat(said)
                .isEqualTo(TERMS.with().withProtocol(null).withIcmpErrors(null).build());
        assertThat(said.ipsecProtocol()).isEqualTo(IpsecProtocol.ESP);
    }

    private JsonNode fields(Object value) {
        return yaml.unmarshal(yaml.asYaml(value), JsonNode.class);
    }
}
