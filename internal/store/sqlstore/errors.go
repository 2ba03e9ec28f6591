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
