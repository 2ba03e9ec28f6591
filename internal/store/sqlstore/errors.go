package sqlstore

import (
	"errors"
	"fmt"

	"anteroom/internal/store"
)

var (
	errReadOnly = errors.New("sqlstore: a View cannot write")
	errEnded    = errors.New("sqlstore: the transaction has ended")
	errClosed   = fmt.Errorf("%w: the store is closed", store.ErrUnavailable)
	errFull     = fmt.Errorf("%w: too many changes are waiting", store.ErrUnavailable)
)

// unavailable marks an error of the database as one that the caller may try again.
func unavailable(err error) error {
	if err == nil || errors.Is(err, store.ErrUnavailable) {
		return err
	}
	return fmt.Errorf("%w: %w", store.ErrUnavailable, err)
}

// again is an error after which a transaction, of which nothing happened, is tried again.
type again struct{ error }

// Unwrap returns the error.
func (e again) Unwrap() error { return e.error }

// triesAgain reports whether a transaction that was lost so may be tried again at once.
func triesAgain(err error) bool {
	var a again
	return errors.As(err, &a)
}
