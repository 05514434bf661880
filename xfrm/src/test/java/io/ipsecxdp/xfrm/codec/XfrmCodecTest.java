package io.ipsecxdp.xfrm.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.ipsecxdp.linux.Errno;
import io.ipsecxdp.xfrm.Aead;
import io.ipsecxdp.xfrm.Change;
import io.ipsecxdp.xfrm.Cipher;
import io.ipsecxdp.xfrm.CipherAndIntegrity;
import io.ipsecxdp.xfrm.Difference;
import io.ipsecxdp.xfrm.Differences;
import io.ipsecxdp.xfrm.KernelError;
import io.ipsecxdp.xfrm.KernelSa;
import io.ipsecxdp.xfrm.Kernels;
import io.ipsecxdp.xfrm.KeyMaterial;
import io.ipsecxdp.xfrm.Lifetime;
import io.ipsecxdp.xfrm.ObservedPolicy;
import io.ipsecxdp.xfrm.ObservedSa;
import io.ipsecxdp.xfrm.Policy;
import io.ipsecxdp.xfrm.PolicyId;
import io.ipsecxdp.xfrm.Sa;
import io.ipsecxdp.xfrm.SaBuilder;
import io.ipsecxdp.xfrm.SaDir;
import io.ipsecxdp.xfrm.SaId;
import io.ipsecxdp.xfrm.SaOptions;
import io.ipsecxdp.xfrm.XfrmCapabilities;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Assume;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.From;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.lifecycle.BeforeTry;

class XfrmCodecTest {

    private static final int SEQUENCE = 0x7eadbeef;
    private static final int PORT = 4711;

    private final ByteBuffer buffer = ByteBuffer.allocateDirect(XfrmEncoder.LARGEST_REQUEST);
    private final MessageWriter writer = new MessageWriter(buffer, PORT);
    private final XfrmEncoder encoder = new XfrmEncoder(writer);

    @BeforeTry
    void wipe() {
        writer.wipe();
    }

    private Frame written(Consumer<XfrmEncoder> request) {
        request.accept(encoder);
        List<Frame> frames = Frame.in(buffer, writer.length());
        assertThat(frames).hasSize(1);
        assertThat(frames.getFirst().sequence()).isEqualTo(SEQUENCE);
        assertThat(frames.getFirst().portId()).isEqualTo(PORT);
        return frames.getFirst();
    }

    @Property(tries = 500)
    void theKernelReadsTheSaThatWasMeant(
            @ForAll("sas") Sa sa,
            @ForAll("capabilities") XfrmCapabilities capabilities,
            @ForAll @LongRange(min = 0) long last) {
        long lastSequence = sa.direction() == SaDir.IN ? 0 : sa.esn() ? last : last & 0xffff_ffffL;
        try (KeyMaterial key = KeyMaterial.random(sa.algorithms().keyBytes())) {
            Frame frame = written(e -> e.change(SEQUENCE, new Change.AddSa(sa, key, lastSequence), capabilities));

            ObservedSa read = XfrmDecoder.sa(frame);

            assertThat(frame.type()).isEqualTo(XfrmMessage.NEWSA);
            assertThat(Differences.between(sa, read, capabilities)).isEmpty();
            assertThat(read.replay().lastSent()).isEqualTo(lastSequence);
            assertThat(read.larval()).isFalse();
        }
    }

    @Property(tries = 500)
    void aChangeOfTheLifetimeSaysAllThatTheSaIsWithAKeyThatIsNotItsOwn(@ForAll("sas") Sa sa) {
        Frame frame = written(e -> e.change(SEQUENCE, new Change.ChangeLifetime(sa), Kernels.MODERN));

        assertThat(frame.type()).isEqualTo(XfrmMessage.UPDSA);
        assertThat(Differences.between(sa, XfrmDecoder.sa(frame), Kernels.MODERN))
                .isEmpty();
    }

