package io.ipsecxdp.xfrm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigInteger;
import java.net.InetAddress;
import java.net.UnknownHostException;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

class IpLiteralsTest {

    @Property
    void anAddressIsReadAsItWasWritten(@ForAll @Size(4) byte[] four, @ForAll @Size(16) byte[] sixteen)
            throws UnknownHostException {
        for (byte[] bytes : new byte[][] {four, sixteen}) {
            InetAddress address = InetAddress.getByAddress(bytes);
            assertThat(IpLiterals.parse(address.getHostAddress())).isEqualTo(address);
        }
    }

    @Property
    void anAddressLiesInThePrefixesThatItBeginsWith(
            @ForAll @Size(4) byte[] address, @ForAll @Size(4) byte[] other, @ForAll @IntRange(max = 32) int length)
            throws UnknownHostException {
        int shift = 32 - length;
        boolean same = new BigInteger(1, address).shiftRight(shift).equals(new BigInteger(1, other).shiftRight(shift));
        var prefix = IpLiterals.parsePrefix(InetAddress.getByAddress(other).getHostAddress() + "/" + length);
        assertThat(IpLiterals.within(InetAddress.getByAddress(address), prefix)).isEqualTo(same);
    }

    @Example
    void aNameIsNoAddressAndNoNameServerIsAsked() {
        for (String text : new String[] {"localhost", "example.com", "1.2.3", "256.0.0.1", "face", "", "10.0.0.1/8"}) {
            assertThatThrownBy(() -> IpLiterals.parse(text))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("not an IP address");
        }
    }

    @Example
    void aPrefixNeedsALength() {
        for (String text : new String[] {"10.0.0.0", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/8/8", "10.0.0.0/x"}) {
            assertThatThrownBy(() -> IpLiterals.parsePrefix(text)).isInstanceOf(IllegalArgumentException.class);
        }
    }
}
