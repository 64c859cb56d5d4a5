package bandwidthmock;

import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayDeque;
import java.util.List;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionConfigurationException;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ExtensionContext.Store;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolutionException;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.platform.commons.support.AnnotationSupport;
import org.junit.platform.commons.support.HierarchyTraversalMode;
import org.junit.platform.commons.support.ReflectionSupport;

/** The JUnit extension behind {@link BandwidthMock}. */
final class BandwidthMockExtension implements ParameterResolver, BeforeEachCallback, AfterEachCallback {
    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        return parameter.getParameter().getType() == BandwidthAccount.class;
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        if (context.getTestMethod().isEmpty()) {
            throw new ParameterResolutionException(
                "an account belongs to one test: take it in a test or a @BeforeEach method, or as a field");
        }
        return account(context);
    }

    @Override
    public void beforeEach(ExtensionContext context) throws IllegalAccessException {
        for (var instance : context.getRequiredTestInstances().getAllInstances()) {
            for (var field : fields(instance)) {
                check(field, context);
                field.setAccessible(true);
                field.set(instance, account(context));
            }
        }
    }

    @Override
    public void afterEach(ExtensionContext context) {
        // Not of a test around this one.
        var account = store(context).remove(context.getUniqueId(), BandwidthAccount.class);
        if (account == null) {
            return;
        }
        var failure = context.getExecutionException();
        if (failure.isPresent()) {
            System.err.println(Journal.of(account, context.getDisplayName()));
        }
        try {
            account.close();
        } catch (MockException error) {
            // A test that failed is reported with its own failure.
            if (failure.isEmpty()) {
                throw error;
            }
        }
    }

    /** The account of a test, which the first call makes. */
    private static BandwidthAccount account(ExtensionContext context) {
        return store(context).getOrComputeIfAbsent(
            context.getUniqueId(), id -> MockServer.shared().account(options(context)), BandwidthAccount.class);
    }

    private static Store store(ExtensionContext context) {
        return context.getStore(Namespace.create(BandwidthMockExtension.class));
    }

    private static List<Field> fields(Object instance) {
        return ReflectionSupport.findFields(
            instance.getClass(),
            field -> field.getType() == BandwidthAccount.class,
            HierarchyTraversalMode.TOP_DOWN);
    }

    private static void check(Field field, ExtensionContext context) {
        var modifiers = field.getModifiers();
        var shared = context.getTestInstanceLifecycle().orElse(Lifecycle.PER_METHOD) == Lifecycle.PER_CLASS;
        if (shared || Modifier.isStatic(modifiers) || Modifier.isFinal(modifiers)) {
            throw new ExtensionConfigurationException(
                field + " would be shared by several tests; make it neither static nor final, in a class without "
                    + "Lifecycle.PER_CLASS, or take the account as a parameter");
        }
    }

    /** The options of all annotations, of which the nearest decides. */
    private static AccountOptions options(ExtensionContext context) {
        var annotations = new ArrayDeque<BandwidthMock>();
        for (var each = context; each != null; each = each.getParent().orElse(null)) {
            AnnotationSupport.findAnnotation(each.getElement(), BandwidthMock.class).ifPresent(annotations::addFirst);
        }
        var options = new AccountOptions();
        var faults = new String[0];
        for (var annotation : annotations) {
            if (!annotation.profile().isEmpty()) {
                options.profile(annotation.profile());
            }
            if (!annotation.seed().isEmpty()) {
                options.seed(annotation.seed());
            }
            if (!annotation.rateLimit().isEmpty()) {
                options.rateLimit(annotation.rateLimit());
            }
            if (!annotation.clock().isEmpty()) {
                options.clock(time(annotation.clock()));
            }
            if (annotation.faults().length > 0) {
                faults = annotation.faults();
            }
            for (var assignment : annotation.set()) {
                set(options, assignment);
            }
        }
        for (var fault : faults) {
            options.fault(fault);
        }
        return options;
    }

    private static void set(AccountOptions options, String assignment) {
        var equals = assignment.indexOf('=');
        if (equals < 0) {
            throw new MockException(
                "@BandwidthMock: set: " + assignment + " is not BEHAVIOUR=OPTION, for example delete.status=204");
        }
        options.set(assignment.substring(0, equals).strip(), assignment.substring(equals + 1).strip());
    }

    private static Instant time(String text) {
        try {
            return Instant.parse(text);
        } catch (DateTimeParseException error) {
            throw new MockException(
                "@BandwidthMock: clock: " + text + " is not a time in UTC, for example 2026-12-02T00:00:00Z");
        }
    }
}
