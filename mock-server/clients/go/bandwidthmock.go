// Package bandwidthmock gives each test an account of its own in a mock of Bandwidth's
// user-management API.
//
//	func TestSync(t *testing.T) {
//		t.Parallel()
//		account := bandwidthmock.Start(t, bandwidthmock.WithSeed("demo"))
//		account.Fault("status=503,times=1")
//		// Point your client at account.UsersURL, with account.Username and account.Password.
//		account.Verify(bandwidthmock.ListUsers, 2)
//	}
//
// All tests of a process share one mock: that of BANDWIDTH_MOCK_ADMIN_URL, as below
// `bandwidth-mock variants`, else one that the first test starts. It ends with the process.
package bandwidthmock

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

const timeToStart = 30 * time.Second

var (
	starting sync.Mutex
	running  *admin
	// Kept, because the garbage collector closes the standard input of a command that is not, which
	// ends the mock.
	process *exec.Cmd
)

// Start makes an account for this test. When the test ends, the account is deleted; if the test
// failed, the account's requests are logged first, each with the reason of its answer.
func Start(t testing.TB, options ...Option) *Account {
	t.Helper()
	admin, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	account := makeAccount(t, admin, options)
	t.Cleanup(account.end)
	return account
}

// shared is the mock of this process.
func shared() (*admin, error) {
	// Read by each test: Go's cache of test results then knows that they depend on it.
	if present := os.Getenv("BANDWIDTH_MOCK_ADMIN_URL"); present != "" {
		return &admin{present, os.Getenv("BANDWIDTH_MOCK_ADMIN_TOKEN")}, nil
	}
	program, err := find()
	if err != nil {
		return nil, err
	}
	starting.Lock()
	defer starting.Unlock()
	if running == nil {
		url, err := start(program)
		if err != nil {
			return nil, err
		}
		running = &admin{url, os.Getenv("BANDWIDTH_MOCK_ADMIN_TOKEN")}
	}
	return running, nil
}

// find takes the program of BANDWIDTH_MOCK, else the one on the PATH.
func find() (string, error) {
	if named := os.Getenv("BANDWIDTH_MOCK"); named != "" {
		program, err := exec.LookPath(named)
		if err != nil {
			return "", fmt.Errorf("bandwidth-mock: BANDWIDTH_MOCK names %s, which is not a program", named)
		}
		return program, nil
	}
	program, err := exec.LookPath("bandwidth-mock")
	if err != nil {
		return "", errors.New("bandwidth-mock: there is no program; build it with " +
			"`cargo build --bin bandwidth-mock` in a clone of its repository, " +
			"and put it on the PATH or its path into BANDWIDTH_MOCK")
	}
	return program, nil
}

// start starts a mock on a free port. It ends when its standard input closes, and so with this
// process, however that ends. It returns the URL of the control API.
func start(program string) (string, error) {
	command := exec.Command(program, "--listen", ":0", "--announce", "json", "--until-stdin-closes")
	// A file, since a pipe that is full would stop the mock.
	log, err := os.CreateTemp("", "bandwidth-mock-*.log")
	if err != nil {
		return "", fmt.Errorf("bandwidth-mock: %w", err)
	}
	defer os.Remove(log.Name())
	defer log.Close()
	command.Stderr = log
	if _, err := command.StdinPipe(); err != nil {
		return "", fmt.Errorf("bandwidth-mock: %w", err)
	}
	output, err := command.StdoutPipe()
	if err != nil {
		return "", fmt.Errorf("bandwidth-mock: %w", err)
	}
	if err := command.Start(); err != nil {
		return "", fmt.Errorf("bandwidth-mock: %s cannot be run: %w", program, err)
	}
	limit := time.AfterFunc(timeToStart, func() { _ = command.Process.Kill() })
	line, err := bufio.NewReader(output).ReadBytes('\n')
	limit.Stop()
	if err != nil {
		_ = command.Wait()
		said, _ := os.ReadFile(log.Name())
		if len(said) == 0 {
			said = []byte("it said nothing for " + timeToStart.String())
		}
		return "", fmt.Errorf("bandwidth-mock: %s did not start: %s", program, strings.TrimSpace(string(said)))
	}
	var announced struct {
		AdminURL string `json:"adminUrl"`
	}
	if err := json.Unmarshal(line, &announced); err != nil {
		return "", fmt.Errorf("bandwidth-mock: %s announced no address: %w", program, err)
	}
	process = command
	return announced.AdminURL, nil
}
