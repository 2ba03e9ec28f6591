package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/go-json-experiment/json"

	"anteroom/internal/entitlement"
	"anteroom/internal/lifecycle"
	"anteroom/internal/store"
)

// outgoing is a notice on its way to one sink, as its job keeps it.
type outgoing struct {
	Sink   string             `json:"sink"`
	Notice entitlement.Notice `json:"notice"`
}

var noticeOptions = json.JoinOptions(json.OmitZeroStructFields(true), json.ExperimentalSupportFormatTag(true))

// tell leaves a notice for each sink, in the transaction that brought it about. A job for
// each sink means that the failure of one does not send it twice to another.
func (w *work) tell(eff lifecycle.Effect, n entitlement.Notice) error {
	if w.Notifier == nil {
		return nil
	}
	n.Kind, n.At, n.Due, n.Detail = eff.Notice, w.now, eff.Due, eff.Detail
	ref := n.RequestID
	if eff.Notice == entitlement.NoticeAccessExpiring || eff.Notice == entitlement.NoticeAccessEnded {
		ref = n.AssignmentID
	}
	n.ID = entitlement.DeriveID("notice", string(ref), strconv.Itoa(eff.Wait))
	for i, sink := range w.Notifier.Sinks() {
		args, err := json.Marshal(outgoing{Sink: sink, Notice: n}, noticeOptions)
		if err != nil {
			return fmt.Errorf("engine: encoding a notice: %w", err)
		}
		w.later(store.Job{JobKey: w.key(store.JobNotice, ref, eff.Wait*maxSinks+i), Lane: "notice/" + sink, Args: string(args)}, w.now)
	}
	return nil
}

// maxSinks is how many sinks there can be: it tells the jobs of one notice apart.
const maxSinks = 8

// noticeAttempts is how often a notice is offered to a sink before it is given up: some
// three days.
const noticeAttempts = 80

// performNotice hands a notice to its sink.
func (e *Engine) performNotice(ctx context.Context, job store.Job) error {
	var out outgoing
	if err := json.Unmarshal([]byte(job.Args), &out, noticeOptions); err != nil {
		return fmt.Errorf("engine: decoding a notice: %w", err)
	}
	if e.Notifier == nil || !slices.Contains(e.Notifier.Sinks(), out.Sink) {
		e.Logger.WarnContext(ctx, "a notice is dropped: its sink is not configured any more", "tenant", job.Tenant, "sink", out.Sink, "notice", out.Notice.ID)
		return e.dropJob(ctx, job)
	}
	var key []byte
	err := e.Store.View(ctx, job.Tenant, func(tx *store.Tx) error {
		t, err := tx.Tenant.Get(ctx)
		if err != nil {
			return err
		}
		key = t.CalloutKey
		return e.address(ctx, tx, &out.Notice)
	})
	if err != nil {
		return err
	}
	switch err := e.Notifier.Send(ctx, out.Sink, job.Tenant, key, out.Notice); {
	case err == nil:
		return e.dropJob(ctx, job)
	case ctx.Err() != nil:
		return ctx.Err()
	case job.Attempt+1 >= noticeAttempts:
		e.Logger.ErrorContext(ctx, "a notice is given up", "tenant", job.Tenant, "sink", out.Sink, "notice", out.Notice.ID, "kind", out.Notice.Kind, "error", err)
		return e.dropJob(ctx, job)
	default:
		e.Logger.WarnContext(ctx, "a notice was not taken; it is sent again later", "tenant", job.Tenant, "sink", out.Sink, "notice", out.Notice.ID, "attempt", job.Attempt+1, "error", err)
	}
	return e.putOff(ctx, job)
}

// address fills in the names and mail addresses that a notice needs. Who is gone is left
// out.
func (e *Engine) address(ctx context.Context, tx *store.Tx, n *entitlement.Notice) error {
	if p, err := tx.Packages.Get(ctx, n.PackageID); err == nil {
		n.PackageName = p.DisplayName
	} else if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	var to []entitlement.Subject
	for _, s := range n.To {
		if s.Type != entitlement.SubjectUser {
			continue
		}
		u, err := e.Directory.User(ctx, tx, s.ObjectID)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		to = append(to, subjectOf(u))
	}
	n.To = to
	return nil
}
