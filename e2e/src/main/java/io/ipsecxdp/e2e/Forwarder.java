package io.ipsecxdp.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;

/** Passes connections to a port of another address of this machine on to the same port of its loopback. */
final class Forwarder implements AutoCloseable {
    private final ServerSocket listener;

    private Forwarder(ServerSocket listener) {
        this.listener = listener;
    }

    static Forwarder listen(String address, int port) {
        try {
            var forwarder = new Forwarder(new ServerSocket(port, 0, InetAddress.getByName(address)));
            Thread.ofVirtual().start(forwarder::accept);
            return forwarder;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        try {
            listener.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void accept() {
        while (!listener.isClosed()) {
            try {
                Socket near = listener.accept();
                Socket far = new Socket(InetAddress.getLoopbackAddress(), listener.getLocalPort());
                Thread.ofVirtual().start(() -> copy(near, far));
                Thread.ofVirtual().start(() -> copy(far, near));
            } catch (IOException e) {
                // Closed, or the API server is down: the agent's connection fails, as it must.
            }
        }
    }

    private static void copy(Socket from, Socket to) {
        try (from;
                to) {
            from.getInputStream().transferTo(to.getOutputStream());
        } catch (IOException e) {
            // Either side hung up: both are closed.
        }
    }
}
