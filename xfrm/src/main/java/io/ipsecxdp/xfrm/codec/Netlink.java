package io.ipsecxdp.xfrm.codec;

/** Framing of netlink messages (linux/netlink.h). */
public final class Netlink {

    public static final int NLMSG_ERROR = 2;
    public static final int NLMSG_DONE = 3;

    public static final int NLM_F_REQUEST = 0x01;
    public static final int NLM_F_ACK = 0x04;
    /** The table changed while it was dumped: the dump may lack entries. */
    public static final int NLM_F_DUMP_INTR = 0x10;

    public static final int NLM_F_DUMP = 0x300;
    /** In an acknowledgement: the request is quoted by its header only. */
    public static final int NLM_F_CAPPED = 0x100;
    /** In an acknowledgement: attributes follow, among them the kernel's words. */
    public static final int NLM_F_ACK_TLVS = 0x200;

    static final int NLMSGERR_ATTR_MSG = 1;

    static final int NLA_TYPE_MASK = 0x3fff;

    /** {@code struct nlmsghdr}. */
    static final class Header {
        static final int LENGTH = 0;
        static final int TYPE = 4;
        static final int FLAGS = 6;
        static final int SEQUENCE = 8;
        static final int PORT_ID = 12;
        static final int SIZE = 16;

        private Header() {}
    }

    /** {@code struct nlmsgerr}. */
    static final class ErrorHeader {
        static final int ERROR = 0;
        static final int REQUEST = 4;
        static final int SIZE = 20;

        private ErrorHeader() {}
    }

    /** {@code struct nlattr}. */
    static final class AttributeHeader {
        static final int LENGTH = 0;
        static final int TYPE = 2;
        static final int SIZE = 4;

        private AttributeHeader() {}
    }

    private Netlink() {}

    /** {@code NLMSG_ALIGN} and {@code NLA_ALIGN}: messages and attributes begin at multiples of four. */
    static int align(int length) {
        return length + 3 & ~3;
    }
}
