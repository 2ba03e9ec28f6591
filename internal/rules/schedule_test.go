package rules

import (
	"testing"
	"time"

	"anteroom/internal/entitlement"
)

const day = 24 * time.Hour

var now = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

func after(d time.Duration) *entitlement.Expiration {
	return &entitlement.Expiration{Type: entitlement.ExpirationAfterDuration, Duration: d}
}

// at is a fixed end, so long after now.
func at(d time.Duration) *entitlement.Expiration {
	return &entitlement.Expiration{Type: entitlement.ExpirationAfterDateTime, EndAt: now.Add(d)}
}

var never = &entitlement.Expiration{Type: entitlement.ExpirationNone}

const (
	add, update        = entitlement.TypeUserAdd, entitlement.TypeUserUpdate
	admin, adminUpdate = entitlement.TypeAdminAdd, entitlement.TypeAdminUpdate
	ok, bad, model     = entitlement.Code(""), entitlement.CodeInvalidSchedule, entitlement.CodeInvalidModel
)

// dates are what may be asked for, and what is answered.
var dates = []struct {
	name    string
	typ     entitlement.RequestType
	custom  bool // allowCustomAssignmentSchedule
	policy  *entitlement.Expiration
	start   time.Duration // after now; zero for none
	asked   *entitlement.Expiration
	answers bool
	want    entitlement.Code
}{
	{"nothing", add, false, nil, 0, nil, false, ok},
	{"not specified", add, false, nil, 0, &entitlement.Expiration{Type: entitlement.ExpirationNotSpecified}, false, ok},
	{"no end", add, false, after(day), 0, never, false, ok},
	{"a beginning in the past", add, false, nil, -day, nil, false, ok},
	{"a later beginning", add, false, nil, day, nil, false, bad},
	{"a later beginning, allowed", add, true, nil, day, nil, false, ok},
	{"an end", add, false, nil, 0, at(day), false, bad},
	{"an end, allowed", add, true, nil, 0, at(day), false, ok},
	{"a duration", add, false, nil, 0, after(day), false, bad},
	{"a duration, allowed", add, true, nil, 0, after(day), false, ok},
	{"for somebody else", entitlement.TypeOnBehalfAdd, false, nil, 0, after(day), false, bad},
	{"of an unknown type", "nonsense", false, nil, 0, after(day), false, bad},
	{"by an administrator", admin, false, nil, day, at(2 * day), false, ok},
	{"longer than the policy", admin, false, after(day), 0, after(2 * day), false, ok}, // it is cut
	{"beyond the policy's end", admin, false, at(day), 0, at(2 * day), false, ok},      // it is cut
	{"an end in the past", admin, false, nil, 0, at(-day), false, bad},
	{"an end now", admin, false, nil, 0, at(0), false, bad},
	{"an end before the beginning", admin, false, nil, 2 * day, at(day), false, bad},
	{"an end at the beginning", admin, false, nil, day, at(day), false, bad},
	{"a beginning far ahead", admin, false, nil, entitlement.MaxExpiration, nil, false, ok},
	{"a beginning too far ahead", admin, false, nil, entitlement.MaxExpiration + 1, nil, false, bad},
	{"the policy's end is past", admin, false, at(-day), 0, nil, false, bad},
	{"the policy's end is past, by a requestor", add, false, at(-day), 0, nil, false, bad},
	{"the policy's end is now", admin, false, at(0), 0, nil, false, bad},
	{"the policy ends before the beginning", admin, false, at(day), 2 * day, nil, false, bad},
	{"two ends", admin, false, nil, 0, &entitlement.Expiration{Type: entitlement.ExpirationAfterDateTime, EndAt: now.Add(day), Duration: day}, false, model},
	{"no end where there must be one", admin, false, nil, 0, &entitlement.Expiration{Type: entitlement.ExpirationAfterDateTime}, false, model},
	{"too long", admin, false, nil, 0, after(entitlement.MaxExpiration + 1), false, model},
	{"a type that is not known", admin, false, nil, 0, &entitlement.Expiration{Type: "nonsense"}, false, model},
	{"an update", update, false, after(day), 0, nil, false, ok},
	{"an update with an end", update, false, nil, 0, at(day), false, bad},
	{"an update with an end, allowed", update, true, nil, 0, at(day), false, ok},
	{"an update that begins later", adminUpdate, false, nil, day, nil, false, bad},
	{"an update to the policy's end", adminUpdate, false, at(2 * day), 0, at(2 * day), false, ok},
	{"an update beyond the policy's end", adminUpdate, false, at(day), 0, at(2 * day), false, bad},
	{"an update beyond the policy's end, by a requestor", update, true, at(day), 0, at(2 * day), false, bad},
	{"an update by more than the policy's duration", adminUpdate, false, after(day), 0, at(2 * day), false, ok},     // it is cut
	{"an update for longer than until the policy's end", adminUpdate, false, at(day), 0, after(2 * day), false, ok}, // it is cut
	{"an update where the policy's end is past", update, false, at(-day), 0, nil, false, bad},
	{"answers where the policy's end is past", update, false, at(-day), 0, nil, true, ok},
	{"answers and dates where the policy's end is past", update, true, at(-day), 0, after(day), true, bad},
	{"a removal", entitlement.TypeUserRemove, false, at(-day), 0, nil, false, ok},
	{"a removal later", entitlement.TypeUserRemove, true, nil, day, nil, false, bad},
	{"a removal at an end", entitlement.TypeAdminRemove, true, nil, 0, at(day), false, bad},
	{"by the server", entitlement.TypeSystemAdd, false, after(day), 0, nil, false, ok},
}

