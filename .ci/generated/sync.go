// A sync with the client that oapi-codegen makes of the description.
package main

import (
	"context"
	"log"
	"net/http"
	"os"

	"example/description"
)

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}

func expect[T comparable](what string, seen, wanted T) {
	if seen != wanted {
		log.Fatalf("%s: %v, expected %v", what, seen, wanted)
	}
}

func main() {
	ctx, account := context.Background(), os.Getenv("BW_ACCOUNT_ID")
	asUs := description.WithRequestEditorFn(func(_ context.Context, request *http.Request) error {
		request.Header.Set("Accept", "application/json")
		request.SetBasicAuth(os.Getenv("BW_USERNAME"), os.Getenv("BW_PASSWORD"))
		return nil
	})
	client := must(description.NewClientWithResponses(os.Getenv("BW_ORIGIN"), asUs))
	count := func() int {
		return len(must(client.ListUsersWithResponse(ctx, account)).JSON200.Users)
	}

	before := count()
	readOnly := "r2"
	body := description.NewUser{
		Username: "zoe.go", FirstName: "Zoë", LastName: "O'Neil & Söhne", Email: "zoe.go@example.com",
		Password: "Teal-Wagon.47", Roles: &[]description.RoleReference{{RoleId: &readOnly}},
	}
	created := must(client.CreateUserWithResponse(ctx, account, body)).JSON201
	taken := must(client.CreateUserWithResponse(ctx, account, body)).JSON409
	expect("whether a taken name has a code", taken.ResponseStatus.ErrorCode > 0, true)
	name := "Zoé"
	updated := must(client.UpdateUserWithResponse(ctx, account, created.UserId, description.UserChanges{FirstName: &name}))
	expect("first name", *updated.JSON200.FirstName, "Zoé")
	expect("user name", must(client.GetUserWithResponse(ctx, account, created.UserId)).JSON200.Username, "zoe.go")
	expect("users", count(), before+1)
	expect("status of the delete", must(client.DeleteUserWithResponse(ctx, account, created.UserId)).StatusCode(), 200)
	expect("users", count(), before)
}
