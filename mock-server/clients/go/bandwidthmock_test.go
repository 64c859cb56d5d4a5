package bandwidthmock

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

const anna = `{"Username":"asmith","FirstName":"Anna","LastName":"Smith",
	"Email":"asmith@example.com","Password":"Teal-Wagon.47"}`

// send returns the status, 0 if there was no answer.
func send(t testing.TB, account *Account, method, path, body string) int {
	t.Helper()
	request, err := http.NewRequest(method, account.UsersURL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.SetBasicAuth(account.Username, account.Password)
	request.Header.Set("Content-Type", "application/json")
	response, err := client.Do(request)
	if err != nil {
		return 0
	}
	response.Body.Close()
	return response.StatusCode
}

func expect(t testing.TB, got, want any) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestAccountsAreApart(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"one", "other"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			account := Start(t)
			expect(t, send(t, account, "POST", "", anna), 201)
			expect(t, send(t, account, "POST", "", anna), 409)
			account.Verify(CreateUser, 2)
			account.Verify(CreateUser, 1, 409)
			expect(t, account.Count(CreateUser, 201, 409), 2)
			expect(t, account.Count(""), 2)
			expect(t, account.View().Users, 1)
		})
	}
}

func TestTheJournalSaysWhy(t *testing.T) {
	t.Parallel()
	account := Start(t)
	send(t, account, "POST", "", strings.Replace(anna, "Teal-Wagon.47", "Tiny.1", 1))
	journal := account.Journal()
	expect(t, len(journal), 1)
	expect(t, *journal[0].Status, 400)
	expect(t, *journal[0].Operation, "create_user")
	if journal[0].Why.Refusal == nil || strings.Contains(journal[0].Request.Body, "Tiny.1") {
		t.Errorf("%+v", journal[0])
	}
}

