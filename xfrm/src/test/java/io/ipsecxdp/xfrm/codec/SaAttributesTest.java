package io.ipsecxdp.xfrm.codec;

import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.xfrm.SaOptions;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class SaAttributesTest {

    @Test
    void everyPropertyOfAnSaIsWrittenAndReadByOneRow() {
        assertThat(SaAttributes.ROWS)
                .extracting(SaAttributes.Row::name)
                .containsExactlyElementsOf(Arrays.stream(SaOptions.class.getRecordComponents())
                        .map(RecordComponent::getName)
                        .toList());
    }
}
