package io.ipsecxdp.agent.plan;

import io.ipsecxdp.xfrm.ObservedSa;
import io.ipsecxdp.xfrm.PolicyId;
import io.ipsecxdp.xfrm.SaDir;
import io.ipsecxdp.xfrm.Template;
import io.ipsecxdp.xfrm.XfrmMark;
import io.ipsecxdp.xfrm.XfrmOffload;
import io.ipsecxdp.xfrm.XfrmSelector;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** The SA that a packet needs which a policy selected ({@code xfrm_state_find} in net/xfrm/xfrm_state.c). */
record WantedSa(Template template, PolicyId policy, Optional<XfrmOffload> offload, Acquires.Acquire acquire) {

    private static final String OWNER = "its owner CPU";

    /** What keeps the kernel from taking this SA; empty if it takes it. */
    List<String> lacks(ObservedSa sa) {
        List<String> lacks = new ArrayList<>();
        Template.Ends ends = ends();
        check(lacks, !sa.larval(), "its algorithms");
        check(lacks, sa.direction().filter(SaDir.IN::equals).isEmpty(), "its direction");
        check(lacks, sa.id().protocol().equals(template.protocol()), "its protocol");
        check(lacks, sa.mode() == template.mode(), "its mode");
        check(lacks, sa.source().equals(ends.source()) && sa.id().destination().equals(ends.destination()), "its ends");
        check(lacks, sa.options().interfaceId() == policy.interfaceId(), "its interfaceId");
        check(lacks, sa.id().mark().takesIn(policy.mark()), "its mark");
        check(lacks, sa.reqid() == template.reqid(), "its reqid");
        check(lacks, sa.options().offload().filter(XfrmOffload::packet).equals(offload), "its offload of packets");
        check(
                lacks,
                sa.options()
                        .selector()
                        .filter(selector -> !selector.takes(acquire.packet()))
                        .isEmpty(),
                "its selector");
        check(lacks, sa.ownerCpu().equals(acquire.cpu()), OWNER);
        return lacks;
    }

    boolean isThere(Observed observed) {
        return observed.sas().values().stream()
                .filter(sa -> sa.reqid() == template.reqid())
                .anyMatch(sa -> lacks(sa).isEmpty());
    }

    /** Which SA is missing, and what to do about it. */
    String sentence(DecisionInput now) {
        String lost = template.level() == Template.Level.USE
                ? "In force, but packets that it selects leave unprotected"
                : "In force, but packets that it selects are lost";
        return "%s: the node has no SA by %s. %s".formatted(lost, this, remedy(now));
    }

    private String remedy(DecisionInput now) {
        Optional<ObservedSa> nearest = now.observed().sas().values().stream()
                .filter(sa ->
                        !sa.larval() && sa.direction().filter(SaDir.IN::equals).isEmpty())
                .filter(sa ->
                        sa.reqid() == template.reqid() || sa.id().destination().equals(ends().destination()))
                .min(Comparator.comparingInt((ObservedSa sa) -> lacks(sa).size())
                        .thenComparing(sa -> sa.id().toString()));
        if (nearest.isEmpty()) {
            return "Declare a SecurityAssociation with these ends, reqid and mode.";
        }
        List<String> lacks = lacks(nearest.get());
        String name = Optional.ofNullable(now.journal().sas().get(nearest.get().id()))
                .map(owned -> "The SecurityAssociation " + owned.name())
                .orElseGet(() -> "The SA " + nearest.get().description());
        if (!lacks.equals(List.of(OWNER))) {
            return "%s comes nearest and differs in %s: declare another one, or correct the SecurityPolicy."
                    .formatted(name, String.join(", ", lacks));
        }
        return acquire.cpu().isPresent()
                ? "The policy asks an IKE daemon for it (perCpuAcquire), and none answers: declare the policy without perCpuAcquire."
                : "%s belongs to CPU %d, and other CPUs send nothing: declare one more SecurityAssociation like it, without source.cpu."
                        .formatted(name, nearest.get().ownerCpu().orElseThrow());
    }

    /** Such as {@code esp in tunnel mode from 10.0.0.1 to 10.0.0.2 with reqid 5}. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("%s in %s mode from %s to %s with reqid %d"
                .formatted(
                        template.protocol().toString().toUpperCase(Locale.ROOT),
                        template.mode().name().toLowerCase(Locale.ROOT),
                        ends().source().getHostAddress(),
                        ends().destination().getHostAddress(),
                        template.reqid()));
        if (policy.interfaceId() != 0) {
            text.append(", interfaceId ").append(policy.interfaceId());
        }
        if (!policy.mark().equals(XfrmMark.NONE)) {
            text.append(", mark ").append(policy.mark());
        }
        offload.ifPresent(device -> text.append(", offload of ").append(device));
        acquire.cpu().ifPresent(cpu -> text.append(", of CPU ").append(cpu));
        return text.toString();
    }

    private static void check(List<String> lacks, boolean holds, String what) {
        if (!holds) {
            lacks.add(what);
        }
    }

    /** In transport mode they are the packet's own. */
    private Template.Ends ends() {
        XfrmSelector packet = acquire.packet();
        return template.ends()
                .orElseGet(() -> new Template.Ends(
                        packet.source().address(), packet.destination().address()));
    }
}
