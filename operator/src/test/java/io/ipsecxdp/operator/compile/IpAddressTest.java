package io.ipsecxdp.operator.compile;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.UnknownHostException;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class IpAddressTest {
    /** The examples of RFC 5952, section 4. */
    @ParameterizedTest
    @CsvSource({
        "2001:0db8::0001, 2001:db8::1",
        "2001:db8:0:0:0:0:2:1, 2001:db8::2:1",
        "2001:db8:0:1:1:1:1:1, 2001:db8:0:1:1:1:1:1",
        "2001:0:0:1:0:0:0:1, 2001:0:0:1::1",
        "2001:db8:0:0:1:0:0:1, 2001:db8::1:0:0:1",
        "2001:DB8::AAAA, 2001:db8::aaaa",
        "0:0:0:0:0:0:0:0, ::",
        "::1, ::1",
        "fe80::, fe80::",
        "10.0.0.1, 10.0.0.1",
    })
    void anAddressHasOneTextOnly(String written, String canonical) {
        assertThat(IpAddress.parse(written)).map(IpAddress::text).contains(canonical);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "localhost",
                "node-1",
                "10.0.0",
                "10.0.0.256",
                "10.0.0.01",
                "::ffff:10.0.0.1",
                "fe80::1%eth0",
                "1::2::3",
                "10.0.0.1/24",
                "[::1]",
                ":",
                "cafe",
                "1:2:3:4:5:6:7:8:9"
            })
    void whatIsNoAddressIsNotReadAsOne(String text) {
        assertThat(IpAddress.parse(text)).isEmpty();
    }

    @Property(tries = 500)
    void theCanonicalTextIsTheSameAddressAndStaysAsItIs(@ForAll @Size(16) byte[] bytes) throws UnknownHostException {
        var address = InetAddress.getByAddress(bytes);
        var parsed = IpAddress.parse(address.getHostAddress());
        if (bytes.length == address.getAddress().length) {
            assertThat(parsed.orElseThrow().bytes()).isEqualTo(bytes);
            assertThat(IpAddress.parse(parsed.orElseThrow().text())).isEqualTo(parsed);
        }
    }

    @Test
    void aPrefixWithBitsBehindItsLengthIsNone() {
        assertThat(IpPrefix.parse("10.20.1.0/24")).isPresent();
        assertThat(IpPrefix.parse("10.20.1.7/24")).isEmpty();
        assertThat(IpPrefix.parse("0.0.0.0/0")).isPresent();
        assertThat(IpPrefix.parse("::/0")).isPresent();
        assertThat(IpPrefix.parse("FD20:1::/64")).map(IpPrefix::toString).contains("fd20:1::/64");
        assertThat(IpPrefix.parse("fd20:1::/129")).isEmpty();
        assertThat(IpPrefix.parse("10.0.0.0/33")).isEmpty();
        assertThat(IpPrefix.parse("10.0.0.1")).isEmpty();
    }
}
