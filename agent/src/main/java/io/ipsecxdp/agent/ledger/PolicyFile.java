package io.ipsecxdp.agent.ledger;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.ipsecxdp.agent.ledger.PoliciesInForce.ApiServerAddress;
import io.ipsecxdp.agent.ledger.PoliciesInForce.HeldPolicy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The file of a {@link StateFolder} with the {@link PoliciesInForce}. It is replaced in one step, and one that is damaged
 * anywhere is as none: half of the policies may let through what the other half protects. For one thread at a time, of the
 * agent that has the folder open.
 */
public final class PolicyFile {

    private static final String NAME = "policies";

    /**
     * The first line.
     *
     * @param policies so many lines follow
     */
    private record FirstLine(String boot, Set<ApiServerAddress> apiServers, int policies) {}

    /** What a later version says besides is left out, as it is when the plan is read. */
    private final ObjectMapper json = new ObjectMapper().disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);

    private final Path path;
    private final Optional<String> complaint;
    private Optional<PoliciesInForce> content;

    /**
     * Reads it.
     *
     * @param folder whose {@link StateFolder} is open
     */
    public PolicyFile(Path folder) {
        this.path = folder.resolve(NAME);
        Optional<PoliciesInForce> read = Optional.empty();
        Optional<String> damage = Optional.empty();
        if (Files.exists(path)) {
            try {
                read = Optional.of(read());
            } catch (IOException e) {
                damage = Optional.of(
                        "The file %s is damaged and is taken for absent, so that after a boot nothing is protected before the API server was reached: %s"
                                .formatted(path, e.getMessage()));
            }
        }
        this.content = read;
        this.complaint = damage;
    }

    /** What was read or written last; empty if there is none. */
    public Optional<PoliciesInForce> content() {
        return content;
    }

    /** A sentence about what was found damaged. */
    public Optional<String> complaint() {
        return complaint;
    }

    /**
     * Returns when the disk has it.
     *
     * @throws StateException if the disk does not do as told; the file is as before then
     */
    public void write(PoliciesInForce policies) {
        if (content.filter(policies::equals).isPresent()) {
            return;
        }
        List<Object> lines = new ArrayList<>();
        lines.add(new FirstLine(
                policies.boot(), policies.apiServers(), policies.policies().size()));
        lines.addAll(policies.policies());
        try {
            AppendOnlyFile.replace(path, lines.stream().map(this::text).toList())
                    .close();
        } catch (IOException e) {
            throw failure(e);
        }
        content = Optional.of(policies);
    }

    /**
     * Nothing is to be protected after a boot.
     *
     * @throws StateException if the disk does not do as told
     */
    public void delete() {
        try {
            Files.deleteIfExists(path);
        } catch (IOException e) {
            throw failure(e);
        }
        content = Optional.empty();
    }

    private PoliciesInForce read() throws IOException {
        AppendOnlyFile.Content file = AppendOnlyFile.read(path);
        if (file.damaged() > 0 || file.lines().isEmpty()) {
            throw new IOException("%d of its lines do not fit their checksum".formatted(file.damaged()));
        }
        FirstLine header = json.readValue(file.lines().getFirst(), FirstLine.class);
        if (header.policies() != file.lines().size() - 1) {
            throw new IOException("it should have %d policies and has %d"
                    .formatted(header.policies(), file.lines().size() - 1));
        }
        List<HeldPolicy> policies = new ArrayList<>();
        for (String line : file.lines().subList(1, file.lines().size())) {
            policies.add(json.readValue(line, HeldPolicy.class));
        }
        return new PoliciesInForce(header.boot(), header.apiServers(), policies);
    }

    private String text(Object line) {
        try {
            return json.writeValueAsString(line);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a line of plain values has JSON", e);
        }
    }

    private StateException failure(IOException e) {
        return new StateException(
                "The file %s, from which the node is protected after a boot, cannot be written: %s".formatted(path, e),
                e);
    }
}
