package io.ipsecxdp.bpf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ipsecxdp.bpf.jna.BpfException;
import io.ipsecxdp.bpf.jna.BpfObject;
import io.ipsecxdp.bpf.jna.MapInfo;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The compiled object, as libbpf reads it; nothing here needs a privilege. */
class SteerObjectTest {
    private static final int NO_PREALLOCATION = 1;

    @Test
    void itsMapsHaveTheShapesThatJavaReadsAndWrites() {
        try (var object = BpfObject.open("steer", SteerProgram.compiled())) {
            assertThat(object.shape(SteerMaps.HASH_CPUS))
                    .isEqualTo(new MapInfo.Shape(2, 4, HashCpus.BUCKETS * Integer.BYTES, 1, 0));
            assertThat(object.shape(SteerMaps.COUNTERS)).isEqualTo(new MapInfo.Shape(6, 4, 16, 64, 0));
            assertThat(object.shape(SteerMaps.CONFIG)).isEqualTo(new MapInfo.Shape(2, 4, SteerMaps.CONFIG_SIZE, 1, 0));
            assertThat(object.shape(SteerMaps.BUCKET_PACKETS))
                    .isEqualTo(new MapInfo.Shape(6, 4, HashCpus.BUCKETS * Long.BYTES, 1, 0));
            assertThat(object.shape(SteerMaps.TALKERS))
                    .isEqualTo(new MapInfo.Shape(9, SteerMaps.TALKER_SIZE, SteerMaps.TALKED_SIZE, 1024, 0));
            assertThat(object.shape(SteerMaps.FIXED))
                    .isEqualTo(new MapInfo.Shape(1, 4, 4, SteeringConfig.MAX_FIXED, NO_PREALLOCATION));
            assertThat(object.shape(SteerMaps.SAD_MIRROR))
                    .isEqualTo(new MapInfo.Shape(1, KnownSa.KEY_SIZE, 4, SadMirror.MAX_SAS, NO_PREALLOCATION));
            assertThat(object.shape(SteerMaps.CPUS)).isEqualTo(new MapInfo.Shape(16, 4, 4, 1, 0));
        }
    }

    @Test
    void itIsTheSameWhereverItIsBuilt(@TempDir Path elsewhere) throws IOException {
        try (var sources = Files.list(Compiled.SOURCES)) {
            for (var source : sources.toList()) {
                Files.copy(source, elsewhere.resolve(source.getFileName()));
            }
        }
        assertThat(Compiled.compile(elsewhere.resolve("steer.bpf.c"))).isEqualTo(SteerProgram.compiled());
    }

    @Test
    void noPathOfThisMachineIsInIt() {
        var text = new String(SteerProgram.compiled(), StandardCharsets.ISO_8859_1);
        assertThat(text).contains("steer.bpf.c").doesNotContain(System.getProperty("user.dir"), "/usr/");
    }

    @Test
    void itIsLicensedForTheKernelAndForOthers() {
        assertThat(new String(SteerProgram.compiled(), StandardCharsets.ISO_8859_1))
                .contains("Dual BSD/GPL");
    }

    @Test
    void whatIsNoObjectIsRefusedWithAName() {
        assertThatThrownBy(() -> BpfObject.open("nonsense", new byte[100]))
                .isInstanceOfSatisfying(BpfException.class, e -> {
                    assertThat(e).hasMessageStartingWith("Opening the BPF object nonsense failed: ");
                    assertThat(e.log()).contains("nonsense");
                });
    }
}
