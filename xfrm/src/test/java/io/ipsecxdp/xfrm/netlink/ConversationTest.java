package io.ipsecxdp.xfrm.netlink;

import static io.ipsecxdp.xfrm.Addresses.ip;
import static io.ipsecxdp.xfrm.Addresses.prefix;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.ipsecxdp.linux.Datagrams;
import io.ipsecxdp.linux.Errno;
import io.ipsecxdp.linux.SystemCallException;
import io.ipsecxdp.xfrm.Aead;
import io.ipsecxdp.xfrm.Change;
import io.ipsecxdp.xfrm.Dump;
import io.ipsecxdp.xfrm.KernelError;
import io.ipsecxdp.xfrm.Kernels;
import io.ipsecxdp.xfrm.KeyMaterial;
import io.ipsecxdp.xfrm.Mode;
import io.ipsecxdp.xfrm.ObservedPolicy;
import io.ipsecxdp.xfrm.Policy;
import io.ipsecxdp.xfrm.PolicyDir;
import io.ipsecxdp.xfrm.PolicyId;
import io.ipsecxdp.xfrm.Prefix;
import io.ipsecxdp.xfrm.Sa;
import io.ipsecxdp.xfrm.SaBuilder;
import io.ipsecxdp.xfrm.SaDir;
import io.ipsecxdp.xfrm.SaId;
import io.ipsecxdp.xfrm.XfrmCapabilities;
import io.ipsecxdp.xfrm.XfrmException;
import io.ipsecxdp.xfrm.XfrmSelector;
import io.ipsecxdp.xfrm.codec.Frame;
import io.ipsecxdp.xfrm.codec.MessageWriter;
import io.ipsecxdp.xfrm.codec.Netlink;
import io.ipsecxdp.xfrm.codec.XfrmDecoder;
import io.ipsecxdp.xfrm.codec.XfrmEncoder;
import io.ipsecxdp.xfrm.codec.XfrmMessage;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What a healthy kernel does too rarely to wait for. */
class ConversationTest {

    private static final XfrmCapabilities NONE = Kernels.OLD;

    private static final List<Policy> POLICIES =
            IntStream.range(0, 200).mapToObj(ConversationTest::policy).toList();

    private final ScriptedKernel kernel = new ScriptedKernel();
    private final Conversation conversation = new Conversation(kernel);

    /** Given the sequence number of the first request: what receiving gives. */
    @FunctionalInterface
    private interface Datagram {
        Supplier<byte[]> after(int sequence);
    }

    /** Answers each datagram with what the script says for the sequence number of its first request. */
    private static final class ScriptedKernel implements Datagrams {
        private final Deque<IntFunction<List<Supplier<byte[]>>>> script = new ArrayDeque<>();
        private final Deque<Supplier<byte[]>> answers = new ArrayDeque<>();
        private ByteBuffer lastSent = ByteBuffer.allocate(0);
        private byte[] asSent = {};

        void willAnswer(Datagram... datagrams) {
            script.add(sequence -> Arrays.stream(datagrams)
                    .map(datagram -> datagram.after(sequence))
                    .toList());
        }

        @Override
        public int portId() {
            return 4711;
        }

        @Override
        public void send(ByteBuffer messages, int length) {
            lastSent = messages;
            asSent = new byte[length];
            messages.get(0, asSent);
            answers.addAll(
                    script.remove().apply(Frame.in(messages, length).getFirst().sequence()));
        }

        @Override
        public OptionalInt receive(ByteBuffer into, Duration timeout) {
            if (answers.isEmpty()) {
                return OptionalInt.empty();
            }
            byte[] datagram = answers.remove().get();
            into.put(0, datagram, 0, Math.min(datagram.length, into.capacity()));
            return OptionalInt.of(datagram.length);
        }

        @Override
        public int[] receive(ByteBuffer into, int slot, Duration timeout) {
            List<Integer> lengths = new ArrayList<>();
            while (!answers.isEmpty() && (lengths.size() + 1) * slot <= into.capacity()) {
                byte[] datagram;
                try {
                    datagram = answers.element().get();
                } catch (SystemCallException e) {
                    // As recvmmsg(2): an error after some datagrams is that of the next call
                    if (lengths.isEmpty()) {
                        answers.remove();
                        throw e;
                    }
                    break;
                }
                answers.remove();
                into.put(lengths.size() * slot, datagram, 0, Math.min(datagram.length, slot));
                lengths.add(datagram.length);
            }
            return lengths.stream().mapToInt(Integer::intValue).toArray();
        }

        @Override
        public void close() {}
    }

