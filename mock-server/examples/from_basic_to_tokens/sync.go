// Creates the user asmith unless it exists. The login is Basic without BW_CLIENT_ID, and a token
// with it.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"os"
	"strings"
	"time"
)

var (
	base  = os.Getenv("BW_BASE_URL")
	users = base + "/accounts/" + os.Getenv("BW_ACCOUNT_ID") + "/users"
)

func send(request *http.Request, into any) error {
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode >= 300 {
		return fmt.Errorf("%s returned %d", request.URL.Path, answer.StatusCode)
	}
	return json.NewDecoder(answer.Body).Decode(into)
}

var (
	token   string
	renewAt time.Time
)

// bearer is a token, and a new one a minute before it expires.
func bearer() (string, error) {
	if time.Now().After(renewAt) {
		root, _, _ := strings.Cut(base, "/api")
		request, err := http.NewRequest("POST", root+"/api/v1/oauth2/token", strings.NewReader("grant_type=client_credentials"))
		if err != nil {
			return "", err
		}
		request.SetBasicAuth(os.Getenv("BW_CLIENT_ID"), os.Getenv("BW_CLIENT_SECRET"))
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		answer := struct {
			Token   string `json:"access_token"`
			Seconds int    `json:"expires_in"`
		}{Seconds: 3600}
		if err := send(request, &answer); err != nil {
			return "", err
		}
		token = answer.Token
		renewAt = time.Now().Add(time.Duration(answer.Seconds-60) * time.Second)
	}
	return "Bearer " + token, nil
}

func call(method string, body, into any) error {
	var sent bytes.Buffer
	if body != nil {
		if err := json.NewEncoder(&sent).Encode(body); err != nil {
			return err
		}
	}
	request, err := http.NewRequest(method, users, &sent)
	if err != nil {
		return err
	}
	if os.Getenv("BW_CLIENT_ID") == "" {
		request.SetBasicAuth(os.Getenv("BW_USERNAME"), os.Getenv("BW_PASSWORD"))
	} else {
		value, err := bearer()
		if err != nil {
			return err
		}
		request.Header.Set("Authorization", value)
	}
	request.Header.Set("Accept", "application/json")
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	return send(request, into)
}

type user struct{ Username, FirstName, LastName, Email, Password string }

func main() {
	var found struct{ Users []user }
	if err := call("GET", nil, &found); err != nil {
		log.Fatal(err)
	}
	for _, known := range found.Users {
		if known.Username == "asmith" {
			fmt.Println("asmith exists")
			return
		}
	}
	wanted := user{"asmith", "Anna", "Smith", "asmith@example.com", "Teal-Wagon.47"}
	var created user
	if err := call("POST", wanted, &created); err != nil {
		log.Fatal(err)
	}
	fmt.Println("asmith was created")
}
