package sqlstore

import (
	"fmt"

	"anteroom/internal/store"
)

// What is kept free of the volume that the database is on: a twentieth of it, and no more
// than a GiB.
const (
	reservePart = 20
	reserveMost = 1 << 30 // bytes
)

// Room returns nil where the volume of the database has room for what is new, else
// store.ErrUnavailable: what is left then is for what is under way.
func (s *Store) Room() error {
	if s.volume == "" {
		return nil // in memory, or on another machine
	}
	free, size, err := volumeOf(s.volume)
	if err != nil {
		return nil // writing will tell
	}
	if reserve := min(size/reservePart, reserveMost); free < reserve {
		return fmt.Errorf("%w: %d MiB of %s are free, and %d are kept for what is under way; make room on that volume",
			store.ErrUnavailable, free>>20, s.volume, reserve>>20)
	}
	return nil
}
