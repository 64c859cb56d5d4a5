package bandwidthmock

import (
	"net/http"
	"testing"
	"time"
)

// Clock is that of an account. Rate limits, lockouts, tokens and the life of faults follow it. Delays
// of faults do not.
type Clock struct {
	t     testing.TB
	admin *admin
	path  string
}

// Now is the current time.
func (c *Clock) Now() time.Time {
	c.t.Helper()
	var shown struct{ Now time.Time }
	c.send(http.MethodGet, nil, &shown)
	return shown.Now
}

// Freeze stops it.
func (c *Clock) Freeze() {
	c.t.Helper()
	c.move("freeze", 0)
}

// Advance moves it forward.
func (c *Clock) Advance(by time.Duration) {
	c.t.Helper()
	c.move("advance", by)
}

// Resume lets it run again.
func (c *Clock) Resume() {
	c.t.Helper()
	c.move("resume", 0)
}

func (c *Clock) move(action string, by time.Duration) {
	c.t.Helper()
	type request struct {
		Action string `json:"action"`
		Ms     int64  `json:"ms,omitempty"`
	}
	c.send(http.MethodPost, request{action, by.Milliseconds()}, nil)
}

func (c *Clock) send(method string, body, answer any) {
	c.t.Helper()
	if err := c.admin.send(method, c.path, body, answer); err != nil {
		c.t.Fatal(err)
	}
}
