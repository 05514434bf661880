package io.ipsecxdp.linux;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Tag;

/**
 * Needs a kernel with ESP and an iproute2 that knows all of it. The build of this module leaves such tests out (on a
 * machine that has both, {@code mvn verify -DexcludedGroups=} runs them); e2e's XfrmInGuestIT runs them in the guest.
 */
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@Tag("guest")
public @interface InGuest {}
