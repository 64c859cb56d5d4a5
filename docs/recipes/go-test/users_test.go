// Example tests. Point your own client at account.UsersURL with account.Username and account.Password.
package users

import (
	"net/http"
	"strings"
	"testing"

	"bandwidthmock"
)

const anna = `{"Username": "asmith", "FirstName": "Anna", "LastName": "Smith",
	"Email": "asmith@example.com", "Password": "Teal-Wagon.47"}`

func create(t *testing.T, account *bandwidthmock.Account) (int, error) {
	t.Helper()
	request, err := http.NewRequest(http.MethodPost, account.UsersURL, strings.NewReader(anna))
	if err != nil {
		t.Fatal(err)
	}
	request.SetBasicAuth(account.Username, account.Password)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err
	}
	return response.StatusCode, response.Body.Close()
}

// Two at once show that tests do not meet: in one account the name would be taken.
func TestAUserIsCreated(t *testing.T) {
	for _, attempt := range []string{"first", "second"} {
		t.Run(attempt, func(t *testing.T) {
			t.Parallel()
			account := bandwidthmock.Start(t)
			if status, err := create(t, account); status != 201 {
				t.Errorf("got %d, want 201: %v", status, err)
			}
			account.Verify(bandwidthmock.CreateUser, 1, 201)
		})
	}
}

func TestALostAnswerDoesNotMeanThatNothingHappened(t *testing.T) {
	t.Parallel()
	account := bandwidthmock.Start(t)
	account.Fault("fault=EMPTY_RESPONSE,when=after,operation=create_user,times=1")
	if _, err := create(t, account); err == nil {
		t.Error("the first answer should be lost")
	}
	if status, err := create(t, account); status != 409 {
		t.Errorf("got %d, want 409: %v", status, err)
	}
	account.Verify(bandwidthmock.CreateUser, 2)
}
