package io.ipsecxdp.agent.state;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonSubTypes.Type;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import io.ipsecxdp.agent.key.KeyFingerprint;
import io.ipsecxdp.agent.plan.KeyUse;
import io.ipsecxdp.agent.plan.KeyUse.Ended;
import io.ipsecxdp.agent.plan.KeyUse.Expired;
import io.ipsecxdp.agent.plan.KeyUse.Open;
import io.ipsecxdp.agent.plan.KeyUse.Unused;
import io.ipsecxdp.agent.xfrm.SaDirection;

/** A line of the key ledger, as JSON. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "line")
@JsonSubTypes({
    @Type(value = LedgerLine.Secret.class, name = "secret"),
    @Type(value = LedgerLine.Use.class, name = "use")
})
@JsonInclude(JsonInclude.Include.NON_NULL)
sealed interface LedgerLine {

    /** What the fingerprints are made with. In one file with them: without it they would be worth nothing. */
    record Secret(String hex) implements LedgerLine {}

    /** @param lastSequence of an SA that ended */
    record Use(String key, String uid, String name, SaDirection direction, Stage stage, Long lastSequence)
            implements LedgerLine {}

    /** See {@link KeyUse.Progress}. */
    enum Stage {
        UNUSED,
        OPEN,
        ENDED,
        EXPIRED
    }

    static Use of(KeyUse use) {
        String key = use.key().hex();
        return switch (use.progress()) {
            case Unused() -> new Use(key, use.uid(), use.name(), use.direction(), Stage.UNUSED, null);
            case Open() -> new Use(key, use.uid(), use.name(), use.direction(), Stage.OPEN, null);
            case Ended(long last) -> new Use(key, use.uid(), use.name(), use.direction(), Stage.ENDED, last);
            case Expired() -> new Use(key, use.uid(), use.name(), use.direction(), Stage.EXPIRED, null);
        };
    }

    static KeyUse use(Use line) {
        KeyUse.Progress progress = switch (line.stage()) {
            case UNUSED -> new Unused();
            case OPEN -> new Open();
            case ENDED -> new Ended(line.lastSequence());
            case EXPIRED -> new Expired();
        };
        return new KeyUse(new KeyFingerprint(line.key()), line.uid(), line.name(), line.direction(), progress);
    }
}
