package bandwidthmock

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// The mock is local: a proxy of the environment does not lead to it.
var client = &http.Client{Transport: &http.Transport{}, Timeout: 30 * time.Second}

// admin is the control API at a URL such as http://127.0.0.1:8080/__admin.
type admin struct {
	url, token string
}

// refusal is an error that the control API returned.
type refusal struct {
	text   string
	status int
}

func (r *refusal) Error() string { return r.text }

func (a *admin) send(method, path string, body, answer any) error {
	content := &bytes.Buffer{}
	if body != nil {
		if err := json.NewEncoder(content).Encode(body); err != nil {
			return fmt.Errorf("bandwidth-mock: %w", err)
		}
	}
	request, err := http.NewRequest(method, strings.TrimSuffix(a.url, "/")+"/"+path, content)
	if err != nil {
		return fmt.Errorf("bandwidth-mock: BANDWIDTH_MOCK_ADMIN_URL: %w", err)
	}
	request.Header.Set("Content-Type", "application/json")
	if a.token != "" {
		request.Header.Set("Authorization", "Bearer "+a.token)
	}
	response, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("bandwidth-mock: the mock cannot be reached; does it still run? %w", err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return fmt.Errorf("bandwidth-mock: %s %s: %w", method, path, err)
	}
	if response.StatusCode >= 300 {
		return &refusal{fmt.Sprintf("bandwidth-mock: %s %s: %s", method, path, message(text, response.StatusCode)), response.StatusCode}
	}
	if answer == nil {
		return nil
	}
	if err := json.Unmarshal(text, answer); err != nil {
		return fmt.Errorf("bandwidth-mock: %s %s: the answer is not from a mock's control API: %w", method, path, err)
	}
	return nil
}

func message(text []byte, status int) string {
	var body struct{ Error struct{ Message string } }
	if json.Unmarshal(text, &body) != nil || body.Error.Message == "" {
		return fmt.Sprintf("status %d, not from a mock's control API", status)
	}
	return body.Error.Message
}
