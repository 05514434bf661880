package io.ipsecxdp.xfrm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class KeyMaterialTest {

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    @Test
    void theSourceArrayIsWipedWhenItIsTakenOver() {
        byte[] source = bytes("a secret of some length");

        KeyMaterial.takeFrom(source).close();

        assertThat(source).containsOnly(0);
    }

    @Test
    void itCannotBePrinted() {
        try (KeyMaterial key = KeyMaterial.takeFrom(bytes("0123456789abcdef"))) {
            assertThat(key.toString() + "%s".formatted(key)).doesNotContain("0123", "30313233", "16");
        }
    }

    @Test
    void keysWithEqualBytesAreNotEqualObjects() {
        try (KeyMaterial one = KeyMaterial.takeFrom(bytes("same"));
                KeyMaterial other = KeyMaterial.takeFrom(bytes("same"))) {
            assertThat(one).isNotEqualTo(other);
            assertThat(one.copy()).isEqualTo(other.copy());
        }
    }

    @Test
    void differentBytesAreTold() {
        try (KeyMaterial one = KeyMaterial.takeFrom(bytes("same"));
                KeyMaterial other = KeyMaterial.takeFrom(bytes("sama"));
                KeyMaterial longer = KeyMaterial.takeFrom(bytes("same+"))) {
            assertThat(one.copy()).isNotEqualTo(other.copy());
            assertThat(one.copy()).isNotEqualTo(longer.copy());
        }
    }

    @Test
    void aWipedKeyCannotBeUsed() {
        KeyMaterial key = KeyMaterial.random(20);
        key.close();

        assertThatThrownBy(() -> key.writeTo(ByteBuffer.allocate(20))).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(key::length).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void randomKeysDiffer() {
        try (KeyMaterial one = KeyMaterial.random(36);
                KeyMaterial other = KeyMaterial.random(36)) {
            assertThat(one.copy()).isNotEqualTo(other.copy());
        }
    }

    @Test
    void itWritesItsBytesAsOftenAsAsked() {
        try (KeyMaterial key = KeyMaterial.takeFrom(bytes("abcd"))) {
            ByteBuffer target = ByteBuffer.allocate(8);
            key.writeTo(target);
            key.writeTo(target);
            assertThat(target.array()).isEqualTo(bytes("abcdabcd"));
        }
    }
}