func TestAFaultMeetsOneAccount(t *testing.T) {
	t.Parallel()
	for _, rule := range []string{"status=503,times=1", `times=1,status=503,body={"a":1,"b":2}`} {
		account, other := Start(t), Start(t)
		armed := account.Fault(rule)
		expect(t, send(t, other, "GET", "", ""), 200)
		expect(t, send(t, account, "GET", "", ""), 503)
		expect(t, send(t, account, "GET", "", ""), 200)
		faults := account.Faults()
		expect(t, len(faults), 1)
		expect(t, faults[0].ID, armed)
		expect(t, faults[0].Hits, 1)
		retries := account.Retries()
		expect(t, len(retries), 1)
		expect(t, retries[0].Outcome, OutcomeRecovered)
		account.Disarm(armed)
		expect(t, len(account.Faults()), 0)
		other.Disarm()
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	account := Start(t, WithSeed("demo"), WithProfile("guide"), Set("delete.status", "204"),
		WithRateLimit("3/1m"), WithFault("status=500,times=1"), WithDomainName("Example"))
	expect(t, account.DomainName, "Example")
	expect(t, send(t, account, "GET", "", ""), 500)
	expect(t, send(t, account, "POST", "", anna), 201)
	expect(t, send(t, account, "DELETE", "/u1", ""), 204)
	expect(t, send(t, account, "GET", "", ""), 200)
	expect(t, send(t, account, "GET", "", ""), 429)
	account.Clock.Advance(time.Minute)
	expect(t, send(t, account, "GET", "", ""), 200)
	account.Set("delete.status", "200")
	expect(t, account.Profile().Behaviours["delete.status"].Option, "200")
	if account.Assumptions("").Requests == 0 {
		t.Error("the traffic relied on nothing")
	}
	account.Reset()
	expect(t, account.Profile().Behaviours["delete.status"].Option, "204")

	file := filepath.Join(t.TempDir(), "own.toml")
	if err := os.WriteFile(file, []byte("format = 1\nname = \"own\"\nbase = \"published\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	own := Start(t, Set("delete.status", "204"), WithProfile(file))
	expect(t, own.Profile().Behaviours["delete.status"].Option, "204")
	expect(t, own.Profile().Behaviours["surface.account"].Option, "list_only")
}

func TestClocks(t *testing.T) {
	t.Parallel()
	account := Start(t, WithClock(time.Date(2026, 12, 1, 23, 59, 0, 0, time.UTC)))
	other := Start(t)
	account.Clock.Freeze()
	before := account.Clock.Now()
	account.Clock.Advance(61500 * time.Millisecond)
	after := account.Clock.Now()
	expect(t, after.Sub(before), "1m1.5s")
	expect(t, after.Format("2006-01-02"), "2026-12-02")
	account.Clock.Resume()
	if other.Clock.Now().Equal(after) {
		t.Error("the accounts share a clock")
	}
}

func TestASecretIsNotShown(t *testing.T) {
	t.Parallel()
	account := Start(t)
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		text := fmt.Sprintf(format, account)
		if strings.Contains(text, account.Password) || strings.Contains(text, account.ClientSecret) {
			t.Errorf("%s shows a secret", format)
		}
	}
}

func TestTheMockOutlivesTheGarbageCollector(t *testing.T) {
	account := Start(t)
	for range [3]int{} {
		runtime.GC()
		time.Sleep(10 * time.Millisecond)
	}
	expect(t, send(t, account, "GET", "", ""), 200)
}

// broken is a test that fails.
type broken struct {
	testing.TB
	said     bytes.Buffer
	cleanups []func()
}

func (b *broken) Cleanup(f func())          { b.cleanups = append(b.cleanups, f) }
func (b *broken) Failed() bool              { return true }
func (b *broken) Helper()                   {}
func (b *broken) Log(args ...any)           { fmt.Fprintln(&b.said, args...) }
func (b *broken) Error(args ...any)         { fmt.Fprintln(&b.said, args...) }
func (b *broken) Errorf(s string, a ...any) { fmt.Fprintf(&b.said, s+"\n", a...) }
func (b *broken) Fatalf(s string, a ...any) { b.Errorf(s, a...); runtime.Goexit() }
func (b *broken) Fatal(args ...any)         { b.Error(args...); runtime.Goexit() }

// said is what such a test reports.
func said(t *testing.T, test func(t testing.TB)) string {
	b := &broken{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		test(b)
	}()
	<-done
	for _, cleanup := range b.cleanups {
		cleanup()
	}
	return b.said.String()
}

func TestAFailureShowsTheJournal(t *testing.T) {
	t.Parallel()
	text := said(t, func(t testing.TB) {
		account := Start(t, WithSeed("demo"))
		send(t, account, "DELETE", "/u9", "")
		account.Verify(ListUsers, 1)
	})
	for _, line := range []string{
		" received 0 list_users requests, expected 1\n",
		"  DELETE /api/accounts/",
		"/users/u9  404  delete_user\n      refused   unknown_user (userId): There is no such user.\n      sent      no body\n      received  <?xml",
	} {
		if !strings.Contains(text, line) {
			t.Errorf("%q is not in\n%s", line, text)
		}
	}
}

func TestWhatIsWrongIsOneLine(t *testing.T) {
	for _, each := range []struct {
		want, name, value string
		options           []Option
	}{
		{"bandwidth-mock: BANDWIDTH_MOCK names /absent/mock, which is not a program\n", "BANDWIDTH_MOCK", "/absent/mock", nil},
		{"bandwidth-mock: POST accounts: ", "", "", []Option{WithSeed("dem")}},
		{"bandwidth-mock: the profile cannot be read: open absent.toml: ", "", "", []Option{WithProfile("absent.toml")}},
		{"bandwidth-mock: the mock cannot be reached; does it still run? ", "BANDWIDTH_MOCK_ADMIN_URL", "http://127.0.0.1:9/__admin", nil},
	} {
		t.Run(each.want, func(t *testing.T) {
			if each.name != "" {
				t.Setenv(each.name, each.value)
			}
			text := said(t, func(t testing.TB) { Start(t, each.options...) })
			if !strings.HasPrefix(text, each.want) || strings.Count(text, "\n") != 1 {
				t.Error(text)
			}
		})
	}
	t.Setenv("BANDWIDTH_MOCK", "")
	t.Setenv("PATH", "")
	text := said(t, func(t testing.TB) { Start(t) })
	if !strings.HasPrefix(text, "bandwidth-mock: there is no program; build it with ") {
		t.Error(text)
	}
}

func TestAMockThatDoesNotStartSaysWhy(t *testing.T) {
	program, err := find()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("BANDWIDTH_MOCK_PROFILE", "gide")
	_, err = start(program)
	if err == nil || !strings.Contains(err.Error(), "did not start: error: ") {
		t.Error(err)
	}
}

func TestJoinedMocksNeedTheirToken(t *testing.T) {
	program, err := find()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("BANDWIDTH_MOCK_ADMIN_TOKEN", "open-sesame")
	kept := process
	url, err := start(program)
	if err != nil {
		t.Fatal(err)
	}
	own := process
	process = kept
	t.Cleanup(func() { _ = own.Process.Kill() })
	t.Setenv("BANDWIDTH_MOCK_ADMIN_URL", url)
	expect(t, Start(t).View().Users, 0)
	t.Setenv("BANDWIDTH_MOCK_ADMIN_TOKEN", "")
	text := said(t, func(t testing.TB) { Start(t) })
	if !strings.Contains(text, "Authorization: Bearer") {
		t.Error(text)
	}
}

// TestChild is the process that TestTheMockEndsWithItsParent kills.
func TestChild(t *testing.T) {
	if os.Getenv("BANDWIDTH_MOCK_CHILD") == "" {
		t.Skip("a part of TestTheMockEndsWithItsParent")
	}
	account := Start(t)
	fmt.Println(account.admin.url)
	time.Sleep(time.Minute)
}

func TestTheMockEndsWithItsParent(t *testing.T) {
	child := exec.Command(os.Args[0], "-test.run", "^TestChild$")
	child.Env = append(os.Environ(), "BANDWIDTH_MOCK_CHILD=1")
	output, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	var url string
	if _, err := fmt.Fscanln(output, &url); err != nil {
		t.Fatal(err)
	}
	joined := &admin{url: url}
	if err := joined.send("GET", "version", nil, nil); err != nil {
		t.Fatal(err)
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait()
	for i := 0; i < 100; i++ {
		if joined.send("GET", "version", nil, nil) != nil {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Error("the mock outlives its parent")
}
