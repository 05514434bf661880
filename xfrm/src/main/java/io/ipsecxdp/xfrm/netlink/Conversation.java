package io.ipsecxdp.xfrm.netlink;

import io.ipsecxdp.linux.Datagrams;
import io.ipsecxdp.linux.Errno;
import io.ipsecxdp.linux.NetlinkSocket;
import io.ipsecxdp.linux.SystemCallException;
import io.ipsecxdp.xfrm.Dump;
import io.ipsecxdp.xfrm.KernelError;
import io.ipsecxdp.xfrm.XfrmException;
import io.ipsecxdp.xfrm.codec.Ack;
import io.ipsecxdp.xfrm.codec.Frame;
import io.ipsecxdp.xfrm.codec.MalformedMessageException;
import io.ipsecxdp.xfrm.codec.MessageWriter;
import io.ipsecxdp.xfrm.codec.Netlink;
import io.ipsecxdp.xfrm.codec.XfrmDecoder;
import io.ipsecxdp.xfrm.codec.XfrmEncoder;
import io.ipsecxdp.xfrm.codec.Zeros;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;
import java.util.function.Function;

/** Requests and their answers over one socket. For one thread at a time. */
final class Conversation implements AutoCloseable {

    /** Writes one request that bears this sequence number. */
    @FunctionalInterface
    interface Request {
        void write(XfrmEncoder encoder, int sequence);
    }

    /** Says before each datagram how many requests it may have. */
    interface Pace {

        /** At least 1; called before each datagram, and may make the caller wait. */
        int most();

        /** The kernel has worked off so many. */
        void worked(int requests);
    }

    static final int NETLINK_XFRM = 6;

    private static final Pace NONE = new Pace() {
        @Override
        public int most() {
            return MOST_REQUESTS_AT_ONCE;
        }

        @Override
        public void worked(int requests) {}
    };

    /**
     * The kernel works all messages of a datagram off before the sender returns, and their answers have to fit into the
     * socket until then: each may be refused. More per datagram is no faster.
     */
    static final int MOST_REQUESTS_AT_ONCE = 64;

    private static final int SEND_BYTES = 64 * 1024;

    /** The kernel fills up to 32 KiB of a dump into one datagram ({@code netlink_recvmsg}). */
    private static final int RECEIVE_BYTES = 32 * 1024;

    /** Its header, and perhaps a sentence of the kernel; never a request, which may hold keys. */
    private static final int ACKNOWLEDGEMENT_BYTES = 1024;

    private static final int SOCKET_BYTES = 1024 * 1024;

    /** Answers are there when the request was sent, so this is for a kernel in trouble. */
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private static final int MOST_DUMPS = 20;

    private final Datagrams kernel;
    private final ByteBuffer outgoing = ByteBuffer.allocateDirect(SEND_BYTES);
    private final ByteBuffer acknowledgements =
            ByteBuffer.allocateDirect(MOST_REQUESTS_AT_ONCE * ACKNOWLEDGEMENT_BYTES);
    private final MessageWriter writer;
    private final XfrmEncoder encoder;
    private ByteBuffer incoming = ByteBuffer.allocateDirect(RECEIVE_BYTES);
    private int lastSequence;

    Conversation(Datagrams kernel) {
        this.kernel = kernel;
        this.writer = new MessageWriter(outgoing, kernel.portId());
        this.encoder = new XfrmEncoder(writer);
    }

    /** A socket with room for all answers to the requests of one datagram. */
    static NetlinkSocket openSocket() {
        try {
            NetlinkSocket socket = NetlinkSocket.open(NETLINK_XFRM);
            socket.receiveBuffer(SOCKET_BYTES);
            return socket;
        } catch (SystemCallException e) {
            throw failure("This kernel has no XFRM, or this process may not use it", e);
        }
    }

    static XfrmException failure(String sentence, SystemCallException e) {
        return new XfrmException("%s: %s".formatted(sentence, KernelError.of(new Errno(e.errno()))), e);
    }

    /** Makes the requests in their order; what has no error was done. */
    List<Optional<KernelError>> request(List<Request> requests) {
        return request(requests, NONE);
    }

