package io.ipsecxdp.operator.page;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * The page's data as bytes that all readers share: made of the informers at most once in an interval, however many ask. For any
 * thread; whoever comes while it is made waits for it, so that one is made at a time.
 */
final class PageAnswers {

    /** As long as an answer is shown to others without looking again. */
    static final Duration FRESH = Duration.ofSeconds(5);

    /** Of single nodes, remembered at once. */
    private static final int MOST_NODES = 16;

    private static final String ALL = "";

    private final Supplier<PageInput> input;
    private final Clock clock;
    private final ObjectMapper mapper = new ObjectMapper().registerModule(new Jdk8Module());
    private final Map<String, Made> made = new LinkedHashMap<>(MOST_NODES, 0.75f, true);

    /** @param tag names exactly these bytes */
    record Answer(byte[] bytes, String tag) {}

    private record Made(Optional<Answer> answer, Instant at) {}

    PageAnswers(Supplier<PageInput> input, Clock clock) {
        this.input = input;
        this.clock = clock;
    }

    Answer page() {
        return fresh(ALL, () -> Optional.of(answer(PageModel.of(input.get())))).orElseThrow();
    }

    /** @return empty if there is no such node */
    Optional<Answer> node(String name) {
        return fresh(name, () -> NodeModel.of(input.get(), name).map(this::answer));
    }

    private synchronized Optional<Answer> fresh(String key, Supplier<Optional<Answer>> maker) {
        Instant now = clock.instant();
        Optional<Made> before = Optional.ofNullable(made.get(key))
                .filter(one -> Duration.between(one.at(), now).abs().compareTo(FRESH) < 0);
        if (before.isPresent()) {
            return before.get().answer();
        }
        Optional<Answer> answer = maker.get();
        made.put(key, new Made(answer, now));
        if (made.size() > MOST_NODES + 1) {
            made.remove(made.keySet().iterator().next());
        }
        return answer;
    }

    private Answer answer(Object model) {
        try {
            byte[] bytes = mapper.writeValueAsBytes(model);
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(bytes);
            return new Answer(bytes, "\"" + HexFormat.of().formatHex(hash, 0, 16) + "\"");
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("the page is made of records", e);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
