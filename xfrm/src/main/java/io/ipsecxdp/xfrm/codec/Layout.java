package io.ipsecxdp.xfrm.codec;

/** Offsets and sizes in bytes of the structures in linux/xfrm.h, the same on all 64-bit Linux. */
final class Layout {

    static final int AF_UNSPEC = 0;
    static final int AF_INET = 2;
    static final int AF_INET6 = 10;

    /** {@code xfrm_address_t}: an IPv4 address stands in the first four bytes. */
    static final int ADDRESS_SIZE = 16;

    static final class Selector {
        static final int DADDR = 0;
        static final int SADDR = 16;
        static final int DPORT = 32;
        static final int DPORT_MASK = 34;
        static final int SPORT = 36;
        static final int SPORT_MASK = 38;
        static final int FAMILY = 40;
        static final int PREFIXLEN_D = 42;
        static final int PREFIXLEN_S = 43;
        static final int PROTO = 44;
        static final int IFINDEX = 48;
        static final int USER = 52;
        static final int SIZE = 56;

        private Selector() {}
    }

    static final class Id {
        static final int DADDR = 0;
        static final int SPI = 16;
        static final int PROTO = 20;
        static final int SIZE = 24;

        private Id() {}
    }

    static final class LifetimeConfig {
        static final int SOFT_BYTE_LIMIT = 0;
        static final int HARD_BYTE_LIMIT = 8;
        static final int SOFT_PACKET_LIMIT = 16;
        static final int HARD_PACKET_LIMIT = 24;
        static final int SOFT_ADD_EXPIRES_SECONDS = 32;
        static final int HARD_ADD_EXPIRES_SECONDS = 40;
        static final int SOFT_USE_EXPIRES_SECONDS = 48;
        static final int HARD_USE_EXPIRES_SECONDS = 56;
        static final int SIZE = 64;

        private LifetimeConfig() {}
    }

    static final class LifetimeCurrent {
        static final int BYTES = 0;
        static final int PACKETS = 8;
        static final int ADD_TIME = 16;
        static final int USE_TIME = 24;
        static final int SIZE = 32;

        private LifetimeCurrent() {}
    }

    static final class Stats {
        static final int REPLAY_WINDOW = 0;
        static final int REPLAY = 4;
        static final int INTEGRITY_FAILED = 8;
        static final int SIZE = 12;

        private Stats() {}
    }

    static final class UserSaInfo {
        static final int SEL = 0;
        static final int ID = 56;
        static final int SADDR = 80;
        static final int LFT = 96;
        static final int CURLFT = 160;
        static final int STATS = 192;
        static final int REQID = 208;
        static final int FAMILY = 212;
        static final int MODE = 214;
        static final int REPLAY_WINDOW = 215;
        static final int FLAGS = 216;
        static final int SIZE = 224;

        private UserSaInfo() {}
    }

    static final class UserSaId {
        static final int DADDR = 0;
        static final int SPI = 16;
        static final int FAMILY = 20;
        static final int PROTO = 22;
        static final int SIZE = 24;

        private UserSaId() {}
    }

    static final class UserSpiInfo {
        static final int INFO = 0;
        static final int MIN = 224;
        static final int MAX = 228;
        static final int SIZE = 232;

        private UserSpiInfo() {}
    }

    static final class UserExpire {
        static final int STATE = 0;
        static final int HARD = 224;
        static final int SIZE = 232;

        private UserExpire() {}
    }

    static final class UserSaFlush {
        static final int PROTO = 0;
        static final int SIZE = 1;

        private UserSaFlush() {}
    }

    static final class Algo {
        static final int ALG_NAME = 0;
        static final int ALG_KEY_LEN = 64;
        static final int ALG_KEY = 68;

        private Algo() {}
    }

    static final class AlgoAuth {
        static final int ALG_NAME = 0;
        static final int ALG_KEY_LEN = 64;
        static final int ALG_TRUNC_LEN = 68;
        static final int ALG_KEY = 72;

        private AlgoAuth() {}
    }

    static final class AlgoAead {
        static final int ALG_NAME = 0;
        static final int ALG_NAME_SIZE = 64;
        static final int ALG_KEY_LEN = 64;
        static final int ALG_ICV_LEN = 68;
        static final int ALG_KEY = 72;

        private AlgoAead() {}
    }

    static final class EncapTemplate {
        static final int TYPE = 0;
        static final int SPORT = 2;
        static final int DPORT = 4;
        static final int OA = 8;
        static final int SIZE = 24;

        private EncapTemplate() {}
    }

    static final class UserOffload {
        static final int IFINDEX = 0;
        static final int FLAGS = 4;
        static final int SIZE = 8;

        private UserOffload() {}
    }

    static final class ReplayState {
        static final int OSEQ = 0;
        static final int SEQ = 4;
        static final int BITMAP = 8;
        static final int SIZE = 12;

        private ReplayState() {}
    }

    static final class ReplayStateEsn {
        static final int BMP_LEN = 0;
        static final int OSEQ = 4;
        static final int SEQ = 8;
        static final int OSEQ_HI = 12;
        static final int SEQ_HI = 16;
        static final int REPLAY_WINDOW = 20;
        static final int BMP = 24;

        private ReplayStateEsn() {}
    }

    static final class Mark {
        static final int V = 0;
        static final int M = 4;
        static final int SIZE = 8;

        private Mark() {}
    }

    /** Attributes of XFRM_MSG_NEWSADINFO ({@code enum xfrm_sadattr_type_t}). */
    static final class SadInfo {
        static final int CNT = 1;
        /** {@code struct xfrmu_sadhinfo}. */
        static final int HINFO = 2;

        static final int HINFO_BUCKETS = 0;
        static final int COUNT = 3;

        private SadInfo() {}
    }

    static final class UserPolicyInfo {
        static final int SEL = 0;
        static final int LFT = 56;
        static final int CURLFT = 120;
        static final int PRIORITY = 152;
        static final int INDEX = 156;
        static final int DIR = 160;
        static final int ACTION = 161;
        static final int FLAGS = 162;
        static final int SIZE = 168;

        private UserPolicyInfo() {}
    }

    static final class UserPolicyId {
        static final int SEL = 0;
        static final int DIR = 60;
        static final int SIZE = 64;

        private UserPolicyId() {}
    }

    static final class UserPolicyType {
        static final int TYPE = 0;
        static final int SIZE = 6;

        private UserPolicyType() {}
    }

    static final class UserPolicyExpire {
        static final int POL = 0;
        static final int HARD = 168;
        static final int SIZE = 176;

        private UserPolicyExpire() {}
    }

    static final class UserTemplate {
        static final int ID = 0;
        static final int FAMILY = 24;
        static final int SADDR = 28;
        static final int REQID = 44;
        static final int MODE = 48;
        static final int OPTIONAL = 50;
        static final int AALGOS = 52;
        static final int EALGOS = 56;
        static final int CALGOS = 60;
        static final int SIZE = 64;

        private UserTemplate() {}
    }

    static final class UserAcquire {
        static final int SEL = 40;
        static final int POLICY = 96;
        static final int SIZE = 280;

        private UserAcquire() {}
    }

    private Layout() {}
}
