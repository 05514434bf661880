package io.ipsecxdp.xfrm.codec;

import static java.util.Map.entry;
import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.linux.Needs;
import io.ipsecxdp.xfrm.PolicyFlag;
import io.ipsecxdp.xfrm.Sa;
import io.ipsecxdp.xfrm.SaFlag;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Our offsets and numbers are those of the C headers. */
class LayoutTest {

    /** C expression, and what we take it for. */
    private static final Map<String, Integer> OURS = Map.ofEntries(
            entry("sizeof(struct nlmsghdr)", Netlink.Header.SIZE),
            entry("offsetof(struct nlmsghdr, nlmsg_len)", Netlink.Header.LENGTH),
            entry("offsetof(struct nlmsghdr, nlmsg_type)", Netlink.Header.TYPE),
            entry("offsetof(struct nlmsghdr, nlmsg_flags)", Netlink.Header.FLAGS),
            entry("offsetof(struct nlmsghdr, nlmsg_seq)", Netlink.Header.SEQUENCE),
            entry("offsetof(struct nlmsghdr, nlmsg_pid)", Netlink.Header.PORT_ID),
            entry("sizeof(struct nlmsgerr)", Netlink.ErrorHeader.SIZE),
            entry("offsetof(struct nlmsgerr, error)", Netlink.ErrorHeader.ERROR),
            entry("offsetof(struct nlmsgerr, msg)", Netlink.ErrorHeader.REQUEST),
            entry("sizeof(struct nlattr)", Netlink.AttributeHeader.SIZE),
            entry("offsetof(struct nlattr, nla_len)", Netlink.AttributeHeader.LENGTH),
            entry("offsetof(struct nlattr, nla_type)", Netlink.AttributeHeader.TYPE),
            entry("NLMSG_ERROR", Netlink.NLMSG_ERROR),
            entry("NLMSG_DONE", Netlink.NLMSG_DONE),
            entry("NLM_F_REQUEST", Netlink.NLM_F_REQUEST),
            entry("NLM_F_ACK", Netlink.NLM_F_ACK),
            entry("NLM_F_DUMP_INTR", Netlink.NLM_F_DUMP_INTR),
            entry("NLM_F_DUMP", Netlink.NLM_F_DUMP),
            entry("NLM_F_CAPPED", Netlink.NLM_F_CAPPED),
            entry("NLM_F_ACK_TLVS", Netlink.NLM_F_ACK_TLVS),
            entry("NLMSGERR_ATTR_MSG", Netlink.NLMSGERR_ATTR_MSG),
            entry("NLA_TYPE_MASK & 0xffff", Netlink.NLA_TYPE_MASK),
            entry("AF_UNSPEC", Layout.AF_UNSPEC),
            entry("AF_INET", Layout.AF_INET),
            entry("AF_INET6", Layout.AF_INET6),
            entry("sizeof(xfrm_address_t)", Layout.ADDRESS_SIZE),
            entry("sizeof(struct xfrm_selector)", Layout.Selector.SIZE),
            entry("offsetof(struct xfrm_selector, daddr)", Layout.Selector.DADDR),
            entry("offsetof(struct xfrm_selector, saddr)", Layout.Selector.SADDR),
            entry("offsetof(struct xfrm_selector, dport)", Layout.Selector.DPORT),
            entry("offsetof(struct xfrm_selector, dport_mask)", Layout.Selector.DPORT_MASK),
            entry("offsetof(struct xfrm_selector, sport)", Layout.Selector.SPORT),
            entry("offsetof(struct xfrm_selector, sport_mask)", Layout.Selector.SPORT_MASK),
            entry("offsetof(struct xfrm_selector, family)", Layout.Selector.FAMILY),
            entry("offsetof(struct xfrm_selector, prefixlen_d)", Layout.Selector.PREFIXLEN_D),
            entry("offsetof(struct xfrm_selector, prefixlen_s)", Layout.Selector.PREFIXLEN_S),
            entry("offsetof(struct xfrm_selector, proto)", Layout.Selector.PROTO),
            entry("offsetof(struct xfrm_selector, ifindex)", Layout.Selector.IFINDEX),
            entry("offsetof(struct xfrm_selector, user)", Layout.Selector.USER),
            entry("XFRM_MSG_GETSADINFO", XfrmMessage.GETSADINFO),
            entry("XFRMA_SAD_CNT", Layout.SadInfo.CNT),
            entry("XFRMA_SAD_HINFO", Layout.SadInfo.HINFO),
            entry("XFRMA_SAD_MAX + 1", Layout.SadInfo.COUNT),
            entry("offsetof(struct xfrmu_sadhinfo, sadhcnt)", Layout.SadInfo.HINFO_BUCKETS),
            entry("sizeof(struct xfrm_id)", Layout.Id.SIZE),
            entry("offsetof(struct xfrm_id, daddr)", Layout.Id.DADDR),
            entry("offsetof(struct xfrm_id, spi)", Layout.Id.SPI),
            entry("offsetof(struct xfrm_id, proto)", Layout.Id.PROTO),
            entry("sizeof(struct xfrm_lifetime_cfg)", Layout.LifetimeConfig.SIZE),
            entry("offsetof(struct xfrm_lifetime_cfg, soft_byte_limit)", Layout.LifetimeConfig.SOFT_BYTE_LIMIT),
            entry("offsetof(struct xfrm_lifetime_cfg, hard_byte_limit)", Layout.LifetimeConfig.HARD_BYTE_LIMIT),
            entry("offsetof(struct xfrm_lifetime_cfg, soft_packet_limit)", Layout.LifetimeConfig.SOFT_PACKET_LIMIT),
            entry("offsetof(struct xfrm_lifetime_cfg, hard_packet_limit)", Layout.LifetimeConfig.HARD_PACKET_LIMIT),
            entry(
                    "offsetof(struct xfrm_lifetime_cfg, soft_add_expires_seconds)",
                    Layout.LifetimeConfig.SOFT_ADD_EXPIRES_SECONDS),
            entry(
                    "offsetof(struct xfrm_lifetime_cfg, hard_add_expires_seconds)",
                    Layout.LifetimeConfig.HARD_ADD_EXPIRES_SECONDS),
            entry(
                    "offsetof(struct xfrm_lifetime_cfg, soft_use_expires_seconds)",
                    Layout.LifetimeConfig.SOFT_USE_EXPIRES_SECONDS),
            entry(
                    "offsetof(struct xfrm_lifetime_cfg, hard_use_expires_seconds)",
                    Layout.LifetimeConfig.HARD_USE_EXPIRES_SECONDS),
            entry("sizeof(struct xfrm_lifetime_cur)", Layout.LifetimeCurrent.SIZE),
            entry("offsetof(struct xfrm_lifetime_cur, bytes)", Layout.LifetimeCurrent.BYTES),
            entry("offsetof(struct xfrm_lifetime_cur, packets)", Layout.LifetimeCurrent.PACKETS),
            entry("offsetof(struct xfrm_lifetime_cur, add_time)", Layout.LifetimeCurrent.ADD_TIME),
            entry("offsetof(struct xfrm_lifetime_cur, use_time)", Layout.LifetimeCurrent.USE_TIME),
            entry("sizeof(struct xfrm_stats)", Layout.Stats.SIZE),
            entry("offsetof(struct xfrm_stats, replay_window)", Layout.Stats.REPLAY_WINDOW),
            entry("offsetof(struct xfrm_stats, replay)", Layout.Stats.REPLAY),
            entry("offsetof(struct xfrm_stats, integrity_failed)", Layout.Stats.INTEGRITY_FAILED),
            entry("sizeof(struct xfrm_usersa_info)", Layout.UserSaInfo.SIZE),
            entry("offsetof(struct xfrm_usersa_info, sel)", Layout.UserSaInfo.SEL),
            entry("offsetof(struct xfrm_usersa_info, id)", Layout.UserSaInfo.ID),
            entry("offsetof(struct xfrm_usersa_info, saddr)", Layout.UserSaInfo.SADDR),
            entry("offsetof(struct xfrm_usersa_info, lft)", Layout.UserSaInfo.LFT),
            entry("offsetof(struct xfrm_usersa_info, curlft)", Layout.UserSaInfo.CURLFT),
            entry("offsetof(struct xfrm_usersa_info, stats)", Layout.UserSaInfo.STATS),
            entry("offsetof(struct xfrm_usersa_info, reqid)", Layout.UserSaInfo.REQID),
            entry("offsetof(struct xfrm_usersa_info, family)", Layout.UserSaInfo.FAMILY),
            entry("offsetof(struct xfrm_usersa_info, mode)", Layout.UserSaInfo.MODE),
            entry("offsetof(struct xfrm_usersa_info, replay_window)", Layout.UserSaInfo.REPLAY_WINDOW),
            entry("offsetof(struct xfrm_usersa_info, flags)", Layout.UserSaInfo.FLAGS),
            entry("sizeof(struct xfrm_usersa_id)", Layout.UserSaId.SIZE),
            entry("offsetof(struct xfrm_usersa_id, daddr)", Layout.UserSaId.DADDR),
            entry("offsetof(struct xfrm_usersa_id, spi)", Layout.UserSaId.SPI),
            entry("offsetof(struct xfrm_usersa_id, family)", Layout.UserSaId.FAMILY),
            entry("offsetof(struct xfrm_usersa_id, proto)", Layout.UserSaId.PROTO),
            entry("sizeof(struct xfrm_userspi_info)", Layout.UserSpiInfo.SIZE),
            entry("offsetof(struct xfrm_userspi_info, info)", Layout.UserSpiInfo.INFO),
            entry("offsetof(struct xfrm_userspi_info, min)", Layout.UserSpiInfo.MIN),
            entry("offsetof(struct xfrm_userspi_info, max)", Layout.UserSpiInfo.MAX),
            entry("sizeof(struct xfrm_user_expire)", Layout.UserExpire.SIZE),
            entry("offsetof(struct xfrm_user_expire, state)", Layout.UserExpire.STATE),
            entry("offsetof(struct xfrm_user_expire, hard)", Layout.UserExpire.HARD),
            entry("sizeof(struct xfrm_usersa_flush)", Layout.UserSaFlush.SIZE),
            entry("offsetof(struct xfrm_usersa_flush, proto)", Layout.UserSaFlush.PROTO),
            entry("offsetof(struct xfrm_algo_aead, alg_name)", Layout.AlgoAead.ALG_NAME),
            entry("sizeof(((struct xfrm_algo_aead *)0)->alg_name)", Layout.AlgoAead.ALG_NAME_SIZE),
            entry("offsetof(struct xfrm_algo_aead, alg_key_len)", Layout.AlgoAead.ALG_KEY_LEN),
            entry("offsetof(struct xfrm_algo_aead, alg_icv_len)", Layout.AlgoAead.ALG_ICV_LEN),
            entry("offsetof(struct xfrm_algo_aead, alg_key)", Layout.AlgoAead.ALG_KEY),
            entry("sizeof(struct xfrm_replay_state)", Layout.ReplayState.SIZE),
            entry("offsetof(struct xfrm_replay_state, oseq)", Layout.ReplayState.OSEQ),
            entry("offsetof(struct xfrm_replay_state, seq)", Layout.ReplayState.SEQ),
            entry("offsetof(struct xfrm_replay_state, bitmap)", Layout.ReplayState.BITMAP),
            entry("offsetof(struct xfrm_replay_state_esn, bmp_len)", Layout.ReplayStateEsn.BMP_LEN),
            entry("offsetof(struct xfrm_replay_state_esn, oseq)", Layout.ReplayStateEsn.OSEQ),
            entry("offsetof(struct xfrm_replay_state_esn, seq)", Layout.ReplayStateEsn.SEQ),
            entry("offsetof(struct xfrm_replay_state_esn, oseq_hi)", Layout.ReplayStateEsn.OSEQ_HI),
            entry("offsetof(struct xfrm_replay_state_esn, seq_hi)", Layout.ReplayStateEsn.SEQ_HI),
            entry("offsetof(struct xfrm_replay_state_esn, replay_window)", Layout.ReplayStateEsn.REPLAY_WINDOW),
            entry("offsetof(struct xfrm_replay_state_esn, bmp)", Layout.ReplayStateEsn.BMP),
            entry("XFRMA_REPLAY_ESN_MAX", Sa.LARGEST_REPLAY_WINDOW),
            entry("sizeof(struct xfrm_mark)", Layout.Mark.SIZE),
            entry("offsetof(struct xfrm_mark, v)", Layout.Mark.V),
            entry("offsetof(struct xfrm_mark, m)", Layout.Mark.M),
            entry("sizeof(struct xfrm_userpolicy_info)", Layout.UserPolicyInfo.SIZE),
            entry("offsetof(struct xfrm_userpolicy_info, sel)", Layout.UserPolicyInfo.SEL),
            entry("offsetof(struct xfrm_userpolicy_info, lft)", Layout.UserPolicyInfo.LFT),
            entry("offsetof(struct xfrm_userpolicy_info, curlft)", Layout.UserPolicyInfo.CURLFT),
            entry("offsetof(struct xfrm_userpolicy_info, priority)", Layout.UserPolicyInfo.PRIORITY),
            entry("offsetof(struct xfrm_userpolicy_info, index)", Layout.UserPolicyInfo.INDEX),
            entry("offsetof(struct xfrm_userpolicy_info, dir)", Layout.UserPolicyInfo.DIR),
            entry("offsetof(struct xfrm_userpolicy_info, action)", Layout.UserPolicyInfo.ACTION),
            entry("offsetof(struct xfrm_userpolicy_info, flags)", Layout.UserPolicyInfo.FLAGS),
            entry("sizeof(struct xfrm_userpolicy_id)", Layout.UserPolicyId.SIZE),
            entry("offsetof(struct xfrm_userpolicy_id, sel)", Layout.UserPolicyId.SEL),
            entry("offsetof(struct xfrm_userpolicy_id, dir)", Layout.UserPolicyId.DIR),
            entry("sizeof(struct xfrm_userpolicy_type)", Layout.UserPolicyType.SIZE),
            entry("offsetof(struct xfrm_userpolicy_type, type)", Layout.UserPolicyType.TYPE),
            entry("sizeof(struct xfrm_user_polexpire)", Layout.UserPolicyExpire.SIZE),
            entry("offsetof(struct xfrm_user_polexpire, pol)", Layout.UserPolicyExpire.POL),
            entry("offsetof(struct xfrm_user_polexpire, hard)", Layout.UserPolicyExpire.HARD),
            entry("sizeof(struct xfrm_user_tmpl)", Layout.UserTemplate.SIZE),
            entry("offsetof(struct xfrm_user_tmpl, id)", Layout.UserTemplate.ID),
            entry("offsetof(struct xfrm_user_tmpl, family)", Layout.UserTemplate.FAMILY),
            entry("offsetof(struct xfrm_user_tmpl, saddr)", Layout.UserTemplate.SADDR),
            entry("offsetof(struct xfrm_user_tmpl, reqid)", Layout.UserTemplate.REQID),
            entry("offsetof(struct xfrm_user_tmpl, mode)", Layout.UserTemplate.MODE),
            entry("offsetof(struct xfrm_user_tmpl, optional)", Layout.UserTemplate.OPTIONAL),
            entry("offsetof(struct xfrm_user_tmpl, aalgos)", Layout.UserTemplate.AALGOS),
            entry("offsetof(struct xfrm_user_tmpl, ealgos)", Layout.UserTemplate.EALGOS),
            entry("offsetof(struct xfrm_user_tmpl, calgos)", Layout.UserTemplate.CALGOS),
            entry("sizeof(struct xfrm_user_acquire)", Layout.UserAcquire.SIZE),
            entry("offsetof(struct xfrm_user_acquire, sel)", Layout.UserAcquire.SEL),
            entry("offsetof(struct xfrm_user_acquire, policy)", Layout.UserAcquire.POLICY),
            entry("XFRM_MSG_NEWSA", XfrmMessage.NEWSA),
            entry("XFRM_MSG_DELSA", XfrmMessage.DELSA),
            entry("XFRM_MSG_GETSA", XfrmMessage.GETSA),
            entry("XFRM_MSG_NEWPOLICY", XfrmMessage.NEWPOLICY),
            entry("XFRM_MSG_DELPOLICY", XfrmMessage.DELPOLICY),
            entry("XFRM_MSG_GETPOLICY", XfrmMessage.GETPOLICY),
            entry("XFRM_MSG_ALLOCSPI", XfrmMessage.ALLOCSPI),
            entry("XFRM_MSG_ACQUIRE", XfrmMessage.ACQUIRE),
            entry("XFRM_MSG_EXPIRE", XfrmMessage.EXPIRE),
            entry("XFRM_MSG_UPDPOLICY", XfrmMessage.UPDPOLICY),
            entry("XFRM_MSG_UPDSA", XfrmMessage.UPDSA),
            entry("XFRM_MSG_POLEXPIRE", XfrmMessage.POLEXPIRE),
            entry("XFRM_MSG_FLUSHSA", XfrmMessage.FLUSHSA),
            entry("XFRM_MSG_FLUSHPOLICY", XfrmMessage.FLUSHPOLICY),
            entry("XFRMA_ALG_AUTH", XfrmAttribute.ALG_AUTH),
            entry("XFRMA_ALG_CRYPT", XfrmAttribute.ALG_CRYPT),
            entry("XFRMA_ALG_COMP", XfrmAttribute.ALG_COMP),
            entry("XFRMA_ENCAP", XfrmAttribute.ENCAP),
            entry("XFRMA_TMPL", XfrmAttribute.TMPL),
            entry("XFRMA_SA", XfrmAttribute.SA),
            entry("XFRMA_POLICY", XfrmAttribute.POLICY),
            entry("XFRMA_REPLAY_VAL", XfrmAttribute.REPLAY_VAL),
            entry("XFRMA_COADDR", XfrmAttribute.COADDR),
            entry("XFRMA_POLICY_TYPE", XfrmAttribute.POLICY_TYPE),
            entry("XFRMA_ALG_AEAD", XfrmAttribute.ALG_AEAD),
            entry("XFRMA_ALG_AUTH_TRUNC", XfrmAttribute.ALG_AUTH_TRUNC),
            entry("XFRMA_MARK", XfrmAttribute.MARK),
            entry("XFRMA_TFCPAD", XfrmAttribute.TFCPAD),
            entry("XFRMA_REPLAY_ESN_VAL", XfrmAttribute.REPLAY_ESN_VAL),
            entry("XFRMA_SA_EXTRA_FLAGS", XfrmAttribute.SA_EXTRA_FLAGS),
            entry("XFRMA_OFFLOAD_DEV", XfrmAttribute.OFFLOAD_DEV),
            entry("XFRMA_SET_MARK", XfrmAttribute.SET_MARK),
            entry("XFRMA_IF_ID", XfrmAttribute.IF_ID),
            entry("XFRMA_SET_MARK_MASK", XfrmAttribute.SET_MARK_MASK),
            entry("offsetof(struct xfrm_algo, alg_name)", Layout.Algo.ALG_NAME),
            entry("offsetof(struct xfrm_algo, alg_key_len)", Layout.Algo.ALG_KEY_LEN),
            entry("offsetof(struct xfrm_algo, alg_key)", Layout.Algo.ALG_KEY),
            entry("offsetof(struct xfrm_algo_auth, alg_name)", Layout.AlgoAuth.ALG_NAME),
            entry("offsetof(struct xfrm_algo_auth, alg_key_len)", Layout.AlgoAuth.ALG_KEY_LEN),
            entry("offsetof(struct xfrm_algo_auth, alg_trunc_len)", Layout.AlgoAuth.ALG_TRUNC_LEN),
            entry("offsetof(struct xfrm_algo_auth, alg_key)", Layout.AlgoAuth.ALG_KEY),
            entry("sizeof(struct xfrm_encap_tmpl)", Layout.EncapTemplate.SIZE),
            entry("offsetof(struct xfrm_encap_tmpl, encap_type)", Layout.EncapTemplate.TYPE),
            entry("offsetof(struct xfrm_encap_tmpl, encap_sport)", Layout.EncapTemplate.SPORT),
            entry("offsetof(struct xfrm_encap_tmpl, encap_dport)", Layout.EncapTemplate.DPORT),
            entry("offsetof(struct xfrm_encap_tmpl, encap_oa)", Layout.EncapTemplate.OA),
            entry("UDP_ENCAP_ESPINUDP", Numbers.UDP_ENCAP_ESPINUDP),
            entry("sizeof(struct xfrm_user_offload)", Layout.UserOffload.SIZE),
            entry("offsetof(struct xfrm_user_offload, ifindex)", Layout.UserOffload.IFINDEX),
            entry("offsetof(struct xfrm_user_offload, flags)", Layout.UserOffload.FLAGS),
            entry("XFRM_OFFLOAD_INBOUND", Numbers.XFRM_OFFLOAD_INBOUND),
            entry("XFRM_STATE_NOECN", flag(SaFlag.NO_ECN)),
            entry("XFRM_STATE_DECAP_DSCP", flag(SaFlag.DECAP_DSCP)),
            entry("XFRM_STATE_NOPMTUDISC", flag(SaFlag.NO_PATH_MTU_DISCOVERY)),
            entry("XFRM_STATE_WILDRECV", flag(SaFlag.WILD_RECEIVE)),
            entry("XFRM_STATE_ICMP", flag(SaFlag.ICMP)),
            entry("XFRM_STATE_AF_UNSPEC", flag(SaFlag.ANY_INNER_FAMILY)),
            entry("XFRM_STATE_ALIGN4", flag(SaFlag.ALIGN_TO_4)),
            entry("XFRM_STATE_ESN", flag(SaFlag.ESN)),
            entry("XFRM_SA_XFLAG_DONT_ENCAP_DSCP", SaFlag.extraFlags(Set.of(SaFlag.DONT_ENCAP_DSCP))),
            entry("XFRM_SA_XFLAG_OSEQ_MAY_WRAP", SaFlag.extraFlags(Set.of(SaFlag.SEQUENCE_MAY_WRAP))),
            entry("XFRM_POLICY_LOCALOK", PolicyFlag.bits(Set.of(PolicyFlag.LOCAL_OK))),
            entry("XFRM_POLICY_ICMP", PolicyFlag.bits(Set.of(PolicyFlag.ICMP))));

