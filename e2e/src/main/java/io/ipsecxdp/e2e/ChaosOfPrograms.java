package io.ipsecxdp.e2e;

import io.ipsecxdp.crds.XdpMode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Agents, operator and API server end, hang and come back, and what is declared changes meanwhile. */
record ChaosOfPrograms(Cluster cluster, ChaosSubject subject, ChaosDice dice) {

    Map<String, Runnable> happenings() {
        Map<String, Runnable> all = new LinkedHashMap<>();
        all.put("an agent restarts", this::agentRestarts);
        all.put("an agent is killed", this::agentIsKilled);
        all.put("the operator restarts", this::operatorRestarts);
        all.put("the operator is killed", this::operatorIsKilled);
        all.put("the API server restarts", this::apiServerRestarts);
        all.put("the API server and an agent restart", this::apiServerAndAgentRestart);
        all.put("the API server hangs", () -> cluster.lab().api().hang(dice.upTo(7)));
        all.put("the API server answers 429", () -> cluster.lab().api().refuseAll(dice.upTo(5)));
        all.put("etcd is restored from a backup", this::etcdIsRestored);
        all.put("steering changes", this::steeringChanges);
        all.put("SAs are replaced", this::change);
        all.put("SAs are replaced while an agent is away", this::changeWithoutAgent);
        all.put("SAs are replaced while an agent is killed", this::changeWhileAgentIsKilled);
        all.put("SAs are replaced while the operator is away", this::changeWithoutOperator);
        all.put("SAs are replaced while a node is cut off the API server", this::changeWhileCutOff);
        return all;
    }

    private void agentRestarts() {
        AgentProcess agent = dice.agent();
        agent.terminate();
        dice.pause();
        agent.startAgain();
        agent.awaitReady();
    }

    private void agentIsKilled() {
        AgentProcess agent = dice.agent();
        agent.kill();
        agent.startAgain();
        agent.awaitReady();
    }

    private void operatorRestarts() {
        cluster.operator().terminate();
        dice.pause();
        operatorStarts();
    }

    private void operatorIsKilled() {
        cluster.operator().kill();
        operatorStarts();
    }

    private void operatorStarts() {
        cluster.operator().startAgain();
        cluster.operator().awaitReady();
    }

    private void apiServerRestarts() {
        cluster.lab().api().stopServer();
        dice.longPause();
        cluster.lab().api().startServer();
    }

    private void apiServerAndAgentRestart() {
        AgentProcess agent = dice.agent();
        cluster.lab().api().stopServer();
        agent.kill();
        agent.startAgain();
        dice.longPause();
        cluster.lab().api().startServer();
        agent.awaitReady();
    }

    private void etcdIsRestored() {
        cluster.lab().api().backUp();
        if (subject.mayBeForgotten()) {
            change();
        } else {
            steeringChanges();
        }
        cluster.lab().api().restore();
    }

    private void steeringChanges() {
        cluster.applyReady(
                List.of(Steering.on("eth0", XdpMode.Native, 512 << dice.between(0, 4))), ChaosSubject.PATIENCE);
    }

    private void change() {
        subject.beginChange();
        subject.endChange();
    }

    private void changeWithoutAgent() {
        AgentProcess agent = dice.agent();
        agent.terminate();
        subject.beginChange();
        subject.awaitBegun(agent.node());
        dice.pause();
        agent.startAgain();
        agent.awaitReady();
        subject.endChange();
    }

    private void changeWhileAgentIsKilled() {
        AgentProcess agent = dice.agent();
        subject.beginChange();
        dice.pause();
        agent.kill();
        agent.startAgain();
        agent.awaitReady();
        subject.endChange();
    }

    /** What is declared reaches the agents before; what they agree needs no operator. */
    private void changeWithoutOperator() {
        subject.beginChange();
        dice.pause();
        cluster.operator().terminate();
        dice.longPause();
        operatorStarts();
        subject.endChange();
    }

    private void changeWhileCutOff() {
        Node node = dice.node();
        subject.beginChange();
        dice.pause();
        node.cutOff(dice.upTo(5));
        subject.endChange();
    }
}