    /** As {@link #request(List)}, not faster than told. */
    List<Optional<KernelError>> request(List<Request> requests, Pace pace) {
        List<Optional<KernelError>> answers = new ArrayList<>(requests.size());
        while (answers.size() < requests.size()) {
            int most = Math.min(pace.most(), requests.size() - answers.size());
            List<Optional<KernelError>> some =
                    requestOneDatagram(requests.subList(answers.size(), answers.size() + most));
            pace.worked(some.size());
            answers.addAll(some);
        }
        return answers;
    }

    /** Asks for one thing; {@code read} gets the frame that has it. */
    <T> Answer<T> ask(Request request, Function<Frame, T> read) {
        int sequence = send(request);
        while (true) {
            List<Answer<T>> answers = new ArrayList<>();
            receive(frame -> {
                if (frame.sequence() == sequence) {
                    answers.add(
                            frame.type() == Netlink.NLMSG_ERROR
                                    ? new Answer<>(
                                            Optional.empty(), Ack.of(frame).error())
                                    : new Answer<>(Optional.of(read.apply(frame)), Optional.empty()));
                }
            });
            if (!answers.isEmpty()) {
                return answers.getFirst();
            }
        }
    }

    /** What was asked for, or why it was not given. */
    record Answer<T>(Optional<T> value, Optional<KernelError> error) {}

    /** Reads a whole table, again until it did not change meanwhile. */
    <T> Dump<T> dump(Request request, Function<Frame, Optional<T>> read) {
        for (int attempt = 0; attempt < MOST_DUMPS; attempt++) {
            DumpInProgress<T> dump = new DumpInProgress<>(send(request), read);
            while (!dump.done) {
                if (!receive(dump::take)) {
                    dump.whole = false;
                }
            }
            dump.failure.ifPresent(failure -> {
                throw failure;
            });
            if (dump.whole) {
                return new Dump<>(dump.entries, dump.unreadable);
            }
        }
        throw new XfrmException("The kernel's table changed during each of %d dumps".formatted(MOST_DUMPS));
    }

    @Override
    public void close() {
        kernel.close();
    }

    private List<Optional<KernelError>> requestOneDatagram(List<Request> requests) {
        int first = lastSequence + 1;
        int count = 0;
        try {
            while (count < Math.min(requests.size(), MOST_REQUESTS_AT_ONCE)
                    && writer.remaining() >= XfrmEncoder.LARGEST_REQUEST) {
                requests.get(count).write(encoder, first + count);
                count++;
            }
            lastSequence += count;
            writer.acknowledgeLast();
            transmit();
        } finally {
            writer.wipe();
        }
        Answers answers = new Answers(first, count);
        while (!answers.complete) {
            receiveSome(answers);
        }
        return answers.all();
    }

    /**
     * Receives the datagrams that are there, one answer in each: where much is refused, one call for each would take longer
     * than what was asked for.
     */
    private void receiveSome(Answers answers) {
        int[] lengths = receiveSome(PATIENCE, answers);
        if (lengths.length == 0) {
            throw new XfrmException("The kernel did not answer an XFRM request within %s".formatted(PATIENCE));
        }
        while (answers.lost && lengths.length > 0) {
            // Until the socket is empty, the kernel drops whatever it has to say (netlink_attachskb)
            answers.complete = true;
            lengths = receiveSome(Duration.ZERO, answers);
        }
    }

    private int[] receiveSome(Duration patience, Answers answers) {
        int[] lengths;
        try {
            lengths = kernel.receive(acknowledgements, ACKNOWLEDGEMENT_BYTES, patience);
        } catch (SystemCallException e) {
            if (e.errno() == Errno.ENOBUFS.number()) {
                answers.lost = true;
                return new int[] {0};
            }
            throw failure("The kernel's answer could not be received", e);
        }
        for (int i = 0; i < lengths.length; i++) {
            if (lengths[i] > ACKNOWLEDGEMENT_BYTES) {
                answers.lost = true;
            } else {
                Frame.in(acknowledgements.slice(i * ACKNOWLEDGEMENT_BYTES, ACKNOWLEDGEMENT_BYTES), lengths[i])
                        .forEach(answers::take);
            }
        }
        return lengths;
    }