    @Property(tries = 1000)
    void anyOneOptionThatIsAnotherIsSeen(
            @ForAll("alike") Tuple.Tuple2<Sa, Sa> alike, @ForAll @IntRange(max = 7) int property) {
        Sa wanted = alike.get1();
        Sa donor = alike.get2();
        SaOptions mine = wanted.options();
        SaOptions theirs = donor.options();
        SaOptions options = SaOptions.NONE
                .with()
                .lifetime(property == 0 ? theirs.lifetime() : mine.lifetime())
                .flags(property == 1 ? theirs.flags() : mine.flags())
                .selector(property == 2 ? theirs.selector() : mine.selector())
                .encapsulation(property == 3 ? theirs.encapsulation() : mine.encapsulation())
                .outputMark(property == 4 ? theirs.outputMark() : mine.outputMark())
                .interfaceId(property == 5 ? theirs.interfaceId() : mine.interfaceId())
                .tfcPadding(property == 6 ? theirs.tfcPadding() : mine.tfcPadding())
                .offload(property == 7 ? theirs.offload() : mine.offload())
                .build();
        boolean doneByTheKernel = options.offload().isEmpty()
                && mine.offload().filter(offload -> !offload.packet()).isPresent();
        Assume.that(!doneByTheKernel);
        Sa changed = wanted.withOptions(options);
        try (KeyMaterial key = KeyMaterial.random(changed.algorithms().keyBytes())) {
            ObservedSa read =
                    XfrmDecoder.sa(written(e -> e.change(SEQUENCE, new Change.AddSa(changed, key), Kernels.MODERN)));

            assertThat(Differences.between(wanted, read, Kernels.MODERN).isEmpty())
                    .isEqualTo(KernelSa.of(wanted, Kernels.MODERN).equals(KernelSa.of(changed, Kernels.MODERN)));
        }
    }

    /** Of ten thousand SAs most have the same, which is kept once. */
    @Property(tries = 200)
    void whatIsUsualIsOneValueHoweverOftenItIsRead(@ForAll("sas") Sa sa) {
        try (KeyMaterial key = KeyMaterial.random(sa.algorithms().keyBytes())) {
            Frame frame = written(e -> e.change(SEQUENCE, new Change.AddSa(sa, key), Kernels.MODERN));

            ObservedSa one = XfrmDecoder.sa(frame);
            ObservedSa other = XfrmDecoder.sa(frame);

            assertThat(one).isEqualTo(other);
            assertThat(one.id().protocol()).isSameAs(other.id().protocol());
            assertThat(one.errors()).isSameAs(other.errors());
            assertThat(one.options().flags()).isSameAs(other.options().flags());
            if (sa.options().lifetime().equals(Lifetime.INFINITE)) {
                assertThat(one.options().lifetime()).isSameAs(Lifetime.INFINITE);
            }
            if (sa.algorithms() instanceof Aead aead && Aead.known().contains(aead)) {
                assertThat(one.algorithms().orElseThrow())
                        .isSameAs(other.algorithms().orElseThrow());
            }
        }
    }

    /** Bytes that tell by themselves which key they are of. */
    @Property(tries = 200)
    void theKeysOfEncryptionAndIntegrityStandEachInItsPlace(@ForAll("sas") Sa sa) {
        if (!(sa.algorithms() instanceof CipherAndIntegrity separate)) {
            return;
        }
        int encryption = separate.cipher().map(Cipher::keyBytes).orElse(0);
        byte[] bytes = new byte[separate.keyBytes()];
        Arrays.fill(bytes, 0, encryption, (byte) 0xe1);
        Arrays.fill(bytes, encryption, bytes.length, (byte) 0xa2);
        try (KeyMaterial key = KeyMaterial.takeFrom(bytes)) {
            Frame frame = written(e -> e.change(SEQUENCE, new Change.AddSa(sa, key), Kernels.MODERN));
            Attributes attributes = Attributes.of(frame.payload(), Layout.UserSaInfo.SIZE, XfrmAttribute.COUNT);

            attributes.find(XfrmAttribute.ALG_CRYPT).ifPresent(algorithm -> {
                assertThat(algorithm.size()).isEqualTo(Layout.Algo.ALG_KEY + encryption);
                assertThat(isFilled(algorithm, Layout.Algo.ALG_KEY, 0xe1)).isTrue();
            });
            assertThat(isFilled(attributes.require(XfrmAttribute.ALG_AUTH_TRUNC), Layout.AlgoAuth.ALG_KEY, 0xa2))
                    .isTrue();
        }
    }