    /** {@code xfrm_userpolicy_info.action}, behind the header of its message. */
    private static final int ACTION = 16 + 161;

    private static Policy policy(int number) {
        Prefix destination = Prefix.host(ip("10.3.0." + number));
        return new Policy(
                PolicyId.of(PolicyDir.OUT, XfrmSelector.between(prefix("10.1.0.0/16"), destination)),
                1,
                Policy.Action.ALLOW,
                List.of());
    }

    private static Datagram policies(int from, int to) {
        return sequence -> () -> {
            ByteBuffer buffer = ByteBuffer.allocate(256 * 1024);
            MessageWriter writer = new MessageWriter(buffer, 0);
            XfrmEncoder encoder = new XfrmEncoder(writer);
            POLICIES.subList(from, to).forEach(policy -> encoder.change(sequence, new Change.AddPolicy(policy), NONE));
            return Arrays.copyOf(buffer.array(), writer.length());
        };
    }

    private static Datagram withUnknownAction(Datagram onePolicy) {
        return sequence -> () -> {
            byte[] bytes = onePolicy.after(sequence).get();
            bytes[ACTION] = 9;
            return bytes;
        };
    }

    private static Datagram done(int flags, int error) {
        return message(Netlink.NLMSG_DONE, flags, 0, error);
    }

    private static Datagram ack(int index, int error) {
        return message(Netlink.NLMSG_ERROR, Netlink.NLM_F_CAPPED, index, error);
    }

    private static Datagram message(int type, int flags, int index, int error) {
        return sequence -> () -> ByteBuffer.allocate(16 + 20)
                .order(ByteOrder.nativeOrder())
                .putInt(16 + 20)
                .putShort((short) type)
                .putShort((short) flags)
                .putInt(sequence + index)
                .putInt(4711)
                .putInt(-error)
                .array();
    }

    private static Datagram overrun() {
        return sequence -> () -> {
            throw new SystemCallException("recvfrom", Errno.ENOBUFS.number());
        };
    }

    private List<PolicyId> dump() {
        return dumped().entries().stream().map(ObservedPolicy::id).toList();
    }

    private Dump<ObservedPolicy> dumped() {
        return conversation.dump((encoder, sequence) -> encoder.dumpPolicies(sequence), XfrmDecoder::policy);
    }

    private static List<PolicyId> ids(int to) {
        return POLICIES.subList(0, to).stream().map(Policy::id).toList();
    }

    private static List<Conversation.Request> requests(int count) {
        return IntStream.range(0, count)
                .<Conversation.Request>mapToObj(
                        i -> (encoder, sequence) -> encoder.change(sequence, new Change.AddPolicy(policy(i)), NONE))
                .toList();
    }

    @Test
    void aDumpOfManyDatagramsIsOneList() {
        kernel.willAnswer(policies(0, 3), policies(3, 5), done(0, 0));

        assertThat(dump()).isEqualTo(ids(5));
    }

    @Test
    void aDumpThatTheKernelCallsInterruptedIsReadAgain() {
        kernel.willAnswer(policies(0, 3), done(Netlink.NLM_F_DUMP_INTR, 0));
        kernel.willAnswer(policies(0, 4), done(0, 0));

        assertThat(dump()).isEqualTo(ids(4));
    }

    @Test
    void aDumpThatLostADatagramIsReadAgain() {
        kernel.willAnswer(policies(0, 1), overrun(), policies(2, 3), done(0, 0));
        kernel.willAnswer(policies(0, 3), done(0, 0));

        assertThat(dump()).isEqualTo(ids(3));
    }

    @Test
    void aDatagramThatWasCutOffIsReadAgainIntoALargerBuffer() {
        kernel.willAnswer(policies(0, 200), done(0, 0));
        kernel.willAnswer(policies(0, 200), done(0, 0));

        assertThat(dump()).isEqualTo(ids(200));
    }

    @Test
    void aTableThatNeverRestsIsReported() {
        IntStream.range(0, 100).forEach(i -> kernel.willAnswer(done(Netlink.NLM_F_DUMP_INTR, 0)));

        assertThatExceptionOfType(XfrmException.class)
                .isThrownBy(this::dump)
                .withMessage("The kernel's table changed during each of 20 dumps");
    }

    @Test
    void aDumpThatTheKernelRefusesIsReported() {
        kernel.willAnswer(done(0, Errno.EPERM.number()));

        assertThatExceptionOfType(XfrmException.class)
                .isThrownBy(this::dump)
                .withMessage("The kernel did not show its table: this needs the capability CAP_NET_ADMIN (EPERM)");
    }

