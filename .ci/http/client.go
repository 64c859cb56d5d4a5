// net/http
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"sync"
)

type user struct {
	UserId    string `json:",omitempty"`
	Username  string `json:",omitempty"`
	FirstName string
	LastName  string `json:",omitempty"`
	Email     string `json:",omitempty"`
	Password  string `json:",omitempty"`
}

var users = os.Getenv("BW_BASE_URL") + "/accounts/" + os.Getenv("BW_ACCOUNT_ID") + "/users"

func named(name string) user {
	return user{
		Username: name, FirstName: "Zoë", LastName: "O'Neil & Söhne",
		Email: name + "@example.com", Password: "Teal-Wagon.47",
	}
}

// expect sends a request, and reads the answer into a value.
func expect(wanted int, method, url string, body, into any) {
	var sent io.Reader
	if body != nil {
		text, _ := json.Marshal(body)
		sent = bytes.NewReader(text)
	}
	request, err := http.NewRequest(method, url, sent)
	if err != nil {
		log.Fatal(err)
	}
	request.Header.Set("Accept", "application/json")
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	request.SetBasicAuth(os.Getenv("BW_USERNAME"), os.Getenv("BW_PASSWORD"))
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		log.Fatal(err)
	}
	defer answer.Body.Close()
	text, _ := io.ReadAll(answer.Body)
	if answer.StatusCode != wanted {
		log.Fatalf("%s %s: %d %s", method, url, answer.StatusCode, text)
	}
	if into != nil && json.Unmarshal(text, into) != nil {
		log.Fatalf("%s %s: %s", method, url, text)
	}
}

func check(holds bool, seen any) {
	if !holds {
		log.Fatal(seen)
	}
}

func list() []user {
	var listed struct{ Users []user }
	expect(200, "GET", users, nil, &listed)
	return listed.Users
}

// atOnce runs 50 of them at the same time.
func atOnce(task func(int)) {
	var group sync.WaitGroup
	for n := range 50 {
		group.Go(func() { task(n) })
	}
	group.Wait()
}

func main() {
	before := list()
	check(len(before) > 0 && before[0].Username == "jdoe", before)
	fmt.Println("list")
	var created, seen user
	expect(201, "POST", users, named("zoe"), &created)
	own := users + "/" + created.UserId
	expect(200, "GET", own, nil, &seen)
	check(seen.FirstName == "Zoë" && seen.LastName == "O'Neil & Söhne", seen)
	fmt.Println("create")
	expect(200, "PUT", own, user{FirstName: "Zoé"}, &seen)
	check(seen.FirstName == "Zoé", seen)
	fmt.Println("update")
	expect(200, "DELETE", own, nil, nil)
	fmt.Println("delete")
	var failed struct {
		ResponseStatus struct {
			ErrorCode   int
			Description string
		}
	}
	expect(404, "GET", own, nil, &failed)
	check(failed.ResponseStatus.ErrorCode > 0 && failed.ResponseStatus.Description != "", failed)
	fmt.Println("error")
	keys := make([]string, 50)
	atOnce(func(n int) {
		var created user
		expect(201, "POST", users, named(fmt.Sprint("user", n)), &created)
		keys[n] = created.UserId
	})
	atOnce(func(n int) { expect(200, "DELETE", users+"/"+keys[n], nil, nil) })
	check(len(list()) == len(before), "the users of the start")
	fmt.Println("50 at once")
}
