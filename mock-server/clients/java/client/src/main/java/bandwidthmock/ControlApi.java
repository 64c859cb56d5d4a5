// Written by `cargo xtask gen` from the mock's OpenAPI description. Do not edit.
package bandwidthmock;

import com.google.gson.annotations.SerializedName;
import java.util.List;
import java.util.Map;

/** Types of the control API. */
public final class ControlApi {
    private ControlApi() {}

    /**
     * The main account of a domain, and what the domain shares.
     *
     * @param accountId Its id.
     * @param clientIds The ids of its API credentials, the oldest first.
     * @param companyName The company's name.
     * @param domainName The name of its identity domain.
     * @param failedLogins Logins with failed attempts.
     * @param furtherAccounts The further accounts of the domain.
     * @param ownProfile True if it has a profile of its own, apart from the server's.
     * @param profile The name of the profile that it behaves by.
     * @param roles Number of roles.
     * @param throwaway True if it was made for one test.
     * @param username The name of its login.
     * @param users Number of users.
     */
    public record AccountView(
        String accountId,
        List<String> clientIds,
        String companyName,
        String domainName,
        List<FailedLogin> failedLogins,
        List<FurtherAccount> furtherAccounts,
        boolean ownProfile,
        String profile,
        long roles,
        boolean throwaway,
        String username,
        long users) {}

    /**
     * A behaviour that the traffic relied on.
     *
     * @param evidence Evidence, strongest first.
     * @param id Its id, as `put.semantics`.
     * @param knownAs The strongest kind of evidence for it; if two profiles differ in that, the weaker one's.
     * @param option The chosen option.
     * @param question The open question.
     * @param requests Number of requests that it shaped.
     */
    public record Assumption(
        List<Map<String, Object>> evidence,
        String id,
        String knownAs,
        String option,
        String question,
        long requests) {}

    /**
     * Report on the behaviours that the traffic relied on.
     *
     * @param assumed Number of behaviours that are assumed.
     * @param behaviours The behaviours.
     * @param guide Number of behaviours that only the guide describes.
     * @param observed Number of behaviours observed on a real account.
     * @param ok With `fail_on`: whether there were requests, and everything is better known than that. May be null.
     * @param published Number of behaviours in Bandwidth's own documents.
     * @param requests Number of requests.
     * @param support Number of behaviours that Bandwidth's support answered.
     */
    public record Assumptions(
        long assumed,
        List<Assumption> behaviours,
        long guide,
        long observed,
        Boolean ok,
        long published,
        long requests,
        long support) {}

    /**
     * One attempt.
     *
     * @param id The id of the request in the journal.
     * @param status The status that was sent; null when none was.
     * @param time Time of arrival, on the mock's clock (RFC 3339).
     * @param tookEffect True if it changed something.
     * @param waitedMs Milliseconds from the end of the attempt before; null for the first.
     */
    public record Attempt(
        long id,
        Integer status,
        String time,
        boolean tookEffect,
        Long waitedMs) {}

    /**
     * The option that a profile chose for a behaviour.
     *
     * @param atStart The option that the server or the account started with.
     * @param evidence Evidence, strongest first.
     * @param knownAs The strongest kind of evidence for it.
     * @param option The option.
     */
    public record ChoiceView(
        String atStart,
        List<Map<String, Object>> evidence,
        String knownAs,
        String option) {}

    /**
     * A login with failed attempts in a row.
     *
     * @param failures Number of failed attempts.
     * @param last When the last one did, on the account's clock (RFC 3339).
     * @param lockedOut True if it is locked out.
     * @param username Its name.
     */
    public record FailedLogin(
        int failures,
        String last,
        boolean lockedOut,
        String username) {}

    /**
     * A fault that is armed.
     *
     * @param expired True if its time to live is over.
     * @param hits Number of requests that it was applied to.
     * @param id Its id; never used again.
     * @param rule The rule as it was armed.
     */
    public record FaultView(
        boolean expired,
        long hits,
        long id,
        Map<String, Object> rule) {}

    /**
     * A further account of a domain.
     *
     * @param accountId Its id.
     * @param companyName The company's name.
     */
    public record FurtherAccount(
        String accountId,
        String companyName) {}

    /**
     * A header.
     *
     * @param name Its name.
     * @param value Its value; `[removed]` replaces a secret.
     */
    public record Header(
        String name,
        String value) {}

    /** The end of a sequence. */
    public enum Outcome {
        @SerializedName("recovered")
        RECOVERED,
        @SerializedName("refused")
        REFUSED,
        @SerializedName("reconciled")
        RECONCILED,
        @SerializedName("gave_up")
        GAVE_UP,
    }

    /** A mistake of a client. */
    public enum Problem {
        @SerializedName("waits_did_not_grow")
        WAITS_DID_NOT_GROW,
        @SerializedName("no_limit")
        NO_LIMIT,
        @SerializedName("blind_create")
        BLIND_CREATE,
        @SerializedName("reset_ignored")
        RESET_IGNORED,
    }

