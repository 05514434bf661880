package io.ipsecxdp.agent.kernel;

import static io.ipsecxdp.xfrm.Addresses.ip;
import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.xfrm.EntryIds;
import io.ipsecxdp.xfrm.SaId;
import java.util.Set;
import org.junit.jupiter.api.Test;

class AffectedIdsTest {

    private final AffectedIds affected = new AffectedIds();

    private static EntryIds sa(long spi) {
        return EntryIds.of(SaId.esp(ip("192.0.2.1"), spi));
    }

    @Test
    void atFirstEveryEntryIsToBeLookedAtWhateverIsAdded() {
        affected.add(sa(0x1000));

        assertThat(affected.ids()).isEmpty();
    }

    @Test
    void afterARoundOnlyWhatWasAddedSinceIs() {
        affected.clear();
        assertThat(affected.ids()).contains(EntryIds.NONE);

        affected.add(sa(0x1000));
        affected.add(sa(0x2000));

        assertThat(affected.ids()).contains(EntryIds.union(Set.of(sa(0x1000), sa(0x2000))));
    }

    @Test
    void upTo256AreAskedForOneByOneAndFromThereOnAll() {
        affected.clear();
        for (int i = 0; i < 256; i++) {
            affected.add(sa(0x1000 + i));
            affected.add(sa(0x1000 + i));
        }
        assertThat(affected.ids())
                .hasValueSatisfying(ids -> assertThat(ids.sas()).hasSize(256));

        affected.add(sa(0x2000));

        assertThat(affected.ids()).isEmpty();
    }
}
