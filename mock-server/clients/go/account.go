package bandwidthmock

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"
)

// Account belongs to one test: its users, login, profile, faults, clock and journal. Its methods end
// the test if the mock refuses them.
type Account struct {
	ID         string
	DomainName string
	// BaseURL is the base of the emulated API, for example http://127.0.0.1:40123/api.
	BaseURL string
	// UsersURL is absolute, where users are listed and created.
	UsersURL string
	// TokenURL is absolute, where the API credential gets tokens, if the profile has any.
	TokenURL string
	// Username and Password are its Basic login.
	Username, Password string
	// ClientID and ClientSecret are its API credential, for tokens.
	ClientID, ClientSecret string
	// Clock is that of this account alone.
	Clock *Clock

	t     testing.TB
	admin *admin
	path  string
}

// Option chooses how an account behaves, and what it starts with.
type Option func(*accountRequest)

type accountRequest struct {
	AccountID  string          `json:"accountId,omitempty"`
	DomainName string          `json:"domainName,omitempty"`
	Profile    *profileRequest `json:"profile,omitempty"`
	Seed       string          `json:"seed,omitempty"`
	RateLimit  string          `json:"rateLimit,omitempty"`
	Faults     []string        `json:"faults,omitempty"`
	Clock      *time.Time      `json:"clock,omitempty"`

	problem error
}

type profileRequest struct {
	Profile string            `json:"profile,omitempty"`
	TOML    string            `json:"toml,omitempty"`
	Set     map[string]string `json:"set,omitempty"`
}

// WithProfile takes guide, published, or the path of a profile file that ends in .toml. By default
// the account behaves as the mock does.
func WithProfile(profile string) Option {
	return func(request *accountRequest) {
		chosen := request.profile()
		chosen.Profile, chosen.TOML = profile, ""
		if strings.HasSuffix(profile, ".toml") {
			text, err := os.ReadFile(profile)
			if err != nil {
				request.problem = fmt.Errorf("the profile cannot be read: %w", err)
			}
			chosen.Profile, chosen.TOML = "", string(text)
		}
	}
}

// Set chooses another option of a behaviour on top of the profile, for example
// Set("delete.status", "204").
func Set(behaviour, option string) Option {
	return func(request *accountRequest) {
		chosen := request.profile()
		if chosen.Set == nil {
			chosen.Set = map[string]string{}
		}
		chosen.Set[behaviour] = option
	}
}

// WithSeed takes demo, empty or published. By default there are the demo's roles, and no users.
func WithSeed(seed string) Option {
	return func(request *accountRequest) { request.Seed = seed }
}

// WithRateLimit takes for example 100/1m,burst=20.
func WithRateLimit(limit string) Option {
	return func(request *accountRequest) { request.RateLimit = limit }
}

// WithFault takes a fault in the form of --fault, for example status=503,times=1.
func WithFault(rule string) Option {
	return func(request *accountRequest) { request.Faults = append(request.Faults, rule) }
}

// WithClock sets the start of the account's clock. By default it follows the mock's.
func WithClock(start time.Time) Option {
	return func(request *accountRequest) {
		start = start.UTC()
		request.Clock = &start
	}
}

// WithAccountID chooses the id. By default it is one that is free.
func WithAccountID(id string) Option {
	return func(request *accountRequest) { request.AccountID = id }
}

// WithDomainName names the identity domain. By default the name is made from the id.
func WithDomainName(name string) Option {
	return func(request *accountRequest) { request.DomainName = name }
}

func (r *accountRequest) profile() *profileRequest {
	if r.Profile == nil {
		r.Profile = &profileRequest{}
	}
	return r.Profile
}

func makeAccount(t testing.TB, admin *admin, options []Option) *Account {
	t.Helper()
	var request accountRequest
	for _, option := range options {
		option(&request)
	}
	if request.problem != nil {
		t.Fatalf("bandwidth-mock: %v", request.problem)
	}
	var made struct {
		AccountID, DomainName, BaseURL, TokenURL string
		Username, Password                       string
		ClientID, ClientSecret                   string
	}
	if err := admin.send(http.MethodPost, "accounts", request, &made); err != nil {
		t.Fatal(err)
	}
	path := "accounts/" + made.AccountID
	return &Account{
		ID:           made.AccountID,
		DomainName:   made.DomainName,
		BaseURL:      made.BaseURL,
		UsersURL:     made.BaseURL + "/" + path + "/users",
		TokenURL:     made.TokenURL,
		Username:     made.Username,
		Password:     made.Password,
		ClientID:     made.ClientID,
		ClientSecret: made.ClientSecret,
		Clock:        &Clock{t, admin, path + "/clock"},
		t:            t,
		admin:        admin,
		path:         path,
	}
}

