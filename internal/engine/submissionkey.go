package engine

import (
	"context"
	"errors"
	"strings"
	"time"

	"anteroom/internal/entitlement"
	"anteroom/internal/store"
)

// idempotencyWindow is how long the repeat of an order is answered as the first was, on the
// tenant's clock.
const idempotencyWindow = 24 * time.Hour

// maxIdempotencyKey is the greatest length of an Idempotency-Key.
const maxIdempotencyKey = 255

func checkIdempotencyKey(by entitlement.Actor, key string) error {
	const at = "Idempotency-Key"
	switch {
	case key == "":
		return nil
	case len(key) > maxIdempotencyKey || strings.ContainsFunc(key, func(r rune) bool { return r < ' ' || r > '~' }):
		return entitlement.Errorf(entitlement.CodeBadRequest, at, "%s must have 1 to %d printable ASCII characters.", at, maxIdempotencyKey)
	case by.ObjectID == "" && by.AppID == "":
		return entitlement.Errorf(entitlement.CodeBadRequest, at, "%s cannot be used with a token that does not say who its caller is (claims oid, azp).", at)
	}
	return nil
}

func idempotencyID(by entitlement.Actor, key string) entitlement.ID {
	caller := string(by.ObjectID)
	if caller == "" {
		caller = by.AppID
	}
	return entitlement.DeriveID("idempotency", caller, key)
}

// answeredBefore returns the request as it was answered to the first order with the same
// key, nil where there was none.
func (e *Engine) answeredBefore(ctx context.Context, tx *store.Tx, by entitlement.Actor, o Order) (*entitlement.Request, error) {
	if o.IdempotencyKey == "" {
		return nil, nil
	}
	now, err := e.now(ctx, tx)
	if err != nil {
		return nil, err
	}
	id := idempotencyID(by, o.IdempotencyKey)
	kept, err := tx.IdempotencyKeys.Get(ctx, id)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, nil
	case err != nil:
		return nil, err
	case now.Sub(kept.CreatedAt) >= idempotencyWindow:
		return nil, tx.IdempotencyKeys.Delete(ctx, id)
	case kept.Digest != o.Digest:
		return nil, entitlement.Errorf(entitlement.CodeIdempotencyKeyReused, "Idempotency-Key",
			"Another body came with this Idempotency-Key at %s, for request '%s'. Use a new key for a new request.", kept.CreatedAt.UTC().Format(time.RFC3339), kept.RequestID)
	}
	r, err := tx.Requests.Get(ctx, kept.RequestID)
	if errors.Is(err, store.ErrNotFound) || (err == nil && r.RequestorID != by.ObjectID) {
		return nil, entitlement.Errorf(entitlement.CodeNotFound, "Idempotency-Key",
			"The resource was not found: this Idempotency-Key was used for request '%s', which has been deleted since. Use a new key for a new request.", kept.RequestID)
	}
	if err != nil {
		return nil, err
	}
	r.State, r.Status, r.CompletedAt, r.Progress = kept.State, kept.Status, kept.CompletedAt, kept.Progress
	return r, nil
}

// rememberAnswer keeps what is answered to an order with a key.
func (c *change) rememberAnswer(o Order) error {
	if o.IdempotencyKey == "" {
		return nil
	}
	kept := &entitlement.IdempotencyKey{
		RequestID: c.r.ID, Digest: o.Digest, State: c.r.State, Status: c.r.Status, CompletedAt: c.r.CompletedAt, Progress: c.r.Progress,
	}
	kept.ID, kept.CreatedAt, kept.ModifiedAt = idempotencyID(c.by, o.IdempotencyKey), c.now, c.now
	return c.tx.IdempotencyKeys.Add(c.ctx, kept)
}
