package io.ipsecxdp.agent.ledger;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonSubTypes.Type;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.databind.JsonNode;
import io.ipsecxdp.agent.ledger.KeyUse.Ended;
import io.ipsecxdp.agent.ledger.KeyUse.Expired;
import io.ipsecxdp.agent.ledger.KeyUse.Open;
import io.ipsecxdp.agent.ledger.KeyUse.Unused;
import io.ipsecxdp.xfrm.SaDir;
import java.util.Arrays;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** A line of the key ledger, as JSON. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "line")
@JsonSubTypes({
    @Type(value = LedgerLine.Secret.class, name = "secret"),
    @Type(value = LedgerLine.Use.class, name = LedgerLine.USE),
    @Type(value = LedgerLine.Lost.class, name = "lost")
})
@JsonInclude(JsonInclude.Include.NON_NULL)
sealed interface LedgerLine {

    String USE = "use";

    /** What the fingerprints are made with. In one file with them: without it they would be worth nothing. */
    record Secret(String hex) implements LedgerLine {}

    /**
     * @param child null for none
     * @param adopted null for no
     * @param lastSequence of an SA that ended
     */
    record Use(
            String key,
            String uid,
            String child,
            String name,
            SaDir direction,
            Boolean adopted,
            Stage stage,
            Long lastSequence)
            implements LedgerLine {}

    /**
     * An earlier ledger was damaged, and this one goes on with what could be read of it.
     *
     * @param since seconds since 1970
     */
    record Lost(long since) implements LedgerLine {}

    /** Of this version of the agent, whatever its values; or else of a later one. */
    static boolean isKnown(JsonNode line) {
        String type = line.path("line").asText();
        return switch (type) {
            case "secret", "lost" -> true;
            case USE -> STAGES.contains(line.path("stage").asText());
            default -> false;
        };
    }

    Set<String> STAGES = Arrays.stream(Stage.values()).map(Stage::name).collect(Collectors.toUnmodifiableSet());

    /** See {@link KeyUse.Progress}. */
    enum Stage {
        UNUSED,
        OPEN,
        ENDED,
        EXPIRED
    }

    static Use of(KeyUse use) {
        return switch (use.progress()) {
            case Unused() -> at(Stage.UNUSED, null, use);
            case Open() -> at(Stage.OPEN, null, use);
            case Ended(long last) -> at(Stage.ENDED, last, use);
            case Expired() -> at(Stage.EXPIRED, null, use);
        };
    }

    private static Use at(Stage stage, Long lastSequence, KeyUse use) {
        Boolean adopted = use.adopted() ? true : null;
        return new Use(
                use.key().hex(),
                use.origin().uid(),
                use.origin().childName().orElse(null),
                use.name(),
                use.direction(),
                adopted,
                stage,
                lastSequence);
    }

    static KeyUse use(Use line) {
        KeyUse.Progress progress = switch (line.stage()) {
            case UNUSED -> new Unused();
            case OPEN -> new Open();
            case ENDED -> new Ended(line.lastSequence());
            case EXPIRED -> new Expired();
        };
        boolean adopted = Boolean.TRUE.equals(line.adopted());
        return new KeyUse(
                new KeyFingerprint(line.key()),
                Origin.of(line.uid(), Optional.ofNullable(line.child())),
                line.name(),
                line.direction(),
                adopted,
                progress);
    }
}
