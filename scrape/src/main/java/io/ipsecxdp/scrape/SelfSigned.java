package io.ipsecxdp.scrape;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Base64;

/**
 * A certificate that its own key signs (RFC 5280), made in memory. It keeps listeners out and proves nothing, so it has no
 * extensions. The JDK has no public API for it, and Netty's writes the key to a file (docs/decisions/0040).
 */
final class SelfSigned {

    private static final int INTEGER = 0x02;
    private static final int BIT_STRING = 0x03;
    private static final int UTF8_STRING = 0x0c;
    private static final int GENERALIZED_TIME = 0x18;
    private static final int UTC_TIME = 0x17;
    private static final int SEQUENCE = 0x30;
    private static final int SET = 0x31;
    private static final int VERSION = 0xa0;

    private static final byte[] V3 = {INTEGER, 1, 2};
    /** 2.5.4.3. */
    private static final byte[] COMMON_NAME = {0x06, 3, 0x55, 4, 3};
    /** 1.2.840.10045.4.3.2, with no parameters (RFC 5758, section 3.2). */
    private static final byte[] ECDSA_WITH_SHA256 =
            der(SEQUENCE, new byte[] {0x06, 8, 0x2a, (byte) 0x86, 0x48, (byte) 0xce, 0x3d, 4, 3, 2});

    private static final DateTimeFormatter UTC = DateTimeFormatter.ofPattern("yyMMddHHmmss'Z'");
    private static final DateTimeFormatter GENERALIZED = DateTimeFormatter.ofPattern("yyyyMMddHHmmss'Z'");
    /** From then on UTCTime would mean the century before (RFC 5280, section 4.1.2.5). */
    private static final int FIRST_YEAR_OF_GENERALIZED = 2050;

    /** Clocks differ. */
    private static final Duration BEFORE = Duration.ofDays(1);
    /** Longer than a process runs. */
    private static final Duration AFTER = Duration.ofDays(3650);

    private static final int SERIAL_BITS = 127;
    private static final int LONGEST_NAME = 64;

    private SelfSigned() {}

    /** @param name whose certificate it is */
    static ServerIdentity make(String name, Instant now) {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(new ECGenParameterSpec("secp256r1"));
            KeyPair pair = generator.generateKeyPair();
            byte[] content = content(name, now, pair);
            Signature signature = Signature.getInstance("SHA256withECDSA");
            signature.initSign(pair.getPrivate());
            signature.update(content);
            byte[] certificate =
                    der(SEQUENCE, content, ECDSA_WITH_SHA256, der(BIT_STRING, new byte[] {0}, signature.sign()));
            return new ServerIdentity(
                    pem("CERTIFICATE", certificate),
                    pem("PRIVATE KEY", pair.getPrivate().getEncoded()));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has ECDSA with P-256", e);
        }
    }

    /** TBSCertificate; the public key is one in DER already. */
    private static byte[] content(String name, Instant now, KeyPair pair) {
        byte[] distinguished = distinguished(name);
        return der(
                SEQUENCE,
                der(VERSION, V3),
                der(
                        INTEGER,
                        new BigInteger(SERIAL_BITS, new SecureRandom())
                                .setBit(0)
                                .toByteArray()),
                ECDSA_WITH_SHA256,
                distinguished,
                der(SEQUENCE, time(now.minus(BEFORE)), time(now.plus(AFTER))),
                distinguished,
                pair.getPublic().getEncoded());
    }

    private static byte[] distinguished(String name) {
        byte[] bounded =
                name.substring(0, Math.min(name.length(), LONGEST_NAME)).getBytes(UTF_8);
        return der(SEQUENCE, der(SET, der(SEQUENCE, COMMON_NAME, der(UTF8_STRING, bounded))));
    }

    private static byte[] time(Instant instant) {
        var time = instant.atOffset(ZoneOffset.UTC);
        return time.getYear() < FIRST_YEAR_OF_GENERALIZED
                ? der(UTC_TIME, UTC.format(time).getBytes(UTF_8))
                : der(GENERALIZED_TIME, GENERALIZED.format(time).getBytes(UTF_8));
    }

    /** Type, length and value (X.690, section 8.1). */
    private static byte[] der(int type, byte[]... parts) {
        var value = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            value.writeBytes(part);
        }
        byte[] length = BigInteger.valueOf(value.size()).toByteArray();
        var all = new ByteArrayOutputStream();
        all.write(type);
        if (value.size() > Byte.MAX_VALUE) {
            int skipped = length[0] == 0 ? 1 : 0;
            all.write(0x80 | length.length - skipped);
            all.write(length, skipped, length.length - skipped);
        } else {
            all.writeBytes(length);
        }
        all.writeBytes(value.toByteArray());
        return all.toByteArray();
    }

    private static String pem(String type, byte[] content) {
        String lines = Base64.getMimeEncoder(LONGEST_NAME, new byte[] {'\n'}).encodeToString(content);
        return "-----BEGIN %s-----\n%s\n-----END %s-----\n".formatted(type, lines, type);
    }
}
