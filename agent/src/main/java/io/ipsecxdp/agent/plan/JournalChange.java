package io.ipsecxdp.agent.plan;

import io.ipsecxdp.agent.xfrm.PolicyId;
import io.ipsecxdp.agent.xfrm.SaId;

/** A change of what is ours. */
public sealed interface JournalChange {

    record OwnSa(OwnedSa sa) implements JournalChange {}

    record DisownSa(SaId id) implements JournalChange {}

    record OwnPolicy(OwnedPolicy policy) implements JournalChange {}

    record DisownPolicy(PolicyId id) implements JournalChange {}

    record OwnInterface(OwnedInterface owned) implements JournalChange {}

    record DisownInterface(String name) implements JournalChange {}
}
