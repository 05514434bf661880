package io.ipsecxdp.xfrm;

import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.util.Arrays;

/**
 * The bytes of one key. They live outside the Java heap, where no garbage collector copies them, and are overwritten by
 * {@link #close()}.
 *
 * <p>Nothing here tells the bytes or their number to a log: {@code toString} is constant, {@code equals} and {@code
 * hashCode} are those of the object. Not safe for use by several threads at once.
 */
public final class KeyMaterial implements AutoCloseable {

    private final ByteBuffer bytes;
    private boolean wiped;

    private KeyMaterial(ByteBuffer bytes) {
        this.bytes = bytes;
    }

    /** Takes the bytes over: the given array is zero afterwards. */
    public static KeyMaterial takeFrom(byte[] source) {
        ByteBuffer bytes = ByteBuffer.allocateDirect(source.length);
        bytes.put(0, source);
        Arrays.fill(source, (byte) 0);
        return new KeyMaterial(bytes);
    }

    /** A new key of {@code length} bytes from the system's random source. */
    public static KeyMaterial random(int length) {
        byte[] fresh = new byte[length];
        new SecureRandom().nextBytes(fresh);
        return takeFrom(fresh);
    }

    /** Length in bytes. For a rule to check, not for a message to a user. */
    public int length() {
        requireUsable();
        return bytes.capacity();
    }

    /** Puts the bytes at the target's position; the target's owner has to wipe them. */
    public void writeTo(ByteBuffer target) {
        requireUsable();
        target.put(bytes.duplicate().clear());
    }

    /** Puts {@code length} bytes, from offset {@code from} on, at offset {@code at} of the target; its owner has to wipe them. */
    public void writeTo(ByteBuffer target, int at, int from, int length) {
        requireUsable();
        target.put(at, bytes, from, length);
    }

    /** Overwrites the bytes with zeros; any later use is an error. */
    @Override
    public void close() {
        for (int i = 0; i < bytes.capacity(); i++) {
            bytes.put(i, (byte) 0);
        }
        wiped = true;
    }

    @Override
    public String toString() {
        return "KeyMaterial[hidden]";
    }

    /** On the heap, for the caller to wipe. */
    public byte[] copy() {
        requireUsable();
        byte[] copy = new byte[bytes.capacity()];
        bytes.get(0, copy);
        return copy;
    }

    private void requireUsable() {
        if (wiped) {
            throw new IllegalStateException("The key was already wiped");
        }
    }
}