    private static boolean isFilled(Bytes bytes, int from, int with) {
        return IntStream.range(from, bytes.size()).allMatch(at -> bytes.unsignedByte(at) == with);
    }

    @Property(tries = 500)
    void anyOnePropertyThatIsAnotherIsSeen(
            @ForAll("alike") Tuple.Tuple2<Sa, Sa> alike, @ForAll @IntRange(max = 4) int property) {
        Sa wanted = alike.get1();
        Sa donor = alike.get2();
        XfrmCapabilities modern = Kernels.MODERN;
        Sa changed = SaBuilder.builder()
                .id(wanted.id())
                .source(wanted.source())
                .direction(wanted.direction())
                .mode(wanted.mode())
                .algorithms(property == 1 ? donor.algorithms() : wanted.algorithms())
                .reqid(property == 2 ? donor.reqid() : wanted.reqid())
                .replayWindow(
                        property == 3 && wanted.direction() == donor.direction()
                                ? Math.max(donor.replayWindow(), wanted.esn() ? wanted.replayWindow() : 0)
                                : wanted.replayWindow())
                .esn(wanted.esn())
                .ownerCpu(property == 4 ? donor.ownerCpu() : wanted.ownerCpu())
                .options(wanted.options())
                .build();
        try (KeyMaterial key = KeyMaterial.random(changed.algorithms().keyBytes())) {
            ObservedSa read = XfrmDecoder.sa(written(e -> e.change(SEQUENCE, new Change.AddSa(changed, key), modern)));

            List<Difference> differences = Differences.between(wanted, read, modern);

            assertThat(differences.isEmpty()).isEqualTo(wanted.equals(changed));
        }
    }

    @Property(tries = 500)
    void theKernelReadsThePolicyThatWasMeant(@ForAll("policies") Policy policy) {
        Frame frame = written(e -> e.change(SEQUENCE, new Change.AddPolicy(policy), Kernels.MODERN));

        Optional<ObservedPolicy> read = XfrmDecoder.policy(frame);

        assertThat(frame.type()).isEqualTo(XfrmMessage.NEWPOLICY);
        assertThat(read)
                .hasValueSatisfying(
                        p -> assertThat(Differences.between(policy, p)).isEmpty());
    }

    @Property(tries = 100)
    void replacingDiffersFromInstallingInItsTypeOnly(@ForAll("policies") Policy policy) {
        XfrmCapabilities any = Kernels.MODERN;
        Frame frame = written(e -> e.change(SEQUENCE, new Change.ReplacePolicy(policy), any));

        assertThat(frame.type()).isEqualTo(XfrmMessage.UPDPOLICY);
        assertThat(XfrmDecoder.policy(frame))
                .hasValueSatisfying(
                        p -> assertThat(Differences.between(policy, p)).isEmpty());
    }

    @Property(tries = 200)
    void whatIsDeletedIsNamedByItsIdentity(@ForAll("saIds") SaId sa, @ForAll("policyIds") PolicyId policy) {
        XfrmCapabilities any = Kernels.MODERN;
        Frame deleteSa = written(e -> e.change(SEQUENCE, new Change.DeleteSa(sa), any));
        assertThat(deleteSa.type()).isEqualTo(XfrmMessage.DELSA);
        assertThat(deleteSa.payload().bigEndianInt(Layout.UserSaId.SPI)).isEqualTo(sa.spi());
        writer.wipe();

        Frame deletePolicy = written(e -> e.change(SEQUENCE, new Change.DeletePolicy(policy), any));
        assertThat(deletePolicy.type()).isEqualTo(XfrmMessage.DELPOLICY);
        assertThat(deletePolicy.payload().unsignedByte(Layout.UserPolicyId.DIR))
                .isEqualTo(Numbers.of(policy.direction()));
    }

    @Property(tries = 100)
    void manyRequestsLieOneBehindTheOther(@ForAll @Size(max = 3) List<@From("policies") Policy> policies) {
        for (int i = 0; i < policies.size(); i++) {
            encoder.change(i, new Change.AddPolicy(policies.get(i)), Kernels.MODERN);
        }

        List<Frame> frames = Frame.in(buffer, writer.length());

        assertThat(frames).hasSameSizeAs(policies);
        for (int i = 0; i < policies.size(); i++) {
            assertThat(frames.get(i).sequence()).isEqualTo(i);
            assertThat(XfrmDecoder.policy(frames.get(i)).orElseThrow().id())
                    .isEqualTo(policies.get(i).id());
        }
    }

