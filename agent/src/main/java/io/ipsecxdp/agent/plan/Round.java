package io.ipsecxdp.agent.plan;

import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * How everything stands after a round of observing, deciding and acting.
 *
 * @param desired what it worked towards
 * @param observed what the kernel has, read after the last change
 * @param acquires SAs that the kernel asked for and that are not there
 */
public record Round(Desired desired, Plan plan, Observed observed, Acquires acquires) {

    /** Nothing was seen, and nothing is known of any entry. */
    public static Round blind(Desired desired) {
        return new Round(
                desired, new Plan(List.of(), Map.of(), Map.of(), Set.of(), false), Observed.NOTHING, Acquires.NONE);
    }
}
