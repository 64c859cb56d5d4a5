package bandwidthmock;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Gives each test an account of its own: a parameter of the test or of its {@code @BeforeEach} and
 * {@code @AfterEach} methods, or a field of its class, of the type {@link BandwidthAccount}.
 *
 * <p>On a method it holds for the test, on a class for all its tests. The nearest annotation that
 * gives an option decides it; {@code set} is merged behaviour by behaviour.
 */
@Documented
@Inherited
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(BandwidthMockExtension.class)
public @interface BandwidthMock {
    /** {@code guide}, {@code published}, or the path of a profile file that ends in {@code .toml}. */
    String profile() default "";

    /** Options of behaviours on top of the profile, for example {@code "delete.status=204"}. */
    String[] set() default {};

    /** {@code demo}, {@code empty} or {@code published}. By default the demo's roles, and no users. */
    String seed() default "";

    /** For example {@code 100/1m,burst=20}. */
    String rateLimit() default "";

    /** Faults in the form of {@code --fault}, for example {@code "status=503,times=1"}. */
    String[] faults() default {};

    /** When the account's clock starts, for example {@code 2026-12-02T00:00:00Z}. */
    String clock() default "";
}
