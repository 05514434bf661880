package io.ipsecxdp.agent.plan;

import io.ipsecxdp.agent.ledger.JournalChange;
import io.ipsecxdp.agent.ledger.KeyFingerprint;
import io.ipsecxdp.agent.ledger.KeyUse;
import io.ipsecxdp.agent.ledger.OwnedPolicy;
import io.ipsecxdp.agent.ledger.OwnedSa;
import io.ipsecxdp.xfrm.Change;
import io.ipsecxdp.xfrm.KeyMaterial;
import java.time.Instant;
import java.util.Optional;

/** One thing to do. */
public sealed interface Action {

    /** An action that the log tells of once it is done. */
    sealed interface Logged extends Action {

        /** What is counted where there are too many to name each, such as {@code "SAs installed"}. */
        String kind();

        /** What was done, such as {@code "installed"}. */
        String verb();

        /** To which entry: its kind, name and identity. */
        String subject();

        default String sentence() {
            return verb() + " " + subject();
        }
    }

    /** An action that changes the SAD or SPD. */
    sealed interface KernelAction extends Logged {

        /** The entry that the kernel is asked for, or asked to change; empty for a removal. */
        Optional<DesiredEntry> entry();
    }

    /** Records in the journal what is ours, without a change in the kernel. */
    record Write(JournalChange change) implements Action {}

    /** Records a key that an SA may have used before the ledger was begun, so that no other SA gets it. */
    record WriteKey(KeyUse use) implements Action {}

    /** Reads the key from its Secret. */
    record ReadKey(DesiredSa sa) implements Action {}

    /**
     * Records that the SA in the kernel is ours, and which key the kernel has for it: the Secret may have another one by
     * now.
     *
     * @param added when the kernel installed it
     */
    record AdoptSa(DesiredSa sa, Instant added) implements Logged {
        @Override
        public String kind() {
            return "SAs adopted";
        }

        @Override
        public String verb() {
            return "adopted";
        }

        @Override
        public String subject() {
            return name(sa);
        }
    }

    /**
     * @param key fingerprint of the key that was judged; no other may be installed
     * @param lastSequence the SA goes on after this sequence number
     */
    record InstallSa(DesiredSa sa, KeyFingerprint key, long lastSequence) implements KernelAction {

        /** @param bytes the key with that fingerprint, open until the change is applied */
        public Change change(KeyMaterial bytes) {
            return new Change.AddSa(sa.sa(), bytes, lastSequence);
        }

        @Override
        public Optional<DesiredEntry> entry() {
            return Optional.of(sa);
        }

        @Override
        public String kind() {
            return "SAs installed";
        }

        @Override
        public String verb() {
            return "installed";
        }

        @Override
        public String subject() {
            return name(sa);
        }
    }

    /** Gives the SA in the kernel the desired lifetime; all else of it stays. */
    record ChangeLifetime(DesiredSa sa) implements KernelAction {

        public Change change() {
            return new Change.ChangeLifetime(sa.sa());
        }

        @Override
        public Optional<DesiredEntry> entry() {
            return Optional.of(sa);
        }

        @Override
        public String kind() {
            return "lifetimes of SAs changed";
        }

        @Override
        public String verb() {
            return "changed the lifetime of";
        }

        @Override
        public String subject() {
            return name(sa);
        }
    }

    record RemoveSa(OwnedSa sa) implements KernelAction {

        public Change change() {
            return new Change.DeleteSa(sa.id());
        }

        @Override
        public Optional<DesiredEntry> entry() {
            return Optional.empty();
        }

        @Override
        public String kind() {
            return "SAs removed";
        }

        @Override
        public String verb() {
            return "removed";
        }

        @Override
        public String subject() {
            return "the SA %s, %s".formatted(sa.name(), sa.id());
        }
    }

    record InstallPolicy(DesiredPolicy policy) implements KernelAction {

        public Change change() {
            return new Change.AddPolicy(policy.policy());
        }

        @Override
        public Optional<DesiredEntry> entry() {
            return Optional.of(policy);
        }

        @Override
        public String kind() {
            return "policies installed";
        }

        @Override
        public String verb() {
            return "installed";
        }

        @Override
        public String subject() {
            return name(policy);
        }
    }

    /** Puts the policy in the place of ours with the same identity, without a moment of none. */
    record ReplacePolicy(DesiredPolicy policy) implements KernelAction {

        public Change change() {
            return new Change.ReplacePolicy(policy.policy());
        }

        @Override
        public Optional<DesiredEntry> entry() {
            return Optional.of(policy);
        }

        @Override
        public String kind() {
            return "policies replaced";
        }

        @Override
        public String verb() {
            return "replaced";
        }

        @Override
        public String subject() {
            return name(policy);
        }
    }

    record RemovePolicy(OwnedPolicy policy) implements KernelAction {

        public Change change() {
            return new Change.DeletePolicy(policy.id());
        }

        @Override
        public Optional<DesiredEntry> entry() {
            return Optional.empty();
        }

        @Override
        public String kind() {
            return "policies removed";
        }

        @Override
        public String verb() {
            return "removed";
        }

        @Override
        public String subject() {
            return "the policy %s, %s".formatted(policy.name(), policy.id());
        }
    }

    private static String name(DesiredSa sa) {
        return "the SA %s, %s".formatted(sa.name(), sa.sa().id());
    }

    private static String name(DesiredPolicy policy) {
        return "the policy %s, %s".formatted(policy.name(), policy.policy().id());
    }
}