func TestWhichDatesMayBeAskedFor(t *testing.T) {
	for _, tt := range dates {
		p := &entitlement.Policy{Expiration: tt.policy, RequestorSettings: &entitlement.RequestorSettings{AllowCustomAssignmentSchedule: &tt.custom}}
		asked := entitlement.Schedule{Expiration: tt.asked}
		if tt.start != 0 {
			asked.StartAt = now.Add(tt.start)
		}
		err := CheckSchedule(p, tt.typ, tt.typ.Updates(), tt.answers, asked, now)
		if got := codeOf(t, err); got != tt.want {
			t.Errorf("%s, %s: %v, want %q", tt.name, tt.typ, err, tt.want)
		}
	}
}

func TestAccessEndsAtTheFirstEnd(t *testing.T) {
	start := now.Add(day)
	for _, tt := range []struct {
		name          string
		policy, asked *entitlement.Expiration
		want          time.Duration // after now; zero for never
	}{
		{"none", nil, nil, 0},
		{"none said", never, &entitlement.Expiration{Type: entitlement.ExpirationNotSpecified}, 0},
		{"the policy's duration", after(3 * day), nil, 4 * day},
		{"the policy's end", at(3 * day), never, 3 * day},
		{"a duration that was asked for", nil, after(3 * day), 4 * day},
		{"an end that was asked for", never, at(3 * day), 3 * day},
		{"the shorter duration", after(3 * day), after(2 * day), 3 * day},
		{"the policy's, which is shorter", after(2 * day), after(3 * day), 3 * day},
		{"the earlier end", at(5 * day), at(4 * day), 4 * day},
		{"the policy's, which is earlier", at(4 * day), at(5 * day), 4 * day},
		{"a duration before an end", at(5 * day), after(3 * day), 4 * day},
		{"an end before a duration", after(9 * day), at(5 * day), 5 * day},
	} {
		var want time.Time
		if tt.want != 0 {
			want = now.Add(tt.want)
		}
		if got := EndOf(tt.policy, entitlement.Schedule{StartAt: now, Expiration: tt.asked}, start); !got.Equal(want) {
			t.Errorf("%s: %v, want %v", tt.name, got, want)
		}
	}
}

func TestWhenAccessEndsAfterAnUpdate(t *testing.T) {
	for _, tt := range []struct {
		name    string
		typ     entitlement.RequestType
		policy  *entitlement.Expiration
		asked   *entitlement.Expiration
		answers bool
		was     time.Duration // after now; zero for never
		want    time.Duration
	}{
		{"by the policy's duration", entitlement.TypeUserUpdate, after(9 * day), nil, false, day, 9 * day},
		{"by the policy's duration, by an administrator", entitlement.TypeAdminUpdate, after(9 * day), nil, false, day, 9 * day},
		{"a renewal", entitlement.TypeUserAdd, after(9 * day), nil, true, day, 9 * day},
		{"only answers", entitlement.TypeUserUpdate, after(9 * day), nil, true, day, day},
		{"answers and dates", entitlement.TypeUserUpdate, after(9 * day), after(5 * day), true, day, 5 * day},
		{"no shorter than it was", entitlement.TypeUserUpdate, after(9 * day), nil, false, 20 * day, 20 * day},
		{"no shorter than it was, without an end", entitlement.TypeUserUpdate, after(9 * day), never, false, 20 * day, 20 * day},
		{"no end before", entitlement.TypeUserUpdate, after(9 * day), nil, false, 0, 0},
		{"no end after, by an administrator", entitlement.TypeAdminUpdate, nil, nil, false, day, 0},
		{"an end that somebody set is not lifted by its holder", entitlement.TypeUserUpdate, nil, nil, false, day, day},
		{"nor by asking for none", entitlement.TypeUserUpdate, nil, never, false, day, day},
		{"shorter, as was asked", entitlement.TypeAdminUpdate, after(9 * day), at(day), false, 5 * day, day},
		{"an end where there was none", entitlement.TypeAdminUpdate, nil, at(day), false, 0, day},
	} {
		moment := func(d time.Duration) time.Time {
			if d == 0 {
				return time.Time{}
			}
			return now.Add(d)
		}
		r := &entitlement.Request{Type: tt.typ}
		r.Progress.Plan.Expiration, r.Progress.Plan.Schedule.Expiration = tt.policy, tt.asked
		if tt.answers {
			r.Answers = answers("q", "a")
		}
		if got := UpdatedEnd(r, moment(tt.was), now); !got.Equal(moment(tt.want)) {
			t.Errorf("%s: %v, want %v", tt.name, got, moment(tt.want))
		}
	}
}