    /**
     * A profile.
     *
     * @param behaviours The chosen options, by the ids of the behaviours.
     * @param description One-line summary.
     * @param name Its name. A PATCH keeps the name.
     * @param notice The end of Basic logins, in one line: the day, what this profile does, and how to change that.
     */
    public record ProfileView(
        Map<String, ChoiceView> behaviours,
        String description,
        String name,
        String notice) {}

    /**
     * The part of a response that is assumed.
     *
     * @param behaviours Number of behaviours that are only assumed.
     * @param of Number of behaviours that were read.
     * @param shape True if no source shows the bodies of the operation in full.
     */
    public record RecordedAssumed(
        long behaviours,
        long of,
        boolean shape) {}

    /**
     * A behaviour that shaped an answer.
     *
     * @param evidence Evidence for the choice, strongest first.
     * @param id Its id, as `put.semantics`.
     * @param option The chosen option, as `replace`.
     */
    public record RecordedBehaviour(
        List<Map<String, Object>> evidence,
        String id,
        String option) {}

    /**
     * A fault that was applied to a request.
     *
     * @param delayedMs Time that it made the request wait, in milliseconds. May be null.
     * @param id The id that arming it returned.
     * @param rule The rule as it was armed.
     */
    public record RecordedFault(
        Long delayedMs,
        long id,
        Map<String, Object> rule) {}

    /**
     * Headers and body.
     *
     * @param body The body as text, empty when there was none.
     * @param bodyBytes Length of the body as it was on the wire, in bytes.
     * @param headers The headers in order.
     */
    public record RecordedMessage(
        String body,
        long bodyBytes,
        List<Header> headers) {}

    /**
     * Why a request was rejected.
     *
     * @param code The code of the error body.
     * @param description The words of the error body, also where the answer had none.
     * @param field The field or header that it is about. May be null.
     * @param rule A name as `username_taken`.
     */
    public record RecordedRefusal(
        int code,
        String description,
        String field,
        String rule) {}

    /**
     * A request to the emulated API, its response, and the reasons.
     *
     * @param accountId The account in the path, else the caller's. May be null.
     * @param client The client's address and port. May be null.
     * @param durationMs Duration in milliseconds, faults included; null while it is under way.
     * @param fault The fault that was applied. May be null.
     * @param id Its place in the order of arrival; never used again.
     * @param login The caller, if the credentials were right. May be null.
     * @param method The method.
     * @param operation The operation, unless path or method belong to none. May be null.
     * @param path Path and query, without secrets.
     * @param request The request, without secrets.
     * @param response The response; null if there was none.
     * @param status The status that was sent; null when none was.
     * @param surface The surface that the path belongs to, for example `identity`. May be null.
     * @param time Time of arrival, on the mock's clock (RFC 3339).
     * @param tookEffect True if it changed something, also if the response was dropped.
     * @param why The reasons for the response.
     */
    public record RecordedRequest(
        String accountId,
        String client,
        Double durationMs,
        RecordedFault fault,
        long id,
        String login,
        String method,
        String operation,
        String path,
        RecordedMessage request,
        RecordedMessage response,
        Integer status,
        String surface,
        String time,
        boolean tookEffect,
        RecordedWhy why) {}

    /**
     * Reasons for a response.
     *
     * @param assumed The part of the response that is assumed.
     * @param behaviours The behaviours that were read for this response.
     * @param profile The name of the profile.
     * @param refusal The rule that the request broke, when it was rejected. May be null.
     */
    public record RecordedWhy(
        RecordedAssumed assumed,
        List<RecordedBehaviour> behaviours,
        String profile,
        RecordedRefusal refusal) {}

    /**
     * A request that met trouble, and what its client did then.
     *
     * @param accountId The account. May be null.
     * @param attempts Every attempt, the first included.
     * @param client The client: its address and its User-Agent.
     * @param looks Ids of the requests that read the users after an attempt with an unknown result.
     * @param operation The operation. May be null.
     * @param outcome The end of the sequence.
     * @param problems Mistakes of the client.
     * @param repeatedCreateThatTookEffect True if a create that had taken effect was sent again.
     * @param request Method and path.
     * @param respectedReset True if the client waited as long as `X-RateLimit-Reset` or `Retry-After` asked; null if neither was sent before another attempt.
     * @param summary All of this in words.
     * @param waitsGrew True if each wait was longer than the one before; null with fewer than two waits.
     */
    public record Sequence(
        String accountId,
        List<Attempt> attempts,
        String client,
        List<Long> looks,
        String operation,
        Outcome outcome,
        List<Problem> problems,
        boolean repeatedCreateThatTookEffect,
        String request,
        Boolean respectedReset,
        String summary,
        Boolean waitsGrew) {}
}