    private int send(Request request) {
        try {
            request.write(encoder, ++lastSequence);
            transmit();
        } finally {
            writer.wipe();
        }
        return lastSequence;
    }

    private void transmit() {
        try {
            kernel.send(outgoing, writer.length());
        } catch (SystemCallException e) {
            throw failure("The kernel did not take an XFRM request", e);
        }
    }

    /**
     * Receives one datagram and shows its frames.
     *
     * @return false if something that the kernel sent was lost
     */
    private boolean receive(Consumer<Frame> take) {
        OptionalInt length;
        try {
            length = kernel.receive(incoming, PATIENCE);
        } catch (SystemCallException e) {
            if (e.errno() == Errno.ENOBUFS.number()) {
                return false;
            }
            throw failure("The kernel's answer could not be received", e);
        }
        int received = length.orElseThrow(
                () -> new XfrmException("The kernel did not answer an XFRM request within %s".formatted(PATIENCE)));
        if (received > incoming.capacity()) {
            wipe(incoming.capacity());
            incoming = ByteBuffer.allocateDirect(Integer.highestOneBit(received) << 1);
            return false;
        }
        try {
            Frame.in(incoming, received).forEach(take);
            return true;
        } finally {
            wipe(received);
        }
    }

    /** What is received may hold keys too. */
    private void wipe(int length) {
        Zeros.fill(incoming, 0, length);
    }

    /**
     * What the kernel answers to consecutive requests, of which only the last is to be acknowledged. It works them off in
     * their order, and says of each that it refuses; so what it did not answer before the last was done, unless an answer
     * was lost, which the socket tells ({@code netlink_rcv_skb}, {@code netlink_overrun} in net/netlink/af_netlink.c).
     */
    private static final class Answers {
        private final int first;
        private final List<Optional<KernelError>> errors;
        private final BitSet answered = new BitSet();
        private boolean lost;
        private boolean complete;

        Answers(int first, int count) {
            this.first = first;
            this.errors = new ArrayList<>(Collections.nCopies(count, Optional.empty()));
        }

        void take(Frame frame) {
            int index = frame.sequence() - first;
            if (frame.type() == Netlink.NLMSG_ERROR && index >= 0 && index < errors.size()) {
                errors.set(index, Ack.of(frame).error());
                answered.set(index);
                complete |= index == errors.size() - 1;
            }
        }

        /** Of a request whose answer may have been lost nobody knows whether it was done. */
        List<Optional<KernelError>> all() {
            for (int i = 0; lost && i < errors.size(); i++) {
                if (!answered.get(i)) {
                    errors.set(i, Optional.of(KernelError.of(Errno.ENOBUFS)));
                }
            }
            return errors;
        }
    }

    /** A dump in progress. It is read to its end whatever happens: until then the kernel refuses another one. */
    private static final class DumpInProgress<T> {
        private final int sequence;
        private final Function<Frame, Optional<T>> read;
        private final List<T> entries = new ArrayList<>();
        private final List<Dump.Unreadable> unreadable = new ArrayList<>();
        private Optional<XfrmException> failure = Optional.empty();
        private boolean whole = true;
        private boolean done;

        DumpInProgress(int sequence, Function<Frame, Optional<T>> read) {
            this.sequence = sequence;
            this.read = read;
        }

        void take(Frame frame) {
            if (frame.sequence() != sequence) {
                return;
            }
            whole &= !frame.dumpInterrupted();
            switch (frame.type()) {
                case Netlink.NLMSG_DONE -> end(Ack.ofDone(frame));
                case Netlink.NLMSG_ERROR -> end(Ack.of(frame));
                default -> {
                    try {
                        read.apply(frame).ifPresent(entries::add);
                    } catch (MalformedMessageException e) {
                        unreadable.add(new Dump.Unreadable(XfrmDecoder.name(frame), e.what()));
                    }
                }
            }
        }

        private void end(Ack ack) {
            done = true;
            ack.error()
                    .ifPresent(error -> failure =
                            Optional.of(new XfrmException("The kernel did not show its table: %s".formatted(error))));
        }
    }
}
