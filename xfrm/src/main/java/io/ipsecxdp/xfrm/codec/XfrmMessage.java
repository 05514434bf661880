package io.ipsecxdp.xfrm.codec;

/** Message types of NETLINK_XFRM ({@code XFRM_MSG_*}). */
public final class XfrmMessage {

    public static final int NEWSA = 0x10;
    public static final int DELSA = 0x11;
    public static final int GETSA = 0x12;
    public static final int NEWPOLICY = 0x13;
    public static final int DELPOLICY = 0x14;
    public static final int GETPOLICY = 0x15;
    public static final int ALLOCSPI = 0x16;
    public static final int ACQUIRE = 0x17;
    public static final int EXPIRE = 0x18;
    public static final int UPDPOLICY = 0x19;
    public static final int UPDSA = 0x1a;
    public static final int POLEXPIRE = 0x1b;
    public static final int FLUSHSA = 0x1c;
    public static final int FLUSHPOLICY = 0x1d;
    public static final int GETSADINFO = 0x23;

    private XfrmMessage() {}
}
