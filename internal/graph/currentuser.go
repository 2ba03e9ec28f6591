package graph

import (
	"context"
	"maps"
	"slices"
	"strings"

	"anteroom/internal/engine"
	"anteroom/internal/entitlement"
	"anteroom/internal/query"
)

// ways are the ways in which a signed-in user has to do with objects, by what the argument
// on says.
type ways map[string]func(me query.Value) query.Expr

// requestsOn, assignmentsOn and approvalsOn are the ways of filterByCurrentUser.
//
// graph: accesspackageassignmentrequest-filterbycurrentuser,
// accesspackageassignment-filterbycurrentuser, approval-filterbycurrentuser
var (
	requestsOn = ways{
		"target":    isTarget,
		"createdBy": isRequestor,
		// Those that need a decision of theirs, not those that they decided.
		"approver": func(me query.Value) query.Expr {
			return query.Both(isApprover(me), query.Equal("state", string(entitlement.RequestPendingApproval)))
		},
		"targetOrRequestor": func(me query.Value) query.Expr {
			return &query.Or{Parts: []query.Expr{isTarget(me), isRequestor(me)}}
		},
		"requestForOthers": func(me query.Value) query.Expr {
			return query.Both(isRequestor(me), &query.Not{Part: isTarget(me)})
		},
		targetManager: nil,
	}
	assignmentsOn = ways{"target": isTarget, "createdBy": isRequestor, targetManager: nil}
	approvalsOn   = ways{"approver": isApprover}
)

// targetManager is the way that no path of a query leads: see managed.
const targetManager = "targetManager"

func isTarget(me query.Value) query.Expr    { return query.Equal("target/objectId", me) }
func isRequestor(me query.Value) query.Expr { return query.Equal("requestor/objectId", me) }
func isApprover(me query.Value) query.Expr  { return query.Equal("approver/objectId", me) }

// ofCaller is the scope of filterByCurrentUser: what the signed-in user has to do with,
// in the way that the argument on says.
func ofCaller(known ways) func(context.Context, *call) (query.Expr, error) {
	return func(_ context.Context, c *call) (query.Expr, error) {
		way, err := known.find(c)
		if err != nil || known[way] == nil {
			return nil, err
		}
		return known[way](string(c.actor.ObjectID)), nil
	}
}

// find returns the way that the caller names.
func (w ways) find(c *call) (string, error) {
	if !c.actor.User {
		return "", entitlement.Forbidden("filterByCurrentUser is for a signed-in user, and this is the token of an application.")
	}
	on := c.args["on"]
	for way := range w {
		if strings.EqualFold(way, on) {
			return way, nil
		}
	}
	return "", entitlement.Errorf(entitlement.CodeBadRequest, "on", "filterByCurrentUser(on='%s') is not served; on can be %s.",
		clip(on, 64), sortedWords(slices.Collect(maps.Keys(w))))
}

// managed is a list by filterByCurrentUser that also knows targetManager: what the targets
// are who report to the caller.
type managed[T any] struct {
	typ  *entityType[T]
	from table[T]
	ways ways
}

func (m managed[T]) list(ctx context.Context, c *call) (reply, error) {
	l, err := m.of(ctx, c)
	if err != nil {
		return reply{}, err
	}
	return l.list(ctx, c)
}

func (m managed[T]) count(ctx context.Context, c *call) (reply, error) {
	l, err := m.of(ctx, c)
	if err != nil {
		return reply{}, err
	}
	return l.count(ctx, c)
}

// of is the list that the caller asks for.
func (m managed[T]) of(ctx context.Context, c *call) (listOf[T], error) {
	l := listOf[T]{m.typ, m.from, ofCaller(m.ways)}
	way, err := m.ways.find(c)
	if err != nil || way != targetManager {
		return l, err
	}
	reports, err := c.server.engine.ReaderOfReports(ctx, c.actor)
	l.from = func(engine.Reader) engine.Visible[T] { return m.from(reports) }
	return l, err
}
