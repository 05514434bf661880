package io.ipsecxdp.bpf;

import io.ipsecxdp.bpf.jna.Sys;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.OptionalInt;

/**
 * An SA as an IKE daemon reserves it (XFRM_MSG_ALLOCSPI, net/xfrm/xfrm_user.c xfrm_alloc_userspi): it has destination, SPI,
 * protocol and owner, no keys, and so needs no ESP in the kernel. XDP finds it as any other.
 */
final class LarvalSa {
    private static final short XFRM_MSG_NEWSA = 0x10;
    private static final short XFRM_MSG_ALLOCSPI = 0x16;
    private static final short NLM_F_REQUEST = 1;
    private static final short XFRMA_MARK = 21;
    private static final short XFRMA_SA_PCPU = 35;
    private static final int NLMSG_HDRLEN = 16;
    private static final int USERSPI_INFO_SIZE = 232;
    private static final int DADDR = 56;
    private static final int PROTO = 76;
    private static final int SADDR = 80;
    private static final int FAMILY = 212;
    private static final int MIN_SPI = 224;
    private static final int MAX_SPI = 228;
    private static final byte IPPROTO_ESP = 50;
    static final byte IPPROTO_AH = 51;
    private static final short XFRM_MSG_DELSA = 0x11;
    private static final short NLM_F_ACK = 4;
    private static final int USERSA_ID_SIZE = 24;

    private LarvalSa() {}

    /** Reserves the SPI in the calling thread's namespace. */
    static void make(InetAddress source, InetAddress destination, int spi, OptionalInt owner) {
        make(source, destination, spi, owner, OptionalInt.empty());
    }

    static void make(InetAddress source, InetAddress destination, int spi, OptionalInt owner, OptionalInt mark) {
        make(source, destination, IPPROTO_ESP, spi, owner, mark);
    }

    /** Takes it out of the SAD again. */
    static void delete(InetAddress destination, int spi) {
        var message = ByteBuffer.allocate(NLMSG_HDRLEN + USERSA_ID_SIZE).order(ByteOrder.nativeOrder());
        message.putInt(message.capacity()).putShort(XFRM_MSG_DELSA).putShort((short) (NLM_F_REQUEST | NLM_F_ACK));
        message.put(NLMSG_HDRLEN, destination.getAddress());
        message.order(ByteOrder.BIG_ENDIAN).putInt(NLMSG_HDRLEN + 16, spi);
        message.order(ByteOrder.nativeOrder()).putShort(NLMSG_HDRLEN + 20, family(destination));
        message.put(NLMSG_HDRLEN + 22, IPPROTO_ESP);
        var answer = ByteBuffer.wrap(Sys.askXfrm(message.array())).order(ByteOrder.nativeOrder());
        if (answer.getInt(NLMSG_HDRLEN) != 0) {
            throw new IllegalStateException("XFRM_MSG_DELSA was refused with " + answer.getInt(NLMSG_HDRLEN));
        }
    }

    private static short family(InetAddress address) {
        return (short) (address.getAddress().length == 4 ? 2 : 10);
    }

    static void make(
            InetAddress source, InetAddress destination, byte protocol, int spi, OptionalInt owner, OptionalInt mark) {
        int size = NLMSG_HDRLEN + USERSPI_INFO_SIZE + (owner.isPresent() ? 8 : 0) + (mark.isPresent() ? 12 : 0);
        var message = ByteBuffer.allocate(size).order(ByteOrder.nativeOrder());
        message.putInt(size).putShort(XFRM_MSG_ALLOCSPI).putShort(NLM_F_REQUEST);
        var info = NLMSG_HDRLEN;
        message.put(info + DADDR, destination.getAddress());
        message.put(info + PROTO, protocol);
        message.put(info + SADDR, source.getAddress());
        message.putShort(info + FAMILY, family(destination));
        message.putInt(info + MIN_SPI, spi);
        message.putInt(info + MAX_SPI, spi);
        message.position(info + USERSPI_INFO_SIZE);
        owner.ifPresent(
                cpu -> message.putShort((short) 8).putShort(XFRMA_SA_PCPU).putInt(cpu));
        mark.ifPresent(
                m -> message.putShort((short) 12).putShort(XFRMA_MARK).putInt(m).putInt(-1));

        var answer = ByteBuffer.wrap(Sys.askXfrm(message.array())).order(ByteOrder.nativeOrder());
        if (answer.getShort(4) != XFRM_MSG_NEWSA) {
            throw new IllegalStateException("XFRM_MSG_ALLOCSPI was refused with " + answer.getInt(NLMSG_HDRLEN));
        }
    }
}
