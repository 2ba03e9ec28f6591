package modelstore

import (
	"cmp"
	"context"
	"strings"

	"anteroom/internal/entitlement"
)

var recordCopier = copierOf[entitlement.Record]()

// refKey is the place of a record among those of the thing that it is about.
type refKey struct {
	ref entitlement.ID
	seq int64
}

func (k refKey) compare(other refKey) int {
	if c := strings.Compare(string(k.ref), string(other.ref)); c != 0 {
		return c
	}
	return cmp.Compare(k.seq, other.seq)
}

// history is a transaction's view of the history. The record with Seq n is the n-th of its
// tenant.
type history struct{ *txn }

// Append implements store.History. The list that a View sees may share its memory with this
// one, but a View does not look beyond the end of its own.
func (h history) Append(_ context.Context, records ...*entitlement.Record) error {
	if err := h.writes(); err != nil {
		return err
	}
	for _, r := range records {
		r.Seq = int64(len(h.tenant.history)) + 1
		kept := recordCopier.keep(r)
		h.tenant.history = append(h.tenant.history, kept)
		h.tenant.byRef.put(h.owner, refKey{r.Ref, r.Seq}, kept)
		h.undo = append(h.undo, func() {
			h.tenant.history = h.tenant.history[:kept.Seq-1]
			h.tenant.byRef.remove(h.owner, refKey{kept.Ref, kept.Seq})
		})
	}
	return nil
}

// Of implements store.History.
func (h history) Of(ctx context.Context, ref entitlement.ID) ([]*entitlement.Record, error) {
	if err := h.reads(ctx); err != nil {
		return nil, err
	}
	var list []*entitlement.Record
	for key, r := range h.tenant.byRef.from(refKey{ref: ref}) {
		if key.ref != ref {
			break
		}
		list = append(list, recordCopier.give(r))
	}
	return list, nil
}

// List implements store.History.
func (h history) List(ctx context.Context, after int64, limit int) ([]*entitlement.Record, error) {
	if err := h.reads(ctx); err != nil {
		return nil, err
	}
	all := h.tenant.history
	rest := all[min(max(after, 0), int64(len(all))):]
	var list []*entitlement.Record
	for _, r := range rest[:min(max(limit, 0), len(rest))] {
		list = append(list, recordCopier.give(r))
	}
	return list, nil
}