    @Test
    void anEntryOfADumpThatMakesNoSenseCostsThatEntryAlone() {
        Datagram nameless = message(XfrmMessage.NEWPOLICY, 0, 0, 0);
        kernel.willAnswer(policies(0, 2), nameless, withUnknownAction(policies(2, 3)), policies(3, 4), done(0, 0));

        Dump<ObservedPolicy> dump = dumped();

        assertThat(dump.entries())
                .extracting(ObservedPolicy::id)
                .containsExactly(
                        POLICIES.get(0).id(),
                        POLICIES.get(1).id(),
                        POLICIES.get(3).id());
        assertThat(dump.unreadable())
                .extracting(Dump.Unreadable::entry)
                .containsExactly("a policy", POLICIES.get(2).id().toString());
        assertThat(dump.unreadable().getLast().why()).isEqualTo("policy action 9");
    }

    @Test
    void whatMakesNoSenseIsCountedOnceInADumpThatIsReadAgain() {
        kernel.willAnswer(withUnknownAction(policies(0, 1)), done(Netlink.NLM_F_DUMP_INTR, 0));
        kernel.willAnswer(withUnknownAction(policies(0, 1)), done(0, 0));

        assertThat(dumped().unreadable()).hasSize(1);
    }

    @Test
    void errorsFindTheirRequestsAndWhatHasNoneWasDone() {
        kernel.willAnswer(ack(0, Errno.EEXIST.number()), ack(2, Errno.EINVAL.number()), ack(3, 0));

        assertThat(conversation.request(requests(4)))
                .containsExactly(
                        Optional.of(KernelError.of(Errno.EEXIST)),
                        Optional.empty(),
                        Optional.of(KernelError.of(Errno.EINVAL)),
                        Optional.empty());
    }

    @Test
    void onlyTheLastRequestOfADatagramIsToBeAcknowledged() {
        kernel.willAnswer(ack(2, 0));

        conversation.request(requests(3));

        assertThat(Frame.in(ByteBuffer.wrap(kernel.asSent), kernel.asSent.length))
                .extracting(frame -> (frame.flags() & Netlink.NLM_F_ACK) != 0)
                .containsExactly(false, false, true);
    }

    @Test
    void anAnswerToAnEarlierRequestIsPassedOver() {
        kernel.willAnswer(ack(-1, Errno.EEXIST.number()), ack(0, 0));

        assertThat(conversation.request(requests(1))).containsExactly(Optional.empty());
    }

    @Test
    void aRequestWhoseAnswerMayHaveBeenLostIsNotCalledDone() {
        kernel.willAnswer(overrun(), ack(0, Errno.EEXIST.number()), ack(2, 0));

        assertThat(conversation.request(requests(3)))
                .containsExactly(
                        Optional.of(KernelError.of(Errno.EEXIST)),
                        Optional.of(KernelError.of(Errno.ENOBUFS)),
                        Optional.empty());
    }

    @Test
    void nothingIsLeftInTheSocketAfterAnAnswerWasLost() {
        kernel.willAnswer(overrun(), ack(0, 0));
        kernel.willAnswer(ack(1, 0));

        assertThat(conversation.request(requests(2)))
                .containsExactly(Optional.empty(), Optional.of(KernelError.of(Errno.ENOBUFS)));
        assertThat(conversation.request(requests(2))).containsExactly(Optional.empty(), Optional.empty());
    }

    @Test
    void aKernelThatDoesNotAnswerIsReported() {
        kernel.willAnswer();

        assertThatExceptionOfType(XfrmException.class)
                .isThrownBy(() -> conversation.request(requests(1)))
                .withMessageContaining("did not answer");
    }

    @Test
    void noKeyIsLeftInTheBufferThatWasSent() {
        byte[] pattern = new byte[20];
        Arrays.fill(pattern, (byte) 0x5a);
        Sa sa = SaBuilder.builder()
                .id(SaId.esp(ip("192.0.2.2"), 0x1000))
                .source(ip("192.0.2.1"))
                .direction(SaDir.OUT)
                .mode(Mode.TUNNEL)
                .algorithms(Aead.aesGcm(128, 128))
                .reqid(1)
                .replayWindow(0)
                .esn(true)
                .build();
        kernel.willAnswer(ack(0, 0));
        try (KeyMaterial key = KeyMaterial.takeFrom(pattern)) {
            conversation.request(
                    List.of((encoder, sequence) -> encoder.change(sequence, new Change.AddSa(sa, key), NONE)));
        }

        byte[] left = new byte[kernel.lastSent.capacity()];
        kernel.lastSent.get(0, left);
        assertThat(kernel.asSent).contains(0x5a);
        assertThat(left).containsOnly(0);
    }
}
