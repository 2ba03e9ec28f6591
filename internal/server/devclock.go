package server

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"time"

	"github.com/go-json-experiment/json"

	"anteroom/internal/engine"
	"anteroom/internal/entitlement"
	"anteroom/internal/graph"
)

const (
	devClockPath = "/dev/clock"
	// mostOffset is how far a tenant's clock may be from the real one.
	mostOffset = entitlement.MaxDuration
	// drainWithin bounds how long moving the clock may take: less than an answer may.
	drainWithin = 50 * time.Second
	maxClock    = 4 << 10 // bytes of a body
)

// devClock lets a tenant of a development server look at its clock and move it.
type devClock struct {
	auth   authenticator
	site   localSite
	engine *engine.Engine
	drain  func(context.Context, entitlement.TenantID) error
}

// move is what a caller asks for: exactly one of the two.
type move struct {
	Advance *string `json:"advance"`
	Set     *string `json:"set"`
}

// serve answers GET and POST.
func (c *devClock) serve(w http.ResponseWriter, r *http.Request) {
	base, err := c.site.own(r)
	if err == nil {
		err = sameOrigin(r, base)
	}
	if err != nil {
		graph.WriteError(w, r, err)
		return
	}
	by, err := c.auth.Authenticate(r)
	if err != nil {
		graph.WriteError(w, r, err)
		return
	}
	now, offset, err := c.look(r, by.Tenant)
	if err != nil {
		graph.WriteError(w, r, err)
		return
	}
	writeJSON(w, r, http.StatusOK, struct {
		Now    string `json:"now"`
		Offset string `json:"offset"`
	}{now.UTC().Format(time.RFC3339Nano), signed(offset)})
}

// errUnmoved ends the transaction of who only looks at the clock.
var errUnmoved = errors.New("server: the clock is not to be moved")

// look reads the clock, after it moved it if the request says so.
func (c *devClock) look(r *http.Request, t entitlement.TenantID) (now time.Time, offset time.Duration, err error) {
	if r.Method != http.MethodPost {
		_, err = c.engine.MoveClock(r.Context(), t, func(is time.Time, ahead time.Duration) (time.Duration, error) {
			now, offset = is, ahead
			return 0, errUnmoved
		})
		if errors.Is(err, errUnmoved) {
			err = nil
		}
		return now, offset, err
	}
	change, err := readMove(r)
	if err != nil {
		return now, 0, err
	}
	now, err = c.engine.MoveClock(r.Context(), t, func(is time.Time, ahead time.Duration) (time.Duration, error) {
		to, err := change(is, ahead)
		if err == nil && (to > mostOffset || to < -mostOffset) {
			err = entitlement.Invalid("", "The clock would be %s from the real one; the most is %s.", signed(to), entitlement.FormatDuration(mostOffset))
		}
		offset = to
		return to, err
	})
	if err != nil {
		return now, 0, err
	}
	ctx, cancel := context.WithTimeout(r.Context(), drainWithin)
	defer cancel()
	return now, offset, c.drain(ctx, t)
}

// readMove reads the body of a POST strictly: a slip must not move the clock otherwise
// than meant.
func readMove(r *http.Request) (func(now time.Time, offset time.Duration) (time.Duration, error), error) {
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != "application/json" {
		return nil, entitlement.Errorf(entitlement.CodeUnsupportedMediaType, "Content-Type", "The body needs the header Content-Type: application/json.")
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxClock+1))
	switch {
	case err != nil:
		return nil, entitlement.Errorf(entitlement.CodeBadRequest, "", "The body could not be read to its end.")
	case len(body) > maxClock:
		return nil, entitlement.Errorf(entitlement.CodeTooLarge, "", "The body is larger than %d bytes.", maxClock)
	}
	const form = `send {"advance":"P14D"} or {"set":"2026-01-01T00:00:00Z"}`
	var m move
	if err := json.Unmarshal(body, &m, json.RejectUnknownMembers(true)); err != nil {
		return nil, entitlement.Invalid("", "The body cannot be read: %s.", form)
	}
	switch {
	case (m.Advance == nil) == (m.Set == nil):
		return nil, entitlement.Invalid("", "Exactly one of advance and set is needed: %s.", form)
	case m.Advance != nil:
		d, err := entitlement.ParseDuration(*m.Advance)
		if err != nil {
			return nil, entitlement.Invalid("advance", "advance: %v.", err)
		}
		return func(_ time.Time, was time.Duration) (time.Duration, error) { return was + d, nil }, nil
	}
	at, err := time.Parse(time.RFC3339Nano, *m.Set)
	if err != nil || at.Year() > 9999 {
		return nil, entitlement.Invalid("set", "set is not a time such as 2026-01-01T00:00:00Z.")
	}
	return func(now time.Time, was time.Duration) (time.Duration, error) {
		if gap := at.Sub(now); gap < mostOffset*3 && gap > -mostOffset*3 {
			return was + gap, nil
		}
		return 0, entitlement.Invalid("set", "set is further than %s from the real time.", entitlement.FormatDuration(mostOffset))
	}, nil
}

// signed writes an offset, which may be negative, as an ISO 8601 duration.
func signed(d time.Duration) string {
	if d < 0 {
		return "-" + entitlement.FormatDuration(-d)
	}
	return entitlement.FormatDuration(d)
}