    @Property(tries = 50)
    void noKeyByteIsLeftBehindInTheBuffer(@ForAll("sas") Sa sa) {
        byte[] secret = new byte[sa.algorithms().keyBytes()];
        Arrays.fill(secret, (byte) 0x5a);
        try (KeyMaterial key = KeyMaterial.takeFrom(secret)) {
            encoder.change(SEQUENCE, new Change.AddSa(sa, key), Kernels.MODERN);
            assertThat(bytes()).contains(0x5a);

            writer.wipe();

            assertThat(bytes()).containsOnly(0);
        }
    }

    @Property(tries = 2000)
    void randomBytesAreRefusedAndNothingWorse(
            @ForAll @Size(max = 600) byte[] bytes, @ForAll @IntRange(min = 0, max = 0x30) int type) {
        ByteBuffer datagram = ByteBuffer.allocate(16 + bytes.length).order(ByteOrder.nativeOrder());
        datagram.putInt(16 + bytes.length).putShort((short) type).putShort((short) 0x300);
        datagram.put(16, bytes);

        refusedAtWorst(() -> Frame.in(ByteBuffer.wrap(bytes), bytes.length));
        Frame frame = Frame.in(datagram, datagram.capacity()).getFirst();
        refusedAtWorst(() -> XfrmDecoder.event(frame));
        refusedAtWorst(() -> XfrmDecoder.sa(frame));
        refusedAtWorst(() -> XfrmDecoder.policy(frame));
        refusedAtWorst(() -> Ack.of(frame));
        refusedAtWorst(() -> Ack.ofDone(frame));
    }

    /** Closer to the truth than random bytes, so that it gets further. */
    @Property(tries = 2000)
    void damagedMessagesAreRefusedAndNothingWorse(
            @ForAll("sas") Sa sa,
            @ForAll("policies") Policy policy,
            @ForAll @IntRange(min = 16, max = 700) int at,
            @ForAll byte damage) {
        XfrmCapabilities modern = Kernels.MODERN;
        try (KeyMaterial key = KeyMaterial.random(sa.algorithms().keyBytes())) {
            encoder.change(SEQUENCE, new Change.AddSa(sa, key), modern);
            buffer.put(Math.min(at, writer.length() - 1), damage);
            Frame damagedSa = Frame.in(buffer, writer.length()).getFirst();
            refusedAtWorst(() -> XfrmDecoder.event(damagedSa));
        }
        writer.wipe();
        encoder.change(SEQUENCE, new Change.AddPolicy(policy), modern);
        buffer.put(Math.min(at, writer.length() - 1), damage);
        Frame damagedPolicy = Frame.in(buffer, writer.length()).getFirst();
        refusedAtWorst(() -> XfrmDecoder.event(damagedPolicy));
    }

    @Property(tries = 100)
    void attributesThatAreNotKnownAreIgnored(@ForAll("sas") Sa sa, @ForAll @IntRange(min = 36, max = 0x3fff) int type) {
        XfrmCapabilities modern = Kernels.MODERN;
        try (KeyMaterial key = KeyMaterial.random(sa.algorithms().keyBytes())) {
            encoder.change(SEQUENCE, new Change.AddSa(sa, key), modern);
            writer.attribute(type, 5);
            buffer.putInt(0, writer.length());

            Frame frame = Frame.in(buffer, writer.length()).getFirst();

            assertThat(Differences.between(sa, XfrmDecoder.sa(frame), modern)).isEmpty();
        }
    }

