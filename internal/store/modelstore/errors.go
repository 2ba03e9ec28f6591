package modelstore

import (
	"errors"
	"fmt"

	"anteroom/internal/store"
)

var (
	errReadOnly = errors.New("modelstore: a View cannot write")
	errEnded    = errors.New("modelstore: the transaction has ended")
	errClosed   = fmt.Errorf("%w: the store is closed", store.ErrUnavailable)
	errRefused  = fmt.Errorf("%w: a fault was asked for; nothing was stored", store.ErrUnavailable)
	errUnknown  = fmt.Errorf("%w: a fault was asked for; it is not known whether it was stored", store.ErrUnavailable)
)
