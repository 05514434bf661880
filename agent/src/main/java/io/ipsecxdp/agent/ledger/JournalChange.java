package io.ipsecxdp.agent.ledger;

import io.ipsecxdp.xfrm.PolicyId;
import io.ipsecxdp.xfrm.SaId;

/** A change of what is ours. */
public sealed interface JournalChange {

    record OwnSa(OwnedSa sa) implements JournalChange {}

    record DisownSa(SaId id) implements JournalChange {}

    record OwnPolicy(OwnedPolicy policy) implements JournalChange {}

    record DisownPolicy(PolicyId id) implements JournalChange {}

    record OwnInterface(OwnedInterface owned) implements JournalChange {}

    record DisownInterface(String name) implements JournalChange {}
}