    /** Later than the headers of many a build machine: those that have them are asked. */
    private static final Map<String, Integer> OURS_OF_LATER_HEADERS = Map.of(
            "XFRM_OFFLOAD_PACKET", Numbers.XFRM_OFFLOAD_PACKET,
            "XFRMA_SA_DIR", XfrmAttribute.SA_DIR,
            "XFRMA_NAT_KEEPALIVE_INTERVAL", XfrmAttribute.NAT_KEEPALIVE_INTERVAL,
            "XFRMA_SA_PCPU", XfrmAttribute.SA_PCPU);

    @TempDir
    Path folder;

    @Test
    void offsetsAndNumbersAreThoseOfTheHeaders() throws Exception {
        Path compiler = Needs.oneOf("cc", "clang", "gcc");
        Map<String, Integer> ours = new TreeMap<>(OURS);
        String header = Files.readString(Path.of("/usr/include/linux/xfrm.h"));
        OURS_OF_LATER_HEADERS.forEach((name, number) -> {
            if (header.contains(name + ",") || header.contains("#define " + name)) {
                ours.put(name, number);
            }
        });

        assertThat(asked(compiler, ours.keySet())).isEqualTo(ours);
    }

    private static int flag(SaFlag flag) {
        return SaFlag.flags(Set.of(flag));
    }

    private Map<String, Integer> asked(Path compiler, Iterable<String> expressions) throws Exception {
        StringBuilder program = new StringBuilder("""
                #include <stddef.h>
                #include <stdio.h>
                #include <sys/socket.h>
                #include <linux/netlink.h>
                #include <linux/udp.h>
                #include <linux/xfrm.h>
                int main(void) {
                """);
        expressions.forEach(expression ->
                program.append("printf(\"%%s\\t%%d\\n\", \"%1$s\", (int)(%1$s));%n".formatted(expression)));
        Path source = Files.writeString(folder.resolve("layout.c"), program.append("}\n"));
        Path binary = folder.resolve("layout");
        run(compiler.toString(), "-o", binary.toString(), source.toString());
        return run(binary.toString())
                .lines()
                .map(line -> line.split("\t"))
                .collect(Collectors.toMap(parts -> parts[0], parts -> Integer.valueOf(parts[1])));
    }

    private static String run(String... command) throws Exception {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes());
        assertThat(process.waitFor()).as(output).isZero();
        return output;
    }
}
