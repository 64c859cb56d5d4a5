// A mock in a container for a test, with Testcontainers for Go.
package users

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/wait"
)

// The image needs a token for its control API; else it makes one, which only its log has.
const token = "for-tests-only"

type account struct {
	AccountID, Username, Password, BaseURL string
}

func send(t *testing.T, request *http.Request, answer any) {
	t.Helper()
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(answer); err != nil {
		t.Fatalf("%s: %v", response.Status, err)
	}
}

// newAccount makes a throwaway account in a container of its own.
func newAccount(t *testing.T) (made account) {
	t.Helper()
	mock, err := testcontainers.Run(t.Context(), "bandwidth-mock",
		testcontainers.WithEnv(map[string]string{"BANDWIDTH_MOCK_ADMIN_TOKEN": token}),
		testcontainers.WithExposedPorts("8080/tcp"),
		testcontainers.WithWaitStrategy(wait.ForHTTP("/__admin/ready").WithPort("8080/tcp")))
	testcontainers.CleanupContainer(t, mock)
	if err != nil {
		t.Fatal(err)
	}
	url, err := mock.PortEndpoint(t.Context(), "8080/tcp", "http")
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequest("POST", url+"/__admin/accounts", strings.NewReader(`{"seed": "demo"}`))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	send(t, request, &made)
	return made
}

func TestAnAccountStartsWithTheDemoUser(t *testing.T) {
	account := newAccount(t)
	request, err := http.NewRequest("GET", account.BaseURL+"/accounts/"+account.AccountID+"/users", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.SetBasicAuth(account.Username, account.Password)
	request.Header.Set("Accept", "application/json")
	var answer struct{ Users []struct{ Username string } }
	send(t, request, &answer)
	if want := "jdoe"; len(answer.Users) != 1 || answer.Users[0].Username != want {
		t.Errorf("got %v, want the user %s", answer.Users, want)
	}
}
