package testenv

import (
	"fmt"
	"net/http"

	"github.com/anishathalye/porcupine"
)

// What one caller asked of one request, and what came back.
type (
	ask struct {
		// op is resume, approve, deny, cancel, read, create, late (the clock passes the
		// deadline) or fire (the timer does).
		op      string
		outcome string // of a resume
		key     string // the Idempotency-Key of a create
	}
	got struct {
		status int    // zero: no answer came
		state  string // of a read
		id     string // of a create
	}
)

// life is the state of what one person has of one package.
type life struct {
	state string // of the first request; empty before there is one
	id    string // of the first request, once an answer told it
	keyed string // of the request that was made with a key, whose repeats are answered with it
	// second says that a request was made after the first had ended without access.
	second bool
}

// States of the model of one request that waits for one callback at Created, or for one
// approval.
const (
	open       = "submitted"
	asked      = "pendingApproval"
	late       = "late" // waiting, but its deadline has passed
	continued  = "delivered"
	denied     = "denied"
	withdrawn  = "canceled"           // by cancel
	calledOff  = "canceled by answer" // by a resume with state Canceled
	outOfTime  = "deliveryFailed"
	isConflict = http.StatusConflict
)

// requestModel says what each call must be answered in each state, and what it makes of it.
// A call without an answer may have happened at any time after it was made.
func requestModel(from life) porcupine.Model {
	return porcupine.Model{
		Init: func() any { return from },
		Step: func(state, input, output any) (bool, any) {
			l, in, out := state.(life), input.(ask), output.(got)
			if in.op == "create" {
				return l.create(in, out)
			}
			ok, next := stepped(l.state, in, out)
			l.state = next
			return ok, l
		},
		DescribeOperation: func(input, output any) string { return fmt.Sprint(input, " -> ", output) },
	}
}

func stepped(st string, in ask, out got) (bool, string) {
	switch in.op {
	case "late":
		if st == open {
			return true, late
		}
		return true, st
	case "fire":
		if st == late {
			return true, outOfTime
		}
		return st != open, st
	case "read":
		return out.status == 0 || out.state == visible(st), st
	case "cancel":
		switch st {
		case open, asked, late, outOfTime: // who cancels here manages the tenant, and ends a failed request, too
			return said(out, http.StatusOK), withdrawn
		case withdrawn, calledOff:
			return said(out, http.StatusOK), st
		}
		return said(out, isConflict), st
	case "approve":
		return settled(st, asked, continued, out)
	case "deny":
		return settled(st, asked, denied, out)
	}
	after := map[string]string{"continue": continued, "denied": denied, "canceled": calledOff}[in.outcome]
	return settled(st, open, after, out)
}

// settled is a decision: the first counts, who repeats it is told the same, and others are
// refused.
func settled(st, waiting, after string, out got) (bool, string) {
	switch st {
	case waiting:
		return said(out, http.StatusNoContent), after
	case after:
		return said(out, http.StatusNoContent), st
	}
	return said(out, isConflict), st
}

// said reports whether an answer, if one came, has the status.
func said(out got, status int) bool { return out.status == 0 || out.status == status }

// unknown is the id of a request of which no answer has told it.
const unknown = "?"

// create is somebody asking for access, with a key or without.
func (l life) create(in ask, out got) (bool, life) {
	created, id := said(out, http.StatusCreated), out.id
	if out.status == 0 {
		id = unknown
	}
	switch {
	case l.state == "": // the first
		l.state, l.id = open, id
		if in.outcome == asked {
			l.state = asked
		}
	case in.key != "" && l.keyed != "": // a repeat
		if l.keyed == unknown {
			l.keyed = id
		}
		return created && (out.status == 0 || id == l.keyed), l
	case l.second || l.state == open || l.state == asked || l.state == late: // there is an open one
		return said(out, http.StatusBadRequest), l
	case l.state == continued: // there is access
		return said(out, isConflict), l
	default:
		l.second = true
		created = created && (out.status == 0 || id != l.id)
	}
	if in.key != "" {
		l.keyed = id
	}
	return created, l
}

func visible(st string) string {
	switch st {
	case late:
		return open
	case calledOff:
		return withdrawn
	}
	return st
}