// String names the account, without its secrets.
func (a *Account) String() string { return "account " + a.ID + " at " + a.BaseURL }

// GoString names the account, without its secrets.
func (a *Account) GoString() string { return a.String() }

// Fault lets requests to this account fail, for example Fault("status=503,times=1"). It returns the
// fault's id.
func (a *Account) Fault(rule string) int {
	a.t.Helper()
	var armed FaultView
	// In front: a `body` at the end takes the rest of the text.
	a.send(http.MethodPost, "faults", "accountId="+a.ID+","+rule, &armed)
	return armed.ID
}

// Faults are those of this account, each with the number of requests that it was applied to.
func (a *Account) Faults() []FaultView {
	a.t.Helper()
	var every struct{ Faults []FaultView }
	a.send(http.MethodGet, "faults", nil, &every)
	own := []FaultView{}
	for _, fault := range every.Faults {
		if fault.Rule["accountId"] == a.ID {
			own = append(own, fault)
		}
	}
	return own
}

// Disarm takes away these faults, or all of this account.
func (a *Account) Disarm(faults ...int) {
	a.t.Helper()
	if len(faults) == 0 {
		a.send(http.MethodDelete, "faults?accountId="+a.ID, nil, nil)
	}
	for _, fault := range faults {
		a.send(http.MethodDelete, fmt.Sprintf("faults/%d", fault), nil, nil)
	}
}

// Set chooses another option of a behaviour, for example Set("delete.status", "204").
func (a *Account) Set(behaviour, option string) {
	a.t.Helper()
	a.send(http.MethodPatch, a.path+"/profile", map[string]string{behaviour: option}, nil)
}

// Profile is how the account behaves.
func (a *Account) Profile() ProfileView {
	a.t.Helper()
	var profile ProfileView
	a.send(http.MethodGet, a.path+"/profile", nil, &profile)
	return profile
}

// Count is the number of requests of this operation, or only of those whose response had one of
// these statuses. An empty operation means all.
func (a *Account) Count(operation Operation, statuses ...int) int {
	a.t.Helper()
	type pattern struct {
		AccountID string    `json:"accountId"`
		Operation Operation `json:"operation,omitempty"`
		Status    int       `json:"status,omitempty"`
	}
	if len(statuses) == 0 {
		statuses = []int{0}
	}
	sum := 0
	for _, status := range statuses {
		var counted struct{ Count, Dropped int }
		a.send(http.MethodPost, "requests/count", pattern{a.ID, operation, status}, &counted)
		a.complete(counted.Dropped)
		sum += counted.Count
	}
	return sum
}

// Verify fails the test unless the account received so many requests of this operation, or answered
// so many with one of these statuses.
func (a *Account) Verify(operation Operation, times int, statuses ...int) {
	a.t.Helper()
	if received := a.Count(operation, statuses...); received != times {
		suffix := ""
		if len(statuses) > 0 {
			suffix = fmt.Sprintf(" with status %v", statuses)
		}
		a.t.Errorf("account %s received %d %s requests%s, expected %d", a.ID, received, operation, suffix, times)
	}
}

// Journal has the account's requests in order of arrival, each with the answer and the reason of it.
func (a *Account) Journal() []RecordedRequest {
	a.t.Helper()
	var listed struct {
		Requests []RecordedRequest
		Dropped  int
	}
	a.send(http.MethodGet, "requests?accountId="+a.ID, nil, &listed)
	a.complete(listed.Dropped)
	return listed.Requests
}

// Retries lists the retries of its clients after a 429, a 5xx or a dropped response.
func (a *Account) Retries() []Sequence {
	a.t.Helper()
	var report struct {
		Sequences []Sequence
		Dropped   int
	}
	a.send(http.MethodGet, "retries?accountId="+a.ID, nil, &report)
	a.complete(report.Dropped)
	return report.Sequences
}