    @Example
    void anAcknowledgementCarriesTheKernelsWords() {
        String words = "AEAD algorithm not found";
        int attribute = 4 + words.length() + 1;
        ByteBuffer datagram = ByteBuffer.allocate(16 + 20 + attribute + 3 & ~3).order(ByteOrder.nativeOrder());
        datagram.putInt(16 + 20 + attribute)
                .putShort((short) Netlink.NLMSG_ERROR)
                .putShort((short) (Netlink.NLM_F_CAPPED | Netlink.NLM_F_ACK_TLVS))
                .putInt(SEQUENCE)
                .putInt(4711);
        datagram.putInt(-Errno.ENOSYS.number()).putInt(1000).position(16 + 20);
        datagram.putShort((short) attribute)
                .putShort((short) Netlink.NLMSGERR_ATTR_MSG)
                .put(words.getBytes(StandardCharsets.US_ASCII));

        Ack ack = Ack.of(Frame.in(datagram, datagram.capacity()).getFirst());

        assertThat(ack.sequence()).isEqualTo(SEQUENCE);
        assertThat(ack.error()).contains(new KernelError(Errno.ENOSYS, Optional.of(words)));
        assertThat(ack.error().orElseThrow()).hasToString("AEAD algorithm not found (ENOSYS)");
    }

    /** As strongSwan's {@code tfc_padding = mtu} installs it, and Linux 6.1 takes it. */
    @Property(tries = 50)
    void whatNobodyOfUsWouldInstallIsReadAllTheSame(
            @ForAll("sas") Sa sa, @ForAll @LongRange(min = 0x1_0000, max = 0xffff_ffffL) long tfcPadding) {
        Frame frame = withAttribute(sa, XfrmAttribute.TFCPAD, Integer.BYTES, at -> buffer.putInt(at, (int) tfcPadding));

        assertThat(XfrmDecoder.sa(frame).options().tfcPadding()).isEqualTo(tfcPadding);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> sa.withOptions(sa.options().withTfcPadding(tfcPadding)));
    }

    @Property(tries = 50)
    void whatCannotBeReadAsAWholeHasItsIdentityForAName(@ForAll("sas") Sa sa) {
        Frame frame = withAttribute(sa, XfrmAttribute.SA_DIR, Byte.BYTES, at -> buffer.put(at, (byte) 9));

        assertThatExceptionOfType(MalformedMessageException.class)
                .isThrownBy(() -> XfrmDecoder.sa(frame))
                .withMessageContaining("SA direction 9");
        assertThat(XfrmDecoder.name(frame)).isEqualTo(sa.id().withoutMark().toString());
    }

    /** Of two attributes of one type, the kernel and we take the last. */
    private Frame withAttribute(Sa sa, int type, int size, IntConsumer fill) {
        try (KeyMaterial key = KeyMaterial.random(sa.algorithms().keyBytes())) {
            encoder.change(SEQUENCE, new Change.AddSa(sa, key), Kernels.MODERN);
        }
        fill.accept(writer.attribute(type, size));
        buffer.putInt(0, writer.length());
        return Frame.in(buffer, writer.length()).getFirst();
    }

    @Example
    void aMessageThatIsLongerThanItsDatagramIsRefused() {
        ByteBuffer datagram =
                ByteBuffer.allocate(16).order(ByteOrder.nativeOrder()).putInt(0, 20);

        assertThatExceptionOfType(MalformedMessageException.class)
                .isThrownBy(() -> Frame.in(datagram, 16))
                .withMessageContaining("a message of 20 bytes with 16 left");
    }

    private byte[] bytes() {
        byte[] all = new byte[buffer.capacity()];
        buffer.get(0, all);
        return all;
    }

    private static void refusedAtWorst(Runnable reading) {
        Throwable thrown = catchThrowable(reading::run);
        if (thrown != null) {
            assertThat(thrown).isInstanceOf(MalformedMessageException.class);
        }
    }

    @Provide
    Arbitrary<Sa> sas() {
        return Samples.sas();
    }

    @Provide
    Arbitrary<Tuple.Tuple2<Sa, Sa>> alike() {
        return Samples.alike();
    }

    @Provide
    Arbitrary<SaId> saIds() {
        return Samples.saIds();
    }

    @Provide
    Arbitrary<Policy> policies() {
        return Samples.policies();
    }

    @Provide
    Arbitrary<PolicyId> policyIds() {
        return Samples.policyIds();
    }

    @Provide
    Arbitrary<XfrmCapabilities> capabilities() {
        return Arbitraries.oneOf(Samples.capabilities());
    }
}
