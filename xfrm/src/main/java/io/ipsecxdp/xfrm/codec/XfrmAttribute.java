package io.ipsecxdp.xfrm.codec;

/** Attribute types of NETLINK_XFRM ({@code XFRMA_*}). */
final class XfrmAttribute {

    static final int ALG_AUTH = 1;
    static final int ALG_CRYPT = 2;
    static final int ALG_COMP = 3;
    static final int ENCAP = 4;
    static final int TMPL = 5;
    static final int SA = 6;
    static final int POLICY = 7;
    static final int REPLAY_VAL = 10;
    static final int COADDR = 14;
    static final int POLICY_TYPE = 16;
    static final int ALG_AEAD = 18;
    static final int ALG_AUTH_TRUNC = 20;
    static final int MARK = 21;
    static final int TFCPAD = 22;
    static final int REPLAY_ESN_VAL = 23;
    static final int SA_EXTRA_FLAGS = 24;
    static final int OFFLOAD_DEV = 28;
    static final int SET_MARK = 29;
    static final int SET_MARK_MASK = 30;
    static final int IF_ID = 31;
    /** Since Linux 6.10; older kernels ignore it. */
    static final int SA_DIR = 33;
    /** Since Linux 6.11. */
    static final int NAT_KEEPALIVE_INTERVAL = 34;
    /** Since Linux 6.13; older kernels ignore it. */
    static final int SA_PCPU = 35;

    /** One more than {@code XFRMA_IPTFS_PKT_SIZE}, the highest type of Linux 6.14; those from here on are ignored. */
    static final int COUNT = 42;

    private XfrmAttribute() {}
}
