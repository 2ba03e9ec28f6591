package graph

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"anteroom/internal/engine"
	"anteroom/internal/entitlement"
	"anteroom/internal/query"
)

func approvals(r engine.Reader) engine.Visible[entitlement.Request] { return r.Approvals }

// describeApproval describes the approval of a request, whose id is the request's.
//
// graph: approval, approvalStage
func (s *schema) describeApproval() {
	s.approvalStage = entityType[review]{
		name: "approvalStage",
		props: []property[review]{
			shown("id", func(e *encoder, r *review) { e.text(string(r.id)) }),
			shown("assignedToMe", func(e *encoder, r *review) { e.boolean(r.mine) }),
			shown("displayName", func(e *encoder, _ *review) { e.null() }), // a policy does not name its stages
			shown("justification", func(e *encoder, r *review) { e.text(r.justification()) }),
			shown("reviewedBy", writeReviewer),
			shown("reviewedDateTime", func(e *encoder, r *review) { e.instant(r.decision().At) }),
			shown("reviewResult", func(e *encoder, r *review) { e.text(string(r.result())) }),
			shown("status", func(e *encoder, r *review) { e.text(string(r.status())) }),
		},
	}
	s.approvalStage.finish()
	s.approval = entityType[entitlement.Request]{
		name:  "approval",
		props: []property[entitlement.Request]{identity[entitlement.Request]()},
		navs:  []navigation[entitlement.Request]{link("stages", true, &s.approvalStage, reviewsOf)},
	}
	s.approval.finish()
	// Stages are there without being asked for.
	if x, err := s.approval.navs[0].bind(noOptions); err == nil {
		s.approval.whole.expands = []expansion[entitlement.Request]{x}
	}
}

// forPeople refuses applications: approval is by people alone.
//
// contract: lifecycle d.3
func forPeople(c *call) error {
	if c.actor.User {
		return nil
	}
	return entitlement.Forbidden("approvals are read and decided by signed-in users, and this is the token of an application.")
}

// ofApprovals is the scope of all approvals: those of requests that have to be approved.
func ofApprovals(_ context.Context, c *call) (query.Expr, error) {
	return query.Equal("hasApproval", true), forPeople(c)
}

// approvalInPath returns the request in the path whose approval is meant.
func (c *call) approvalInPath(ctx context.Context) (*entitlement.Request, error) {
	if err := forPeople(c); err != nil {
		return nil, err
	}
	id, err := c.id("approval")
	if err != nil {
		return nil, err
	}
	r, err := c.reader().Approvals.Get(ctx, id)
	if err == nil && r.Approval == "" {
		err = entitlement.Errorf(entitlement.CodeNotFound, "approval", "The resource was not found: request '%s' does not have to be approved, so that there is no approval of it.", id)
	}
	return r, err
}

// graph: approval-get
func (s *Server) getApproval(ctx context.Context, c *call) (reply, error) {
	if err := c.allow("$select", "$expand"); err != nil {
		return reply{}, err
	}
	r, err := c.approvalInPath(ctx)
	if err != nil {
		return reply{}, err
	}
	return writeOne(ctx, c, &s.schema.approval, r)
}

// reviews lists the stages of the approval in the path.
//
// graph: approval-list-stages
type reviews struct{ s *Server }

func (l reviews) list(ctx context.Context, c *call) (reply, error) {
	if err := c.allow("$select", "$count"); err != nil {
		return reply{}, err
	}
	list, err := l.of(ctx, c)
	if err != nil {
		return reply{}, err
	}
	var p pageInfo
	if n := len(list); c.opts.Count {
		p.count = &n
	}
	return writeList(ctx, c, &l.s.schema.approvalStage, list, p)
}

func (l reviews) count(ctx context.Context, c *call) (reply, error) {
	if err := c.allow(); err != nil {
		return reply{}, err
	}
	list, err := l.of(ctx, c)
	if err != nil {
		return reply{}, err
	}
	c.out.buf = strconv.AppendInt(c.out.buf, int64(len(list)), 10)
	return reply{status: http.StatusOK, media: mediaText}, nil
}

func (reviews) of(ctx context.Context, c *call) ([]*review, error) {
	r, err := c.approvalInPath(ctx)
	if err != nil {
		return nil, err
	}
	found, err := reviewsOf(ctx, c, []*entitlement.Request{r})
	return found[r], err
}

// graph: approvalstage-get
func (s *Server) getApprovalStage(ctx context.Context, c *call) (reply, error) {
	if err := c.allow("$select"); err != nil {
		return reply{}, err
	}
	id, err := c.id("approvalStage")
	if err != nil {
		return reply{}, err
	}
	list, err := reviews{s}.of(ctx, c)
	if err != nil {
		return reply{}, err
	}
	for _, r := range list {
		if r.id == id {
			return writeOne(ctx, c, &s.schema.approvalStage, r)
		}
	}
	return reply{}, entitlement.NotFound("approvalStage", id)
}

// decideStage records what an approver says.
//
// graph: approvalstage-update
func (s *Server) decideStage(ctx context.Context, c *call) (reply, error) {
	if err := forPeople(c); err != nil {
		return reply{}, err
	}
	request, err := c.id("approval")
	if err != nil {
		return reply{}, err
	}
	stage, err := c.id("approvalStage")
	if err != nil {
		return reply{}, err
	}
	body, err := c.object()
	if err != nil {
		return reply{}, err
	}
	approve, justification, err := s.schema.readDecision(body)
	if err != nil {
		return reply{}, err
	}
	return noContent, s.engine.Decide(ctx, c.actor, request, stage, approve, justification)
}

// readDecision reads what an approver says. A slip in it must never let anyone in: only the
// words themselves approve. What else a stage has is read-only.
func (s *schema) readDecision(body node) (approve bool, justification string, err error) {
	said := false
	err = body.fields(s.approvalStage.name, func(name string, n node) (_ bool, err error) {
		switch name {
		case "reviewResult":
			said = true
			approve, err = readReviewResult(n)
		case "justification":
			justification, err = n.shortString(entitlement.MaxText)
		default:
			return s.approvalStage.knows(name), nil
		}
		return true, err
	})
	if err == nil && !said {
		err = entitlement.Invalid("reviewResult", "reviewResult is required: Approve or Deny.")
	}
	return approve, justification, err
}

// readReviewResult reads Approve or Deny, or the words that a stage reads back with.
func readReviewResult(n node) (approve bool, err error) {
	s, err := n.string()
	if err != nil {
		return false, err
	}
	switch {
	case strings.EqualFold(s, "Approve"), strings.EqualFold(s, string(entitlement.ReviewApproved)):
		return true, nil
	case strings.EqualFold(s, "Deny"), strings.EqualFold(s, string(entitlement.ReviewDenied)):
		return false, nil
	}
	return false, entitlement.Invalid(n.at, "reviewResult is '%s'; it can be Approve or Deny.", clip(s, 64))
}
