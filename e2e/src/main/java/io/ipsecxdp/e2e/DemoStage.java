package io.ipsecxdp.e2e;

import java.util.List;

/** What all steps of the demo have at hand. */
record DemoStage(Narrator narrator, Lab lab, Kubectl kubectl) {
    static final int PER_SECOND = 500;
    static final int CPUS = 2;
    static final int PORT = 9_000;

    void kubectl(String arguments) {
        narrator.command("kubectl " + arguments, kubectl.run(arguments.split(" ")));
    }

    void tell(Load.Report report) {
        narrator.say(report.table());
        narrator.say(
                "%d packets sent, %d lost, %d came twice, %d late; on the wire %d ESP packets and %d others of IPv4"
                        .formatted(
                                report.sent(),
                                report.lost(),
                                report.duplicates(),
                                report.late(),
                                report.esp(),
                                report.plain()));
    }

    void checkIntact(Load.Report report) {
        check(report.lost() == 0, "packets were lost");
        check(report.duplicates() == 0, "packets came twice");
        check(report.esp() == report.sent(), "the wire did not carry one ESP packet for each packet sent");
        check(report.plain() == 0, "the wire carried packets that are not ESP");
    }

    /** Packets of a load, from each CPU of each node. */
    long sent(long packets) {
        return packets * CPUS * lab.nodes().size();
    }

    Load load(long packets) {
        return new Load(lab.daemons(), lab.node(0), lab.node(1), CPUS, packets, PER_SECOND);
    }

    List<NodeState> states() {
        return lab.nodes().stream().map(NodeState::of).toList();
    }

    static void check(boolean holds, String otherwise) {
        if (!holds) {
            throw new IllegalStateException(otherwise);
        }
    }
}
