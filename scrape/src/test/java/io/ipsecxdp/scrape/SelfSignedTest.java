package io.ipsecxdp.scrape;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.io.ByteArrayInputStream;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Date;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SelfSignedTest {

    @ParameterizedTest
    // In UTCTime, one end in each form, in GeneralizedTime
    @ValueSource(strings = {"2026-11-30T08:00:00Z", "2045-01-01T00:00:00Z", "2060-01-01T00:00:00Z"})
    void itIsSignedByItsOwnKeyAndGoodFromTheDayBeforeForTenYears(String time) throws Exception {
        Instant now = Instant.parse(time);
        X509Certificate certificate = read(SelfSigned.make("n1", now));

        certificate.verify(certificate.getPublicKey());
        certificate.checkValidity(Date.from(now.minusSeconds(86_000)));
        certificate.checkValidity(Date.from(now.plusSeconds(3_650L * 86_400)));
        assertThat(certificate.getNotAfter()).isEqualTo(Date.from(now.plusSeconds(3_650L * 86_400)));
        assertThat(certificate.getVersion()).isEqualTo(3);
        assertThat(certificate.getSubjectX500Principal().getName()).isEqualTo("CN=n1");
        assertThat(certificate.getIssuerX500Principal()).isEqualTo(certificate.getSubjectX500Principal());
        assertThat(certificate.getSerialNumber()).isPositive();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 63, 64, 253})
    void aNameOfANodeIsCutWhereX509EndsIt(int length) throws Exception {
        String name = "n".repeat(length);
        X509Certificate certificate = read(SelfSigned.make(name, Instant.EPOCH.plusSeconds(86_400)));

        certificate.verify(certificate.getPublicKey());
        assertThat(certificate.getSubjectX500Principal().getName())
                .isEqualTo("CN=" + name.substring(0, Math.min(length, 64)));
    }

    @Test
    void noTwoAreAlikeAndTheKeyIsNotPrinted() {
        ServerIdentity one = SelfSigned.make("n1", Instant.EPOCH.plusSeconds(86_400));
        ServerIdentity other = SelfSigned.make("n1", Instant.EPOCH.plusSeconds(86_400));

        assertThat(one.key()).isNotEqualTo(other.key()).startsWith("-----BEGIN PRIVATE KEY-----");
        assertThat(one.certificate()).isNotEqualTo(other.certificate());
        assertThat(one.toString()).doesNotContain("BEGIN");
        assertThatCode(() -> read(one)).doesNotThrowAnyException();
    }

    private static X509Certificate read(ServerIdentity identity) throws CertificateException {
        return (X509Certificate) CertificateFactory.getInstance("X.509")
                .generateCertificate(
                        new ByteArrayInputStream(identity.certificate().getBytes(UTF_8)));
    }
}
