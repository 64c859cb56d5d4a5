package bandwidthmock;

import bandwidthmock.ControlApi.RecordedMessage;
import bandwidthmock.ControlApi.RecordedRequest;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The requests of an account, for a person who reads why a test failed. */
final class Journal {
    private static final int SHOWN_REQUESTS = 50;
    private static final int SHOWN_CHARACTERS = 500;

    private Journal() {}

    /** The account's requests in a test, or the reason why the mock could not return them. */
    static String of(BandwidthAccount account, String test) {
        try {
            return "bandwidth-mock: requests of account " + account.id() + " in " + test + "\n"
                + text(account.newest(SHOWN_REQUESTS));
        } catch (MockException error) {
            return error.getMessage();
        }
    }

    private static String text(List<RecordedRequest> requests) {
        return requests.isEmpty()
            ? "  the account received no request"
            : requests.stream().map(Journal::shown).collect(Collectors.joining("\n"));
    }

    private static String shown(RecordedRequest request) {
        var status = request.status() == null ? "no answer" : request.status().toString();
        var operation = request.operation() == null ? "" : request.operation();
        var head = Stream.of("  " + request.id(), request.method() + " " + request.path(), status, operation);
        var lines = Stream.<String>builder().add(head.collect(Collectors.joining("  ")).stripTrailing());
        if (request.fault() != null) {
            lines.add("fault     " + Admin.GSON.toJson(request.fault().rule()));
        }
        var refusal = request.why().refusal();
        if (refusal != null) {
            var field = refusal.field() == null ? "" : " (" + refusal.field() + ")";
            lines.add("refused   " + refusal.rule() + field + ": " + refusal.description());
        }
        lines.add("sent      " + cut(request.request()));
        if (request.response() != null) {
            lines.add("received  " + cut(request.response()));
        }
        return lines.build().collect(Collectors.joining("\n      "));
    }

    private static String cut(RecordedMessage message) {
        var body = message.body();
        if (body.isEmpty()) {
            return "no body";
        }
        return body.length() <= SHOWN_CHARACTERS ? body : body.substring(0, SHOWN_CHARACTERS) + " ...";
    }
}