// Assumptions are the open questions that its traffic relied on. With failOn, for example assumed,
// Ok is true if everything has better evidence than that; it may be empty.
func (a *Account) Assumptions(failOn string) Assumptions {
	a.t.Helper()
	query := url.Values{"accountId": {a.ID}}
	if failOn != "" {
		query.Set("fail_on", failOn)
	}
	var report Assumptions
	a.send(http.MethodGet, "assumptions?"+query.Encode(), nil, &report)
	return report
}

// View is the state of the account: users, roles, failed logins and more.
func (a *Account) View() AccountView {
	a.t.Helper()
	var view AccountView
	a.send(http.MethodGet, a.path, nil, &view)
	return view
}

// Reset brings everything back as it was when the account was made.
func (a *Account) Reset() {
	a.t.Helper()
	a.send(http.MethodPost, a.path+"/reset", struct{}{}, nil)
}

// Unlock unlocks its logins, as an administrator would.
func (a *Account) Unlock() {
	a.t.Helper()
	a.send(http.MethodPost, a.path+"/unlock", struct{}{}, nil)
}

func (a *Account) send(method, path string, body, answer any) {
	a.t.Helper()
	if err := a.admin.send(method, path, body, answer); err != nil {
		a.t.Fatal(err)
	}
}

func (a *Account) complete(dropped int) {
	a.t.Helper()
	if dropped > 0 {
		a.t.Fatalf("bandwidth-mock: the journal of account %s no longer keeps %d of its requests; "+
			"start the mock with a larger BANDWIDTH_MOCK_JOURNAL_ENTRIES or BANDWIDTH_MOCK_JOURNAL_BYTES", a.ID, dropped)
	}
}

// end logs the journal of a test that failed, and deletes the account.
func (a *Account) end() {
	if a.t.Failed() {
		a.t.Log(a.journal())
	}
	var refused *refusal
	err := a.admin.send(http.MethodDelete, a.path, nil, nil)
	// The test may have reset the mock. One that failed is reported with its own failure.
	gone := errors.As(err, &refused) && refused.status == http.StatusNotFound
	if err != nil && !gone && !a.t.Failed() {
		a.t.Error(err)
	}
}

const (
	shownRequests = 50
	shownBytes    = 500
)

// journal is the account's newest requests, for a person who reads why a test failed.
func (a *Account) journal() string {
	var listed struct{ Requests []RecordedRequest }
	path := fmt.Sprintf("requests?accountId=%s&limit=%d", a.ID, shownRequests)
	if err := a.admin.send(http.MethodGet, path, nil, &listed); err != nil {
		return err.Error()
	}
	text := "bandwidth-mock: requests of account " + a.ID
	if len(listed.Requests) == 0 {
		return text + "\n  the account received no request"
	}
	for _, request := range listed.Requests {
		text += "\n" + shown(request)
	}
	return text
}

func shown(request RecordedRequest) string {
	status, operation := "no answer", ""
	if request.Status != nil {
		status = fmt.Sprint(*request.Status)
	}
	if request.Operation != nil {
		operation = "  " + *request.Operation
	}
	text := fmt.Sprintf("  %d  %s %s  %s%s", request.ID, request.Method, request.Path, status, operation)
	line := func(name, value string) { text += fmt.Sprintf("\n      %-9s %s", name, value) }
	if request.Fault != nil {
		rule, _ := json.Marshal(request.Fault.Rule)
		line("fault", string(rule))
	}
	if refused := request.Why.Refusal; refused != nil {
		field := ""
		if refused.Field != nil {
			field = " (" + *refused.Field + ")"
		}
		line("refused", refused.Rule+field+": "+refused.Description)
	}
	line("sent", cut(request.Request))
	if request.Response != nil {
		line("received", cut(*request.Response))
	}
	return text
}

func cut(message RecordedMessage) string {
	switch {
	case message.Body == "":
		return "no body"
	case len(message.Body) > shownBytes:
		return strings.ToValidUTF8(message.Body[:shownBytes], "") + " ..."
	}
	return message.Body
}
